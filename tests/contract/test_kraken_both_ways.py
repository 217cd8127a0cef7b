"""krakenex, unchanged, against the paper engine both ways: in this process, and
over a real socket."""

from __future__ import annotations

from decimal import Decimal

import krakenex
import pytest
import requests

from tests.support.kraken_server import KEY, SECRET, KrakenServer
from tests.support.paper import krakenex_on, paper
from tests.unit.kraken.paper.test_envelope import NONCE, PATH, VECTORS

ORDER = {"pair": "XBTUSD", "type": "buy", "ordertype": "market", "volume": "0.01"}


@pytest.fixture(params=["in this process", "over a socket"])
def kraken(request):
    """(krakenex.API, engine)"""
    if request.param == "in this process":
        engine = paper()
        api = krakenex_on(engine)
        engine.mark_price("XBTUSD", Decimal(60000))
        yield api, engine
        api.close()
        return
    with KrakenServer() as server:
        api = krakenex.API(KEY, SECRET)
        nonces = iter(range(10**18, 10**18 + 1000))
        api._nonce = lambda: next(nonces)
        api.uri = server.url
        server.engine.mark_price("XBTUSD", Decimal(60000))
        yield api, server.engine
        api.close()


def test_krakenex_signs_the_official_vector():
    api = krakenex.API(
        "key",
        "kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg==",
    )
    fields = {
        "nonce": NONCE,
        "ordertype": "limit",
        "pair": "XBTUSD",
        "price": "37500",
        "type": "buy",
        "volume": "1.25",
    }
    assert api._sign(fields, PATH) == VECTORS[0][2]
    api.close()


def test_an_order_and_its_reads(kraken):
    api, engine = kraken
    placed = api.query_private("AddOrder", dict(ORDER), timeout=(1, 5))
    assert placed["error"] == []
    [txid] = placed["result"]["txid"]
    assert [kept["txid"] for kept in engine.orders()] == [txid]
    assert api.query_private("QueryOrders", {"txid": txid})["result"][txid]["status"] == "closed"
    assert api.query_private("Balance")["result"]["ZUSD"] == "9395.2000"
    assert api.query_public("Ticker", {"pair": "XBTUSD"})["error"] == []
    assert api.response.headers["content-type"] == "application/json; charset=utf-8"


def test_an_error_is_a_value_with_status_200(kraken):
    api, engine = kraken
    assert api.query_private("AddOrder", ORDER | {"volume": "99"})["error"] == [
        "EOrder:Insufficient funds"
    ]
    assert api.query_private("Nonsense")["error"] == ["EGeneral:Unknown method"]
    assert api.response.status_code == 200
    assert engine.orders() == []


def test_form_characters_arrive_as_they_were_meant(kraken):
    api, _ = kraken
    fields = ORDER | {
        "ordertype": "limit",
        "price": "50000",
        "timeinforce": "GTD",
        "expiretm": "+60",
    }
    assert api.query_private("AddOrder", fields | {"close[ordertype]": "limit"})["error"] == [
        "EGeneral:Invalid arguments:close"
    ]
    assert api.query_private("AddOrder", fields)["error"] == []


def test_a_repeated_nonce_is_refused_and_places_nothing(kraken):
    api, engine = kraken
    api._nonce = lambda: 2 * 10**18
    assert api.query_private("Balance")["error"] == []
    assert api.query_private("AddOrder", dict(ORDER))["error"] == ["EAPI:Invalid nonce"]
    assert engine.orders() == []


def test_numbers_can_be_read_as_decimals(kraken):
    api, _ = kraken
    api.json_options(parse_float=Decimal)
    api.query_private("AddOrder", dict(ORDER))
    [closed] = api.query_private("ClosedOrders")["result"]["closed"].values()
    assert isinstance(closed["opentm"], Decimal)


def test_a_streamed_answer_reads_to_its_end():
    """A client that wants to bound the whole exchange reads piece by piece."""
    api = krakenex_on(paper())
    answer = api.session.get("https://api.kraken.com/0/public/Time", stream=True)
    assert b"".join(answer.iter_content(7)).startswith(b'{"error":[]')
    assert isinstance(answer, requests.Response)
    api.close()
