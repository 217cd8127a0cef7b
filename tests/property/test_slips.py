"""Whatever a pen does to a valid alert: it trades what it says, or is refused, and its token is in
nothing that is said."""

from __future__ import annotations

import json
import logging
from decimal import Decimal

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support.examples import examples
from tests.support.faked_function import TOKEN, Function
from webhook_core.errors import AlertMalformed
from webhook_core.events import LOGGER
from webhook_core.intake import json_body
from webhook_core.intake.field_names import MAX_ECHO, normalise
from webhook_core.intake.json_scan import find_fault
from webhook_core.intake.value_slips import slip_of

SAID = {
    "symbol": "BTC/USD",
    "side": "buy",
    "volume": "0.01",
    "price": "60000",
    "comment": "Long 1",
    "order_id": "L",
}
PIECES = [
    '"',
    "'",
    "“",
    "”",
    ",",
    ":",
    "{",
    "}",
    "[",
    "]",
    "\\",
    "\n",
    "\t",
    "\u00a0",
    "\ufeff",
    "//",
    "#",
    "NaN",
    "0,5",
]
PIECES += [
    "True",
    "{{close}}",
    "{close}",
    "%",
    "$",
    "*2",
    ".",
    "-",
    "e9",
    " ",
    "\x00",
    "=",
    ";",
    "null",
    "1",
]


def whole_alert() -> str:
    return json.dumps({"token": TOKEN, "id": "a-1", **SAID}, indent=1)


@st.composite
def mutilated(draw) -> str:
    """A valid alert after one to three slips: a piece put in, put in the place of others, or left
    out."""
    text = whole_alert()
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(text)))
        gone = draw(st.integers(0, 3) | st.integers(0, len(text)))
        text = text[:at] + draw(st.sampled_from(["", *PIECES])) + text[at + gone :]
    return text


@given(body=mutilated())
@settings(max_examples=examples(1000))
@example(body=whole_alert().replace('"token": "', '"token: "'))
@example(body=whole_alert().replace(TOKEN, f"{TOKEN}\n"))
@example(body=f'{{"{TOKEN}": NaN}}')
@example(body=f"token={TOKEN}&side=buy")
def test_a_mutilated_alert_trades_what_it_says_or_nothing_and_never_shows_its_token(body):
    function, lines = Function(), Lines()
    LOGGER.addHandler(lines)
    try:
        answer = function.post(body.encode())
    finally:
        LOGGER.removeHandler(lines)
    assert answer.status in (200, 400, 401, 422)
    assert TOKEN not in json.dumps(answer.document) + "".join(lines.written)
    if answer.status == 200:
        said = json.loads(body.removeprefix("\ufeff"), parse_float=Decimal, parse_int=Decimal)
        said = {normalise(name): value for name, value in said.items()}
        (request, *_) = function.venue.submitted[0]
        sent = request.parameters
        assert len(function.venue.submitted) == 1
        assert sent["type"] == str(said["side"]).lower()
        assert Decimal(str(sent["volume"])) <= Decimal(said["volume"])
        assert sent["pair"] == "XXBTZUSD"


class Lines(logging.Handler):
    def __init__(self):
        super().__init__(logging.DEBUG)
        self.written = []

    def emit(self, record):
        self.written.append(f"{record.getMessage()} {getattr(record, 'facts', '')}")


ragged = st.lists(
    st.sampled_from([*PIECES, '"a"', '"token"', "0", "-", "1.5", "true", "/", "*", "b"]),
    max_size=12,
)


@given(text=ragged.map("".join) | st.text(max_size=40) | mutilated())
@settings(max_examples=examples(1000))
def test_the_search_finds_a_fault_exactly_where_the_reader_refuses(text):
    try:
        json.loads(text, parse_constant=lambda _: 1 / 0)
    except (json.JSONDecodeError, ZeroDivisionError):
        fault = find_fault(text)
        assert fault is not None
        assert 0 <= fault.begins <= fault.ends <= len(text)
        assert fault.at <= len(text)
    except ValueError:
        pass  # a number of more than 4300 digits, which is another refusal
    else:
        assert find_fault(text) is None


@given(text=ragged.map("".join) | st.text(max_size=40))
@settings(max_examples=examples(1000))
def test_each_refusal_is_one_line_of_its_own(text):
    try:
        json_body.parse(text.encode("utf-8", "replace"))
    except AlertMalformed as error:
        says = error.message
    else:
        return
    assert says.isprintable()
    assert len(says) < 400


@given(
    field=st.sampled_from(
        ["volume", "price", "side", "order_type", "id", "symbol", "leverage", "orders", "fired_at"]
    ),
    value=st.text(max_size=30)
    | st.lists(st.sampled_from([*PIECES, "1", "BTC", TOKEN]), max_size=5).map("".join),
)
@settings(max_examples=examples(1000))
def test_a_value_with_a_slip_is_refused_or_read_and_its_sentence_shows_no_token(field, value):
    says = slip_of(field, value, MAX_ECHO) or ""
    assert says.isprintable()
    assert len(says) < 200
    assert TOKEN not in says
    answer = Function().post({"token": TOKEN, "id": "a-1", **SAID, field: value})
    assert answer.status in (200, 400, 401, 422)
    assert TOKEN not in json.dumps(answer.document) or field == "id"
