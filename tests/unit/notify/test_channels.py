"""Addresses, and the secrets that hold them."""

from __future__ import annotations

import grpc
import pytest

from tests.support.faked_function import Function
from tests.support.secret_manager import SecretManager, name
from tests.unit.notify.conftest import next_run
from webhook_core.notify.channels import AddressBook, AppriseSender, SendResult
from webhook_core.settings.secret_values import Secret, SecretName
from webhook_core.settings.told_addresses import Address


@pytest.fixture
def secret(tmp_path):
    return tmp_path / "notify"


def denied(function, number=1):
    function.post(function.alert(id=str(number), symbol="ETHUSD"))


def test_a_secret_may_hold_several_and_each_stands_for_itself(told, person, secret):
    secret.write_text(f"{person.url('a')}\n{person.url('b')}\n", "utf-8")
    function = told(env={"NOTIFY": f"file:{secret}"})
    denied(function)
    person.answers = [500]
    assert next_run(function) == 1
    assert [next_run(function) for _ in range(3)] == [1, 0, 0]
    assert sorted(person.paths) == ["/a", "/b"]


def test_a_secret_that_was_changed_is_read_again_after_a_failure(told, person, secret):
    secret.write_text("json://127.0.0.1:1/", "utf-8")
    function = told(env={"NOTIFY": f"file:{secret}"})
    denied(function)
    assert next_run(function) == 0
    secret.write_text(person.url(), "utf-8")
    assert next_run(function) == 1


def test_what_waits_for_a_secret_that_can_not_be_read_is_told_when_it_can(told, person, secret):
    function = told(env={"NOTIFY": f"file:{secret}"})
    denied(function)
    assert next_run(function) == 0
    secret.write_text(f"{person.url('a')} {person.url('b')}", "utf-8")
    denied(function, 2)
    assert next_run(function) == 3
    assert sorted(person.paths) == ["/a", "/a", "/b"]
    secret.unlink()
    person.answers = [500, 500]
    denied(function, 3)
    assert next_run(function) == 0
    assert next_run(function) == 0
    secret.write_text(f"{person.url('a')} {person.url('b')}", "utf-8")
    next_run(function, 60)
    assert len(person.heard) == 5


def test_a_strategy_has_its_own(told, person, tmp_path):
    (tmp_path / "s.toml").write_text(
        f'[trend]\nnotify = ["{person.url("trend")}"]\n[swing]\n', "utf-8"
    )
    function = told(env={"STRATEGIES_FILE": str(tmp_path / "s.toml"), "NOTIFY": ""})
    function.post(function.alert(id="1", symbol="ETHUSD", strategy_name="swing"))
    function.post(function.alert(id="2", symbol="ETHUSD", strategy_name="trend"))
    next_run(function)
    assert (person.titles, person.paths) == (
        ["trend: an alert was refused by a limit (paper)"],
        ["/trend"],
    )


@pytest.mark.parametrize("url", ["", "hello", "foo://bar", "tgram://", "json://", "[", "json://["])
def test_what_apprise_does_not_understand_is_not_sent_and_no_crash(url):
    sender = AppriseSender(url)
    assert sender.service == ""
    assert sender.send("title", "body", 1) is SendResult.NO


def test_nobody_at_the_other_end_is_a_failure():
    assert AppriseSender("json://127.0.0.1:1/").send("title", "body", 2) is SendResult.NO


def test_signs_of_a_markup_arrive_as_they_were_written(person):
    body = "a <b> & *c* _d_ [e](f) {g} \\n é ☃"
    assert AppriseSender(person.url()).send("t", body, 5) is SendResult.YES
    assert person.heard[0]["message"] == body


def test_one_that_takes_too_long_to_say_is_neither_sent_nor_not(person):
    person.takes_s = 1.0
    sender = AppriseSender(person.url())
    assert sender.send("title", "body", 0.3) is SendResult.UNSURE
    assert len(person.heard) == 1


def test_an_address_that_is_none_is_said_once_by_each_instance(told, caplog):
    function = told(env={"NOTIFY": "tgram://x"})
    next_run(function)
    assert [each.message for each in caplog.records].count("notify.unusable") == 1


def test_a_secret_of_secret_manager_is_read_once_and_its_fault_says_what_to_do(person):
    place = name("notify")
    with SecretManager() as manager:
        reader = manager.reader()
        book = AddressBook(
            [Address("NOTIFY[0]", Secret(place))],
            lambda asked: reader.read([SecretName("NOTIFY", asked)], 2.0)[asked],
        )
        (absent,) = book.channels()
        assert absent.fault().startswith(f"{place} is not there; create the secret")
        assert absent.send("title", "body", 1) is SendResult.NO
        manager.add("notify", person.url())
        for _ in range(3):
            (channel,) = book.channels()
            assert channel.send("title", "body", 5) is SendResult.YES
        assert manager.accesses == [place] * 2
        manager.fail("notify", grpc.StatusCode.PERMISSION_DENIED)
        person.answers = [500]
        assert channel.send("title", "body", 5) is SendResult.NO
        (refused,) = book.channels()
        assert "roles/secretmanager.secretAccessor" in refused.fault()


def test_an_address_that_is_named_twice_is_told_once(person, tmp_path):
    (tmp_path / "strategies.toml").write_text(f'[trend]\nnotify = ["{person.url()}"]\n', "utf-8")
    env = {
        "NOTIFY": f"{person.url()} {person.url()}",
        "STRATEGIES_FILE": str(tmp_path / "strategies.toml"),
        "ALLOWED_SYMBOLS": "BTC/USD",
    }
    function = Function(env=env)
    next_run(function)
    function.post(function.alert(symbol="ETHUSD", strategy_name="trend"))
    next_run(function)
    assert person.titles == ["trend: an alert was refused by a limit (paper)"]
