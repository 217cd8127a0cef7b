"""A scoped token in the path: off unless it is allowed, and seen by nobody."""

from __future__ import annotations

import io

import pytest

from tests.support.faked_function import TOKEN, Function
from tests.support.logger import logging_as_it_was
from tests.support.row_by_row import row_by_row
from tests.support.scoped_tokens import KEYS, OLD_KEY, scoped
from webhook_core.cloud import logs
from webhook_core.web.messages import HttpRequest

ROUTE = "/webhook/tradingview"
GOOD = scoped("p=BTC/USD", "s=buy")


@pytest.fixture
def function():
    return Function(env={"WEBHOOK_TOKEN_KEYS": KEYS, "ALLOW_TOKEN_IN_URL": "true"})


@pytest.fixture(params=["console", "json", "google"])
def log(request):
    lines = io.StringIO()
    with logging_as_it_was():
        logs.configure("DEBUG", request.param, lines)
        yield lines


def came_to(answer):
    assert GOOD not in str(answer.document) + str(answer.headers)
    return answer.status, answer["code"]


def alert(function, **fields):
    return function.alert(**{"token": None, **fields})


def test_the_path_proves_its_sender_and_its_caveats_hold(function):
    answer = function.post(alert(function), f"{ROUTE}/{GOOD}")
    assert came_to(answer) == (200, "accepted")
    sale = alert(function, id="a-2", side="sell", leverage=2)
    assert came_to(function.post(sale, f"{ROUTE}/{GOOD}/")) == (403, "out_of_scope")


def test_validate_behind_it_only_validates(function):
    assert came_to(function.post(alert(function), f"{ROUTE}/{GOOD}/validate")) == (200, "validated")
    assert function.venue.submitted == []


@pytest.mark.parametrize(
    "path",
    [
        f"{ROUTE}/{TOKEN}",
        f"{ROUTE}/{scoped(key=OLD_KEY)}",
        f"{ROUTE}/validate/{GOOD}",
        f"{ROUTE}/{GOOD}/extra",
        f"{ROUTE}/{GOOD}/validate/validate",
        f"{ROUTE}/{GOOD}{GOOD}",
        f"{ROUTE}//",
        f"{ROUTE}/tk1.",
    ],
)
def test_anything_else_in_the_path_proves_nothing(function, path):
    body = alert(function, token=TOKEN) if path.endswith("//") else alert(function)
    assert function.post(body, path).status in ((200,) if path.endswith("//") else (401,))
    assert len(function.venue.submitted) == path.endswith("//")


def test_a_token_in_the_path_and_one_in_the_body_prove_nothing(function):
    for token in (TOKEN, GOOD, ""):
        answer = function.post(alert(function, token=token), f"{ROUTE}/{GOOD}")
        assert came_to(answer) == (401, "unauthenticated")


@pytest.mark.parametrize("allowed", ["false", ""])
def test_where_it_is_not_allowed_there_is_no_such_route(allowed):
    function = Function(env={"WEBHOOK_TOKEN_KEYS": KEYS, "ALLOW_TOKEN_IN_URL": allowed})
    for path in (f"{ROUTE}/{GOOD}", f"{ROUTE}/{GOOD}/validate"):
        answer = function.post(alert(function), path)
        assert (answer.status, answer["code"]) == (404, "not_found")
    assert function.venue.submitted == []


def test_only_post_goes_there(function):
    answer = function.send("GET", f"{ROUTE}/{GOOD}")
    assert came_to(answer) == (405, "method_not_allowed")


def test_other_routes_are_as_before(function):
    assert function.post(function.alert(), f"{ROUTE}/").status == 200
    assert function.post(function.alert(), f"{ROUTE}/validate").status == 200
    assert function.send("GET", "/webhook/health").status == 200
    assert function.post(function.alert(), "/webhook/other").status == 404


@row_by_row
@pytest.mark.parametrize("path", ["/operator", "/compose", "/webhook/health", ""])
@pytest.mark.parametrize("allowed", ["true", "false"])
def test_a_page_may_end_in_a_slash(path, allowed):
    application = Function(env={"ALLOW_TOKEN_IN_URL": allowed}).application
    for end in ("", "/", "//"):
        now = application.clock.now()
        asked = HttpRequest("GET", path + end, {}, {}, b"", "127.0.0.1", now)
        assert application.handle(asked).status == 200


def test_neither_the_log_nor_an_answer_has_the_token(function, log):
    for path in (f"{ROUTE}/{GOOD}", f"{ROUTE}/{GOOD}/validate", f"{ROUTE}/{GOOD}x", f"/x/{GOOD}"):
        function.post(alert(function), path)
        function.send("GET", path)
        function.post(b"{", path)
    function.post(alert(function, id=GOOD, symbol=GOOD, alert_message=GOOD), f"{ROUTE}/{GOOD}")
    function.post(function.alert(id="a-9", symbol=GOOD))
    said = log.getvalue()
    assert said
    assert GOOD[-43:] not in said
    assert "tk1.k2" not in said


def test_one_in_a_field_that_is_kept_is_refused(function):
    answer = function.post(function.alert(id=GOOD))
    assert came_to(answer) == (400, "alert_malformed")
