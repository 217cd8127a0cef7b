"""A secret that an alert repeats where it would be kept: refused, and nothing of it stays."""

from __future__ import annotations

import json

import pytest

from tests.support.faked_function import OPERATOR, TOKEN, Function

STANDARD = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NUMBER = "1234567890123456"
TOKEN_KEY = "CzBVep/E6RM4XYKnzPEbQGWKr9T5I0htkrfcBitQdZo="
PLACES = [
    lambda text: {"id": text},
    lambda text: {"id": f" {text} "},
    lambda text: {"id": f"trend-{text}-7"},
    lambda text: {"alert_id": text},
    lambda text: {"strategy_name": text},
    lambda text: {"symbol": text},
    lambda text: {"side": text},
    lambda text: {"alert_message": f"my token is {text}!"},
    lambda text: {"comment": text},
    lambda text: {"custom_fields": {"note": ["x", {"deep": text}]}},
    lambda text: {"custom_fields": {text: 1}},
    lambda text: {text: "x"},
    lambda text: {"order_id": text},
    lambda text: {"orders": [{"symbol": "BTCUSD", "side": "buy", "volume": "1", "note": text}]},
]


@pytest.fixture
def function():
    return Function(
        {
            "STRATEGIES_FILE": "",
            "WEBHOOK_SECRET": STANDARD,
            "WEBHOOK_TOKEN_KEYS": f"k1:{TOKEN_KEY}",
            "WEBHOOK_TOKEN": f"{TOKEN},{NUMBER}",
        }
    )


@pytest.mark.parametrize(
    "secret",
    [
        TOKEN,
        OPERATOR,
        STANDARD,
        STANDARD[6:],
        NUMBER,
        TOKEN_KEY,
        TOKEN_KEY[:-1],
        f"{TOKEN_KEY[:-1]}-",
    ],
)
@pytest.mark.parametrize("number", range(len(PLACES)))
def test_a_secret_in_any_text_is_refused_and_kept_nowhere(function, caplog, secret, number):
    caplog.set_level("DEBUG")
    answer = function.post(function.alert(**PLACES[number](secret)))
    assert (answer.status, answer["code"]) == (400, "alert_malformed")
    assert "secret of this server" in answer["error"]
    assert function.venue.calls == []
    assert function.operate("GET", "/orders")["orders"] == []
    said = json.dumps(answer.document) + str([vars(record) for record in caplog.records])
    assert secret not in said


def test_a_number_can_be_one_too(function):
    body = json.dumps(function.alert(id=0)).replace('"id": 0', f'"id": {NUMBER}').encode()
    assert function.post(body).status == 400


def test_the_field_at_fault_is_named(function):
    assert function.post(function.alert(id=TOKEN))["field"] == "id"


def test_nobody_who_is_not_proved_learns_whether_it_is_one(function):
    for text in (OPERATOR, "no-secret-of-anybody"):
        answer = function.post(function.alert(id=text, token="guessed-token-of-nobody"))
        assert (answer.status, answer["field"]) == (401, None)


def test_a_request_id_that_is_one_is_not_taken(function):
    answer = function.post(function.alert(), x_request_id=TOKEN)
    assert answer.status == 200
    assert TOKEN not in (answer["request_id"], answer.headers["x-request-id"])


def test_what_merely_looks_alike_is_taken(function):
    assert function.post(function.alert(id=TOKEN[:-1], comment=OPERATOR[1:])).status == 200
