"""The operator's session: how it begins and ends, and that no form is taken without it."""

from __future__ import annotations

import json
import re
from urllib.parse import urlencode

import pytest

from tests.support.faked_function import OPERATOR, Function
from webhook_core.web.messages import HttpRequest
from webhook_core.web.pages.login import DOCUMENT

HOURS = 3600
FORM = {"content-type": "application/x-www-form-urlencoded"}


def ask(function, method, path, cookie=None, said=None, **named):
    headers = {**FORM, **named, **({} if cookie is None else {"cookie": cookie})}
    body = urlencode(said or {}).encode()
    request = HttpRequest(method, path, {}, headers, body, "203.0.113.7", function.clock.now())
    return function.application.handle(request)


def log_in(function, token=OPERATOR):
    return ask(function, "POST", "/operator/login", said={"token": token})


def session(function):
    answer = log_in(function)
    assert answer.status == 303
    return answer.headers["set-cookie"].partition(";")[0]


def proof(function, cookie):
    shown = ask(function, "GET", "/operator", cookie).body.decode()
    return re.findall(r'name="proof" value="([0-9a-f]{64})"', shown)[0]


def is_logged_in(function, cookie):
    return "Log out" in ask(function, "GET", "/operator", cookie).body.decode()


def test_a_session_ends_after_the_time_that_is_stated():
    function = Function()
    answer = log_in(function)
    said = answer.headers["set-cookie"].split("; ")
    assert {"Max-Age=28800", "HttpOnly", "Secure", "SameSite=Strict"} <= set(said)
    cookie = said[0]
    function.clock.sleep(8 * HOURS - 2)
    assert is_logged_in(function, cookie)
    given = proof(function, cookie)
    function.clock.sleep(2)
    assert not is_logged_in(function, cookie)
    late = ask(function, "POST", "/operator/pause", cookie, {"proof": given})
    assert (late.status, late.headers["location"]) == (303, "/operator")
    assert function.operate("GET", "/orders")["paused"] == []


def test_a_session_ends_with_its_token():
    function = Function()
    cookie = session(function)
    assert is_logged_in(function, cookie)
    other = Function(env={"OPERATOR_TOKEN": f"{OPERATOR}-new"}, store=function.store)
    assert not is_logged_in(other, cookie)


def log_out(function, cookie):
    return ask(function, "POST", "/operator/logout", cookie, {"proof": proof(function, cookie)})


def is_known_to_the_composer(function, cookie):
    answer = ask(function, "GET", "/operator/compose", cookie)
    return json.loads(answer.body)["proof"] is not None


def test_a_copied_cookie_is_worth_nothing_behind_the_logout_on_any_instance():
    function = Function()
    other = Function(env=function.env, store=function.store, clock=function.clock)
    mine, elsewhere = session(function), session(function)
    given = proof(function, mine)
    assert log_out(function, mine).status == 303
    for instance in (function, other):
        assert not is_logged_in(instance, mine)
        assert not is_known_to_the_composer(instance, mine)
        assert is_logged_in(instance, elsewhere)
        assert is_known_to_the_composer(instance, elsewhere)
        late = ask(instance, "POST", "/operator/pause", mine, {"proof": given})
        assert (late.status, late.headers["location"]) == (303, "/operator")
    assert function.operate("GET", "/orders")["paused"] == []


def test_two_sessions_that_end_at_once_both_end_and_what_is_over_is_kept_no_longer():
    function = Function()
    first, second, third = (session(function) for _ in range(3))
    write, raced = function.store.write, []

    def write_late(name, text, before):
        if name == DOCUMENT and not raced:
            raced.append(log_out(function, second))
        return write(name, text, before)

    function.store.write = write_late
    log_out(function, first)
    assert [is_logged_in(function, each) for each in (first, second, third)] == [False, False, True]
    assert len(json.loads(function.store.read(DOCUMENT).text)) == 2
    function.clock.sleep(4 * HOURS)
    later = session(function)
    function.clock.sleep(4 * HOURS + 1)
    log_out(function, later)
    assert len(json.loads(function.store.read(DOCUMENT).text)) == 1


def test_a_logout_that_could_not_be_written_is_none_and_says_so():
    function = Function()
    cookie = session(function)
    given = proof(function, cookie)
    function.store.write = lambda *_: False
    answer = ask(function, "POST", "/operator/logout", cookie, {"proof": given})
    assert (answer.status, "set-cookie" in answer.headers) == (503, False)
    assert is_logged_in(function, cookie)


def test_while_the_sessions_that_were_ended_cannot_be_read_none_is_let_in():
    function = Function()
    cookie = session(function)
    given = proof(function, cookie)
    for text in ("{", "[1]", '{"a": "b"}'):
        assert function.store.write(DOCUMENT, text, function.store.read(DOCUMENT))
        assert ask(function, "GET", "/operator", cookie).status == 503, text
        answer = ask(function, "POST", "/operator/pause", cookie, {"proof": given})
        assert (answer.status, function.operate("GET", "/orders")["paused"]) == (503, []), text


def test_no_signature_of_a_session_is_kept():
    function = Function()
    cookie = session(function)
    log_out(function, cookie)
    assert cookie.rpartition(".")[2] not in function.store.read(DOCUMENT).text


@pytest.mark.parametrize("path", ["pause", "resume", "logout"])
def test_no_form_is_taken_without_the_proof_of_its_session(path):
    function = Function()
    function.operate("POST", "/pause")
    mine, other = session(function), session(function)
    for said in ({}, {"proof": ""}, {"proof": "0" * 64}, {"proof": proof(function, other)},
                 {"proof": "é"}, {"proof": mine}):  # fmt: skip
        assert ask(function, "POST", f"/operator/{path}", mine, said).status == 401
    assert is_logged_in(function, mine)
    assert len(function.operate("GET", "/orders")["paused"]) == 1
    assert ask(function, "GET", f"/operator/{path}", mine).status == 405
    taken = ask(function, "POST", f"/operator/{path}", mine, {"proof": proof(function, mine)})
    assert taken.status == 303


def _is_of_a_session(answer):
    return "Max-Age" in answer.headers["set-cookie"]


def login_form(function, cookie=None):
    shown = ask(function, "GET", "/operator", cookie)
    (proof,) = re.findall(r'name="proof" value="([0-9a-f]{64})"', shown.body.decode())
    return shown.headers["set-cookie"].partition(";")[0], proof


def test_a_browser_logs_in_with_the_form_of_our_page_alone():
    function = Function()
    cookie, proof = login_form(function)
    other, _ = login_form(function)
    for held, said in ((None, proof), (other, proof), ("operator_form=x", proof), (cookie, ""),
                       (cookie, "0" * 64), (cookie, "é")):  # fmt: skip
        for token in (OPERATOR, "a-wrong-one"):
            form = {"token": token, "proof": said}
            answer = ask(
                function, "POST", "/operator/login", held, form, origin="https://evil.test"
            )
            assert (answer.status, _is_of_a_session(answer)) == (403, False)
    good = {"token": OPERATOR, "proof": proof}
    answer = ask(function, "POST", "/operator/login", cookie, good, origin="https://ours.test")
    assert answer.status == 303
    assert is_logged_in(function, answer.headers["set-cookie"].partition(";")[0])


def test_a_link_from_elsewhere_ends_no_session():
    """Such a request comes without the session's cookie, which is the same site's alone."""
    function = Function()
    cookie = session(function)
    shown = ask(function, "GET", "/operator")
    assert not shown.headers["set-cookie"].startswith(f"{cookie.partition('=')[0]}=")
    assert is_logged_in(function, cookie)


def test_every_form_that_changes_something_carries_the_proof():
    function = Function()
    function.operate("POST", "/pause", strategy="trend")
    shown = ask(function, "GET", "/operator", session(function)).body.decode()
    forms = re.findall(r"<form method=\"post\".*?</form>", shown, re.DOTALL)
    assert len(forms) == 3
    assert all(re.search(r'name="proof" value="[0-9a-f]{64}"', form) for form in forms)


def test_wrong_tokens_count_as_failed_proofs_of_their_address():
    function = Function(env={"RATE_LIMIT_PER_MINUTE": "4"})
    assert [log_in(function, "a-wrong-one").status for _ in range(3)] == [401] * 3
    wrong = ask(function, "POST", "/", said={"token": "no"})  # counted together with alerts'
    assert wrong.status in (400, 401)
    answer = log_in(function, "a-wrong-one")
    assert (answer.status, "set-cookie" in answer.headers) == (429, False)
    assert log_in(function).status == 303  # the right one passes at any moment
    function.clock.sleep(61)
    assert log_in(function, "a-wrong-one").status == 401
    assert function.operate("GET", "/orders", token="another-wrong-one").status == 401
    assert ask(function, "GET", "/webhook/health").status == 200
    (hour,) = function.operate("GET", "/alerts")["without_proof"]
    assert hour["requests"] == 7


def test_a_page_that_says_what_went_wrong_is_not_sent_again_by_itself():
    """To read it again would send its form again."""
    function = Function()
    cookie = session(function)
    assert "data-again" in ask(function, "GET", "/operator", cookie).body.decode()
    said = {"proof": proof(function, cookie), "for": "a while"}
    answer = ask(function, "POST", "/operator/pause", cookie, said)
    assert (answer.status, "data-again" in answer.body.decode()) == (400, False)
    assert '<a href="/operator">' in answer.body.decode()
