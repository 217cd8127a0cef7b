"""What is open is worth what it is worth now, also in the report of an old month, which says so."""

from __future__ import annotations

from decimal import Decimal

from click.testing import CliRunner

from tests.support.faked_function import Function
from tests.support.kraken_server import KrakenServer
from tests.support.own_positions import CLOCK, bought, function, kraken, made
from webhook_core.operations.cli import cli

__all__ = ["function", "kraken", "made"]


def test_an_old_month_says_that_its_open_lots_are_at_the_prices_of_now(
    kraken: KrakenServer, function: Function
) -> None:
    month = f"{CLOCK.now():%Y-%m}"
    bought(function, "0.1", side="buy", price="60000")
    assert function.operate("POST", "/reconcile").status == 200
    new = function.operate("GET", "/report", month=month)
    assert (new["rows"][0]["unrealised"], new["priced_at"] >= new["until"]) == ("0", True)
    CLOCK.sleep(60 * 86400)
    kraken.engine.mark_price("XBTUSD", Decimal(70000))
    old = function.operate("GET", "/report", month=month)
    assert (old["rows"][0]["unrealised"], old["priced_at"] > old["until"]) == ("1000", True)
    assert old["priced_at"][:10] == f"{CLOCK.now():%Y-%m-%d}"
    done = CliRunner().invoke(cli, ["report", "--month", month], obj=lambda: function.application)
    shown = " ".join(done.stdout.split())
    assert f"of what was open on {old['until'][:10]}" in shown
    assert "not what it was worth then" in shown


def test_without_an_open_lot_no_price_is_asked_for(function: Function) -> None:
    assert function.operate("GET", "/report", month="2001-01")["priced_at"] is None
