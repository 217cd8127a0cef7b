import io
import json
import logging
import sys
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tests.support.logger import logging_as_it_was
from tests.support.scoped_tokens import scoped
from webhook_core.cloud import logs
from webhook_core.events import LOGGER, event, request_facts

SECRET = 'a"secret/with\\odd-characters-ä'
NASTY = 'x\n{"severity": "ERROR"}\r\x1b[31m\x85\u2028\u202e\ud800 y'


@pytest.fixture(autouse=True)
def _logging_as_it_was():
    with logging_as_it_was():
        yield


def written(json_lines, write, level="INFO", secrets=()):
    stream = io.StringIO()
    logs.configure(level, "json" if json_lines else "console", stream, secrets)
    write()
    return stream.getvalue()


def one_json(write, **options):
    text = written(True, write, **options)
    assert text.endswith("\n")
    assert text.count("\n") == 1
    assert text.isascii()
    return json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


def test_a_json_line_has_cloud_loggings_fields_and_the_facts_beside_them():
    def write():
        with request_facts(request_id="r-1"):
            event(
                logging.WARNING,
                "order.accepted",
                volume=Decimal("1E-8"),
                at=datetime(2026, 2, 18, 14, 30, tzinfo=UTC),
                n=3,
            )

    line = one_json(write)
    assert datetime.fromisoformat(line.pop("time")).tzinfo is not None
    assert line == {
        "severity": "WARNING",
        "message": "order.accepted",
        "request_id": "r-1",
        "volume": "0.00000001",
        "at": "2026-02-18T14:30:00+00:00",
        "n": 3,
    }


def test_a_fact_cannot_take_the_place_of_a_field():
    line = one_json(
        lambda: LOGGER.info(
            "real", extra={"facts": {"message": "false", "severity": "DEBUG", "time": "never"}}
        )
    )
    assert (line["message"], line["severity"]) == ("real", "INFO")
    assert line["time"] != "never"


def test_foreign_text_stays_inside_its_field():
    assert (
        one_json(lambda: event(logging.INFO, "alert.denied", reason=NASTY, nested={"a": [NASTY]}))[
            "reason"
        ]
        == NASTY
    )


@pytest.mark.parametrize(
    "value",
    [float("nan"), {("a", "b"): 1}, {1: Decimal(2)}, object(), {1, 2}, b"\xff", ValueError("x\ny")],
)
def test_a_value_that_json_lacks_does_not_lose_the_line(value):
    line = one_json(lambda: event(logging.INFO, "odd", value=value))
    assert line["message"] == "odd"
    assert "value" in line


def fail():
    try:
        raise ValueError(NASTY)
    except ValueError:
        event(logging.ERROR, "internal.error", exc_info=True)


def test_an_exception_is_one_field_of_the_one_line():
    line = one_json(fail)
    assert line["message"] == "internal.error"
    assert line["exception"].startswith("Traceback (most recent call last)")
    assert "ValueError: x" in line["exception"]


def test_a_console_line_is_for_people():
    text = written(
        False,
        lambda: event(
            logging.INFO,
            "order.accepted",
            request_id="r-1",
            volume=Decimal("1E-8"),
            note="two words",
            x=None,
            n=3,
        ),
    )
    clock, rest = text.split(" ", 1)
    assert datetime.strptime(clock, "%H:%M:%S").replace(tzinfo=UTC)
    assert rest == 'INFO order.accepted request_id=r-1 volume=0.00000001 note="two words" n=3\n'


@pytest.mark.parametrize("value", [NASTY, [NASTY], {"a": NASTY}, 'a="b" c=d', ValueError(NASTY)])
def test_no_value_breaks_a_console_line(value):
    text = written(False, lambda: event(logging.INFO, "alert.denied", reason=value, last=1))
    assert text.endswith(" last=1\n")
    assert text[:-1].isprintable()


def test_a_value_cannot_pretend_to_be_another_fact():
    text = written(False, lambda: event(logging.INFO, "e", reason="a mode=live", empty=""))
    assert text.split(" ", 1)[1] == 'INFO e reason="a mode=live" empty=""\n'


def test_no_row_of_a_console_traceback_can_pass_for_an_event():
    first, *rows = written(False, fail).rstrip("\n").split("\n")
    assert first.endswith("ERROR internal.error")
    assert len(rows) > 3
    assert all(row.startswith("    ") and row.isprintable() for row in rows)


@pytest.mark.parametrize("json_lines", [True, False])
def test_a_configured_secret_never_reaches_the_line(json_lines):
    def write():
        event(
            logging.INFO,
            f"name {SECRET}",
            fact=SECRET,
            nested=[f"({SECRET})"],
            plain="kraken-key-0123",
        )
        try:
            raise RuntimeError(f"failed with {SECRET}")
        except RuntimeError:
            event(logging.ERROR, "failed", exc_info=True)

    text = written(json_lines, write, secrets=[SECRET, "kraken-key-0123", "", "short"])
    assert "odd-characters" not in text
    assert "kraken-key" not in text
    assert text.count("***") == 5


def test_a_short_text_is_not_taken_for_a_secret():
    assert (
        one_json(lambda: event(logging.INFO, "e", reason="order"), secrets=["order"])["reason"]
        == "order"
    )


def test_configuring_twice_leaves_one_handler():
    first, second = io.StringIO(), io.StringIO()
    logs.configure("INFO", "json", first)
    logs.configure("WARNING", "console", second)
    event(logging.INFO, "too.quiet")
    event(logging.WARNING, "heard.once")
    assert first.getvalue() == ""
    assert second.getvalue().count("\n") == 1


def test_what_disabled_our_logger_before_is_undone():
    LOGGER.disabled = True
    assert one_json(lambda: event(logging.INFO, "heard"))["message"] == "heard"


def test_only_our_logger_is_configured():
    root = logging.getLogger()
    before = root.handlers[:], root.level
    logs.configure("DEBUG", "json", io.StringIO())
    assert (root.handlers[:], root.level) == before
    assert LOGGER.propagate is False


@pytest.mark.parametrize("server", logs.SERVERS)
def test_the_line_of_a_server_about_a_request_has_no_token_of_its_url(server, caplog):
    logs.configure("INFO", "json", io.StringIO())
    path = f"/webhook/tradingview/{scoped('c=200USD')}"
    with caplog.at_level(logging.INFO, logger=server):
        logging.getLogger(server).info('"%s %s" %d', "POST", path, 200)
        logging.getLogger(server).info('"%(r)s" %(s)s', {"r": f"POST {path} HTTP/1.1", "s": "200"})
        logging.getLogger(server).info("100 % of it")
    assert [record.getMessage() for record in caplog.records] == [
        '"POST /webhook/tradingview/***" 200',
        '"POST /webhook/tradingview/*** HTTP/1.1" 200',
        "100 % of it",
    ]


def test_without_a_stream_the_line_goes_to_whatever_stdout_is_by_then(monkeypatch):
    logs.configure("INFO", "json")
    later = io.StringIO()
    monkeypatch.setattr(sys, "stdout", later)
    event(logging.INFO, "here")
    assert json.loads(later.getvalue())["message"] == "here"


def test_a_stream_that_fails_does_not_stop_the_caller(capsys):
    class Broken(io.StringIO):
        def write(self, _text):
            raise OSError("disk full")

    logs.configure("INFO", "json", Broken())
    event(logging.INFO, "lost")
    assert "disk full" in capsys.readouterr().err
