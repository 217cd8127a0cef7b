"""What stands between a request and the book: method, key, signature, nonce,
permission, and the envelope."""

from __future__ import annotations

import base64
import json
from decimal import Decimal

import pytest

from tests.support.paper import KEY, ask, order, paper, public, result, signed
from webhook_core.kraken.paper import envelope

# docs.kraken.com/api/docs/guides/spot-rest-auth
SECRET = "kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg=="
NONCE = "1616492376594"
PATH = "/0/private/AddOrder"
FORM = "nonce=1616492376594&ordertype=limit&pair=XBTUSD&price=37500&type=buy&volume=1.25"
VECTORS = [
    (
        "application/x-www-form-urlencoded",
        FORM,
        "4/dpxb3iT4tp/ZCVEwSnEsLxx0bqyhLpdfOpc6fn7OR8+UClSV5n9E6aSS8MPtnRfp32bAb0nmbRn6H8ndwLUQ==",
    ),
]


@pytest.mark.parametrize(("kind", "body", "sign"), VECTORS)
def test_the_official_signature_opens_the_door_for_exactly_its_bytes(kind, body, sign):
    kraken = paper(secret=SECRET, balances={"USD": Decimal(100_000)})
    headers = {"API-Key": KEY, "API-Sign": sign, "Content-Type": kind}
    assert envelope.signature(base64.b64decode(SECRET), PATH, NONCE, body.encode()) == sign
    _, refused = kraken.handle("POST", PATH, "", headers, body.encode() + b" ")
    assert json.loads(refused) == {"error": ["EAPI:Invalid signature"]}
    _, taken = kraken.handle("POST", PATH, "", headers, body.encode())
    assert json.loads(taken)["result"]["descr"]["order"] == "buy 1.25000000 XBTUSD @ limit 37500.0"
    assert [kept["vol"] for kept in kraken.orders()] == ["1.25000000"]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/x-www-form-urlencoded", b"nonce=\xff\xfe"),
        ("application/x-www-form-urlencoded", b"nonce=%ff"),
    ],
)
def test_a_body_that_cannot_be_read_is_a_bad_request(kind, body):
    status, answer = paper().handle("POST", PATH, "", {"API-Key": KEY, "Content-Type": kind}, body)
    assert (status, json.loads(answer)) == (200, {"error": ["EAPI:Bad request"]})


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/0/private/Nonsense"),
        ("GET", "/0/private/Balance"),
        ("POST", "/0/public/Time"),
        ("GET", "/0/public/OHLCX"),
        ("GET", "/1/public/Time"),
        ("GET", "/0/public/Time/now"),
        ("GET", "/"),
    ],
)
def test_an_unknown_method_is_said_to_be_unknown(method, path):
    _, answer = paper().handle(method, path, "", {}, b"")
    assert json.loads(answer) == {"error": ["EGeneral:Unknown method"]}


def _errors(kraken, headers, body):
    return json.loads(kraken.handle("POST", PATH, "", headers, body.encode())[1])["error"]


def test_key_then_signature_then_nonce_then_permission_then_arguments():
    kraken = paper()
    body = "nonce=7&ordertype=nonsense"
    good = signed(PATH, body, "7")
    assert _errors(kraken, good | {"API-Key": "other", "API-Sign": "bad"}, "nonce=x") == [
        "EAPI:Invalid key"
    ]
    assert _errors(kraken, {}, body) == ["EAPI:Invalid key"]
    assert _errors(kraken, good | {"API-Sign": "bad"}, body) == ["EAPI:Invalid signature"]
    kraken.key.permissions = frozenset({"query-funds"})
    assert _errors(kraken, good, body) == ["EGeneral:Permission denied"]
    # The refused call used the nonce up.
    assert _errors(kraken, good, body) == ["EAPI:Invalid nonce"]
    kraken.key.permissions = frozenset({"modify-trades"})
    body = "nonce=8&ordertype=nonsense"
    assert _errors(kraken, signed(PATH, body, "8"), body) == [
        "EGeneral:Invalid arguments:ordertype"
    ]


@pytest.mark.parametrize("nonce", ["", "-1", "1.5", "abc", "18446744073709551616", "\u0663"])
def test_a_nonce_is_an_unsigned_64_bit_integer(nonce):
    assert ask(paper(), "Balance", nonce=nonce)["error"] == ["EAPI:Invalid nonce"]


def test_nonces_only_rise_but_for_the_keys_window():
    kraken = paper(nonce_window=10)
    assert ask(kraken, "Balance", nonce="100")["error"] == []
    assert ask(kraken, "Balance", nonce="91")["error"] == []
    assert ask(kraken, "Balance", nonce="90")["error"] == ["EAPI:Invalid nonce"]
    assert ask(paper(), "Balance", nonce="0")["error"] == []


def test_each_key_has_its_own_nonce(documents):
    one, other = paper(documents), paper(documents, key="other")
    assert ask(one, "Balance", nonce="100")["error"] == []
    body = "nonce=5"
    headers = signed("/0/private/Balance", body, "5") | {"API-Key": "other"}
    _, answer = other.handle("POST", "/0/private/Balance", "", headers, body.encode())
    assert json.loads(answer)["error"] == []


@pytest.fixture
def documents():
    from tests.support.documents import MemoryDocuments

    return MemoryDocuments()


def test_header_names_have_any_case():
    body = "nonce=5"
    headers = {name.lower(): text for name, text in signed("/0/private/Balance", body, "5").items()}
    assert (
        json.loads(paper().handle("POST", "/0/private/Balance", "", headers, body.encode())[1])[
            "error"
        ]
        == []
    )


def test_unknown_fields_are_ignored_like_kraken_ignores_them():
    kraken = paper()
    kraken.mark_price("XBTUSD", Decimal(60000))
    order(kraken, stop_price="1", stopprice="2", nonsense="3")
    assert len(kraken.orders()) == 1


def test_key_info_needs_no_permission_and_shows_no_secret():
    kraken = paper()
    kraken.key.permissions = frozenset()
    info = result(kraken, "GetApiKeyInfo", nonce="77")
    assert (info["api_key"], info["nonce"], info["permissions"]) == (KEY, "77", [])
    assert "withdraw-funds" not in result(paper(), "GetApiKeyInfo")["permissions"]
    assert "a paper secret" not in repr(kraken.key) + repr(kraken)


def test_server_time_and_status_come_from_the_clock():
    assert public(paper(), "Time")["result"] == {
        "unixtime": 1790856000,
        "rfc1123": "Thu, 01 Oct 26 12:00:00 +0000",
    }
    assert public(paper(), "SystemStatus")["result"] == {
        "status": "online",
        "timestamp": "2026-10-01T12:00:00Z",
    }
