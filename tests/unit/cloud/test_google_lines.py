"""Our lines beside those of google-cloud-logging's own handler: the same
records, the same entries."""

import io
import json
import logging
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum

import pytest

from webhook_core.cloud.json_lines import GoogleLine, encode
from webhook_core.cloud.log_facts import plain

PROJECT, PREFIX = "my-project", "logging.googleapis.com/"
TRACE = {"trace": "0af7651916cd43dd8448eb211c80319c", "span_id": "b7ad6b7169203331"}
NASTY = 'x\n{"severity": "ERROR"}\r\x00\x1b[31m\x85\u2028\u202e\ud800 y'


class Side(StrEnum):
    BUY = "buy"


class Unspeakable:
    def __repr__(self):
        raise RuntimeError("no words")


class Encoder(json.JSONEncoder):
    def default(self, o):
        return plain(o)


@pytest.fixture(autouse=True)
def _no_line_about_the_library_itself(monkeypatch):
    monkeypatch.setattr("google.cloud.logging_v2._instrumentation_emitted", True)


def record(message="order.accepted", facts=None, level=logging.INFO, args=(), error=None):
    info = (type(error), error, error.__traceback__) if error is not None else None
    made = logging.LogRecord(
        "webhook_core", level, "/srv/webhook_core/orders.py", 42, message, args, info, "report"
    )
    if facts is not None:
        made.facts = facts
    return made


def ours(made, project=PROJECT):
    line = one_line(GoogleLine(project).format(made))
    return json.loads(line, parse_constant=pytest.fail)


def one_line(text):
    assert text.isascii()
    assert text.isprintable()
    return text


def theirs(made, project=PROJECT):
    """As the library's users hand over fields, labels and trace: docs.cloud.google.com/python/docs
    /reference/logging/latest/std-lib-integration. Its filter runs first, as for any handler."""
    facts = dict(getattr(made, "facts", {}))
    execution_id = facts.get("execution_id")
    made.labels = {"execution_id": execution_id} if execution_id else {}
    made.http_request, made.trace, made.span_id, made.trace_sampled = None, "", "", False
    if project is not None and "trace" in facts:
        made.trace = f"projects/{project}/traces/{facts.pop('trace')}"
        made.span_id = facts.pop("span_id", "")
        made.trace_sampled = facts.pop("trace_sampled", False)
    if made.exc_info:
        facts["exception"] = logging.Formatter().formatException(made.exc_info)
        made.exc_info = None
    made.json_fields = facts
    # Imported here: each worker collects this file, and one plays it.
    from google.cloud.logging_v2.handlers import StructuredLogHandler

    stream = io.StringIO()
    StructuredLogHandler(stream=stream, project_id=project, json_encoder_cls=Encoder).handle(made)
    return json.loads(stream.getvalue())


def raised(message, cause=None):
    try:
        try:
            if cause:
                raise KeyError(cause)
        except KeyError as error:
            raise ValueError(message) from error
        raise ValueError(message)
    except ValueError as error:
        return error


FACTS = {
    "no facts": None,
    "nothing in them": {},
    "texts": {"alert_id": "a-1", "reason": "too large", "empty": "", "none": None},
    "numbers": {"whole": 3, "part": 0.25, "much": 10**30, "little": -1e-9, "yes": True,
        "no": False},
    "Decimal": {"volume": Decimal("1E-8"), "price": Decimal("60000.10"), "zero": Decimal("-0")},
    "Decimal that is no number": {"volume": Decimal("NaN"), "price": Decimal("-Infinity")},
    "times": {
        "at": datetime(2026, 2, 18, 14, 30, 0, 5, UTC),
        "there": datetime(2026, 2, 18, tzinfo=timezone(timedelta(hours=-5))),
        "day": date(2026, 2, 18),
    },
    "inside others": {"legs": [{"volume": Decimal("0.50")}, ["a", ("b", Decimal(2))]], "one": {1}},
    "names and objects": {"side": Side.BUY, "error": ValueError("x\ny"), "raw": b"\xff"},
    "keys that are no text": {"counts": {2: "two", None: 2, True: 3, 1.5: 4}},
    "unicode": {"note": "größer als 5 € / 注文 🚀", "ключ": "значение", "marks": "e\u0301\u200f"},
    "what would end a line": {"reason": NASTY, "inside": {NASTY.replace("\ud800", ""): [NASTY]}},
    "texts that look like JSON": {"a": '{"severity": "ALERT"}', "b": "[1, 2", "c": "null",
        "d": '"'},
    "texts that look like formats": {"a": "%(message)s %s %d", "b": "{0} {x}", "c": "%"},
    "names of the entry's own": {
        "severity": "DEBUG", "message": "false", "time": "never",
        "httpRequest": {"requestUrl": "x"},
        "timestamp": 1, "timestampSeconds": 2, "timestampNanos": 3, f"{PREFIX}insertId": "x",
        f"{PREFIX}labels": {"a": "b"}, f"{PREFIX}operation": {}, f"{PREFIX}trace": "x", "kept": 1,
    },
    "execution": {"execution_id": "abcDEF012345"},
    "trace": {**TRACE, "trace_sampled": True, "request_id": "r-1", "execution_id": "e1"},
    "trace that is not sampled": {**TRACE, "trace_sampled": False},
    "trace without a span": {"trace": TRACE["trace"], "trace_sampled": True},
    "span without a trace": {"span_id": TRACE["span_id"], "trace_sampled": True},
    "very long text": {"reason": "x" * 100_000, "after": "y"},
}  # fmt: skip


@pytest.mark.parametrize("project", [PROJECT, None])
@pytest.mark.parametrize("facts", FACTS.values(), ids=FACTS)
def test_an_event_is_the_same_entry_as_the_librarys(facts, project):
    assert ours(record(facts=facts), project) == theirs(record(facts=facts), project)


@pytest.mark.parametrize(
    "level",
    [logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL],
    ids=logging.getLevelName,
)
def test_a_level_is_the_severity_that_the_library_gives_it(level):
    entry = ours(record(level=level))
    assert entry == theirs(record(level=level))
    assert entry["severity"] == logging.getLevelName(level)


@pytest.mark.parametrize(
    ("message", "args"),
    [
        ("order.accepted", ()),
        ("größer 🚀 \u2028", ()),
        (NASTY, ()),
        ('[{"severity": "ALERT"}]', ()),
        ("null", ()),
        ("100 %", ()),
        ("%s of %d", ("two", 3)),
        ('{"no JSON', ()),
    ],
)
def test_a_message_is_the_librarys(message, args):
    assert ours(record(message, args=args)) == theirs(record(message, args=args))


@pytest.mark.parametrize(
    "message", ['{"severity": "EMERGENCY", "alert_id": "forged"}', "{}", '{"message": 1}']
)
def test_a_message_that_is_json_stays_a_message(message):
    """There the library lets the message become the entry; a blank before it keeps it text."""
    entry, spaced = ours(record(message)), theirs(record(f" {message}"))
    assert entry.pop("message") == message == spaced.pop("message")[1:]
    assert entry == spaced


@pytest.mark.parametrize(
    "error",
    [
        raised("plain"),
        raised(NASTY),
        raised("größer 🚀", cause='{"severity": "ALERT"}'),
        raised(""),
    ],
)
def test_a_traceback_is_a_field_as_it_is_with_the_library(error):
    entry = ours(record("request.crashed", {"alert_id": "a-1"}, logging.CRITICAL, error=error))
    assert entry == theirs(
        record("request.crashed", {"alert_id": "a-1"}, logging.CRITICAL, error=error)
    )
    assert entry["exception"].startswith("Traceback (most recent call last)")


def circle():
    made = []
    made.append(made)
    return made


def deep():
    made = []
    for _ in range(100_000):
        made = [made]
    return made


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("-inf"),
        [float("inf")],
        {("a", "b"): 1},
        circle(),
        deep(),
        Unspeakable(),
        10**5000,
    ],
    ids=["nan", "inf", "inside", "key", "circle", "deep", "no repr", "too many digits"],
)
def test_a_fact_that_can_not_be_written_costs_neither_the_line_nor_the_other_facts(value):
    """The library loses the line, or writes what is no JSON."""
    kept = {"volume": Decimal("1E-8"), "legs": [{"price": Decimal("2.50")}], "text": "t"}
    entry, without = ours(record(facts={"odd": value, **kept})), ours(record(facts=kept))
    assert isinstance(entry.pop("odd"), str)
    assert entry == without


def test_a_fact_with_a_name_that_is_no_text_keeps_the_others():
    assert json.loads(encode({("a", "b"): 1, "volume": Decimal(2)})) == {
        "('a', 'b')": 1,
        "volume": "2",
    }
