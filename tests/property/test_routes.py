"""Whatever comes in at whatever route, the answer is JSON with its usual keys, and never a 500."""

from __future__ import annotations

import json
import logging

import functions_framework
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support.clock import START
from tests.support.examples import examples
from tests.support.faked_function import OPERATOR, TOKEN, Function
from tests.support.project import ROOT
from tests.support.served_function import (
    ALERTS,
    ANSWER_KEYS,
    APPRAISAL_KEYS,
    ORDER_KEYS,
    TRADE_KEYS,
    VALIDATE,
)
from webhook_core.web.messages import MAX_BODY_BYTES, HttpRequest

STATUSES = {200, 204, 400, 401, 404, 405, 409, 413, 422, 429, 503}
ROUTES = [
    "/",
    ALERTS,
    f"{ALERTS}/",
    VALIDATE,
    "/webhook/health",
    "/account",
    "/orders",
    "/reconcile",
    "/nothing",
    "",
]
METHODS = ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "BREW"]
FIELDS = [
    "symbol", "ticker", "side", "action", "order_type", "volume", "contracts", "price",
    "stop_price", "leverage", "id",
    "fired_at", "timenow", "time", "bar_time", "strategy_name", "alert_message", "custom_fields",
    "validate", "close",
    "token", "secret", "passphrase", "stop_prce", "Symbol", "limit_price", "exchange", "interval",
]  # fmt: skip
HEADERS = [
    "x-signature", "webhook-id", "webhook-timestamp", "webhook-signature", "x-request-id",
    "x-forwarded-for", "origin",
    "authorization", "content-type", "content-encoding", "x-anything",
]  # fmt: skip

texts = st.text(max_size=40) | st.sampled_from(
    [
        "buy",
        "sell",
        "BTCUSD",
        "BTC/USD",
        "limit",
        "stop-loss",
        "{{close}}",
        "1e999",
        "NaN",
        "-1",
        "60,000",
        "0",
        "2x",
        TOKEN,
    ]
)
numbers = (
    st.integers()
    | st.floats()
    | st.decimals(allow_nan=False, allow_infinity=False).map(float)
    | st.just(10**400)
)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
objects = st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=12), values, max_size=10)


def proved(fields):
    return {**fields, "token": TOKEN}


def nearly_right(fields):
    """An alert that would trade, with some of its fields replaced: this reaches the planner, the
    ledger and the venue."""
    alert = {
        "symbol": "BTCUSD",
        "side": "buy",
        "volume": "0.01",
        "price": "60000",
        "order_type": "limit",
    }
    return proved(alert | fields)


def as_json(document):
    return json.dumps(document).encode("utf-8", "surrogatepass")


bodies = (
    st.binary(max_size=300)
    | (objects | objects.map(proved) | objects.map(nearly_right) | values).map(as_json)
    | st.dictionaries(st.sampled_from(FIELDS), values, max_size=2).map(nearly_right).map(as_json)
)
header_texts = st.text(
    st.characters(min_codepoint=1, max_codepoint=255), max_size=60
) | st.sampled_from(
    [
        f"Bearer {OPERATOR}",
        "Bearer ",
        f"sha256={'0' * 64}",
        "v1,AAAA v1,=",
        "1" * 12,
        "9" * 400,
        "127.0.0.1, ::1",
        "*",
        "a,b,c",
    ]
)
headers = st.dictionaries(st.sampled_from(HEADERS), header_texts, max_size=5)
queries = st.dictionaries(
    st.sampled_from(["limit", "state", "cursor", "strategy", "x"]),
    st.text(max_size=30)
    | st.sampled_from(["1", "201", "٣", "ACCEPTED,REJECTED", "accepted", "MjAyNg==", "9" * 5000]),
    max_size=3,
)


def check_answer(status, content, response_headers, method, path):
    assert status in STATUSES, content
    assert response_headers["x-request-id"]
    if status == 204:
        assert content == b""
        return
    assert response_headers["content-type"] == "application/json; charset=utf-8"
    document = json.loads(content, parse_constant=pytest.fail)
    if status == 200 and method != "POST":  # what runs, the account, the ledger
        assert "version" in document or "request_id" in document
    elif status == 200 and path == "/reconcile":
        assert {"looked_at", "cursor", "request_id"} <= document.keys()
    else:
        assert document.keys() == ANSWER_KEYS
        assert document["trade_details"].keys() == TRADE_KEYS
        assert all(
            order.keys() in (ORDER_KEYS, ORDER_KEYS | APPRAISAL_KEYS)
            for order in document["orders"]
        )
        assert document["success"] is (status == 200)
        assert (document["error"] is None) is (status == 200)


@pytest.fixture(scope="module")
def functions():
    """With and without a proof asked for, with and without browsers: three ways
    through the routes."""
    plenty = {"RATE_LIMIT_PER_MINUTE": "100000", "LOG_LEVEL": "CRITICAL"}
    return [
        Function(plenty),
        Function(
            plenty | {"CORS_ORIGINS": "*", "ALLOWED_IPS": "127.0.0.1", "MAX_ORDER_COST": "1000 USD"}
        ),
        Function(plenty | {"WEBHOOK_TOKEN": "", "OPERATOR_TOKEN": ""}),
    ]


requests = st.builds(
    HttpRequest,
    method=st.sampled_from(METHODS),
    path=st.sampled_from(ROUTES) | st.text(max_size=20),
    query=queries,
    headers=headers,
    body=bodies,
    peer=st.just("127.0.0.1"),
    received_at=st.just(START),
)


@settings(max_examples=examples(400))
@given(st.data(), requests)
def test_no_request_crashes_the_application(functions, data, request_):
    function = data.draw(st.sampled_from(functions))
    response = function.application.handle(request_)
    path = request_.path.rstrip("/") or "/"
    check_answer(response.status, response.body, response.headers, request_.method, path)


@settings(max_examples=examples(300))
@given(
    st.data(),
    st.dictionaries(st.sampled_from(FIELDS), values | texts, max_size=4),
    st.sampled_from([ALERTS, VALIDATE, "/"]),
)
def test_no_alert_of_a_proved_sender_crashes_the_application(functions, data, fields, path):
    function = data.draw(st.sampled_from(functions))
    request = HttpRequest(
        "POST", path, {}, {}, as_json(nearly_right(fields)), "127.0.0.1", function.clock.now()
    )
    response = function.application.handle(request)
    check_answer(response.status, response.body, response.headers, "POST", path)


@pytest.fixture(scope="module")
def client():
    """The deployed entry point as functions-framework serves it, in this process."""
    logger = logging.getLogger("webhook_core")
    before = (logger.handlers[:], logger.propagate, logger.level)
    with pytest.MonkeyPatch.context() as patch:
        for name, text in {
            "LEDGER_URL": "memory://", "WEBHOOK_TOKEN": TOKEN, "OPERATOR_TOKEN": OPERATOR,
            "LOG_LEVEL": "CRITICAL",
            "RATE_LIMIT_PER_MINUTE": "100000", "STRATEGIES_FILE": "",
        }.items():  # fmt: skip
            patch.setenv(name, text)
        patch.chdir(ROOT)
        yield functions_framework.create_app("webhook", str(ROOT / "main.py")).test_client()
    logger.handlers[:], logger.propagate = before[0], before[1]
    logger.setLevel(before[2])


wire_headers = st.dictionaries(
    st.sampled_from([name for name in HEADERS if name != "content-encoding"]),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60).map(str.strip)
    | st.sampled_from(
        [
            f"Bearer {OPERATOR}",
            "multipart/form-data; boundary=x",
            "application/x-www-form-urlencoded",
            "text/plain",
        ]
    ),
    max_size=5,
)


wired = st.fixed_dictionaries(
    {
        "method": st.sampled_from([method for method in METHODS if method != "BREW"]),
        "path": st.sampled_from(ROUTES[:-1]),
        "query_string": queries,
        "headers": wire_headers,
        "data": bodies,
    }
)
form = {"content-type": "application/x-www-form-urlencoded"}
multipart = {"content-type": "multipart/form-data; boundary=x"}


@settings(max_examples=examples(250))
@given(wired)
@example({"method": "POST", "path": ALERTS, "headers": multipart, "data": b"--x\r\n"})
@example({"method": "POST", "path": ALERTS, "headers": form, "data": b"a=1&b=2"})
@example({"method": "POST", "path": ALERTS, "data": b"x" * (MAX_BODY_BYTES + 1)})
def test_no_request_crashes_the_deployed_entry_point(client, wire_request):
    response = client.open(**wire_request)
    named = {name.lower(): value for name, value in response.headers.items()}
    content = response.get_data()
    if wire_request["method"] == "HEAD":
        assert content == b""
        assert response.status_code in STATUSES
        return
    path = wire_request["path"].rstrip("/") or "/"
    check_answer(response.status_code, content, named, wire_request["method"], path)


def test_the_fuzzing_reaches_the_venue(functions):
    """If it never got that far, the tests above would prove little."""
    function = functions[0]
    request = HttpRequest(
        "POST",
        ALERTS,
        {},
        {},
        as_json(nearly_right({"id": "reached"})),
        "127.0.0.1",
        function.clock.now(),
    )
    assert function.application.handle(request).status == 200
