"""explain --month: what would have become of each trade of a list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import click

from webhook_core.operations import month
from webhook_core.operations.commands.tables import show_line, show_table
from webhook_core.operations.commands.terminal import moment
from webhook_core.operations.month import Month
from webhook_core.operations.senders import Secrets
from webhook_core.operations.trade_list import read
from webhook_core.settings.settings import Settings


def play(
    template: str, path: str, settings: Settings, strategy: str | None, secrets: Secrets
) -> int:
    """Show it; the exit status: 1 if any would have been refused. Raises AlertMalformed."""
    listed = read(Path(path))
    allowed = settings.rules_for(strategy or "default").allow_lists
    ticker = allowed[-1][0].replace("/", "") if allowed else "BTCUSD"
    sender = month.sender_of(template, listed.fills, ticker, secrets)
    for sentence in sender.sentences:
        show_line(sentence.text)
    if sender.refused is not None:
        show_line(f"All of {len(listed.fills)} would have been refused.")
        return 1
    found = month.play(template, listed.fills, settings, strategy, ticker)
    refused = _show(found)
    if listed.still_open:
        show_line(f"Trade {', '.join(map(str, listed.still_open))} is still open: it has no exit.")
    began = _amounts(settings.paper_balances)
    show_line(f"The paper account begins with {began} and ends with {_amounts(found.balances)}.")
    click.echo("Paper fills are whole and at once, at the price of the list; Kraken's are not.")
    return 1 if refused else 0


def _show(found: Month) -> int:
    """How many were refused."""
    refused = [one for one in found.played if one.is_refused]
    rows = [
        (
            moment(one.fill.at),
            one.fill.trade,
            f"{one.fill.action} {one.fill.size:f}",
            f"{one.fill.price:f}",
            one.answer["code"],
            one.answer["error"],
        )
        for one in refused
    ]
    show_table(rows, ("TIME (UTC)", "TRADE", "ORDER", "PRICE", "CODE", "WHY"), lead=5)
    whys = Counter(str(one.answer["code"]) for one in refused)
    told = ", ".join(f"{number} {code}" for code, number in whys.most_common())
    much = f"{len(refused)} of {len(found.played)} would have been refused"
    show_line(
        f"{much}: {told}." if refused else f"None of {len(found.played)} would have been refused."
    )
    _show_idle(found)
    alone = _exits_without_entry(found)
    if alone:
        show_line(
            f"The exit of trade {', '.join(map(str, alone))} was traded though its entry was "
            "refused: it sold what the account held beside it."
        )
    return len(refused)


def _show_idle(found: Month) -> None:
    idle = [one for one in found.played if one.answer.get("code") == "no_action"]
    if idle:
        trades = ", ".join(dict.fromkeys(str(one.fill.trade) for one in idle))
        show_line(
            f"{len(idle)} would have been answered no_action, without an order: of trade {trades}. "
            "The account was as they want it already, as it is for the shorts of a strategy here."
        )


def _exits_without_entry(found: Month) -> list[int]:
    """Trades."""
    refused = {one.fill.trade for one in found.played if one.is_refused and one.fill.is_entry}
    traded = {
        one.fill.trade
        for one in found.played
        if one.answer.get("code") == "accepted" and not one.fill.is_entry
    }
    return sorted(refused & traded)


def _amounts(balances: Mapping[str, Decimal | str]) -> str:
    return ", ".join(f"{Decimal(text):f} {name}" for name, text in sorted(balances.items()))
