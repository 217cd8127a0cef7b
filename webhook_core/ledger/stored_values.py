"""The values of an entry as plain JSON and back: times, amounts, requests and fills."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from operator import attrgetter
from typing import Any, get_args

from webhook_core.ledger.entry import ExitTrade
from webhook_core.trading.checks import Check
from webhook_core.trading.orders import Exit, Side
from webhook_core.trading.requests import Fill, Method, OrderRequest
from webhook_core.value import NamedTuple

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
_SAID = object()
"""Equal to no part: it always stands there."""
_METHODS: tuple[Method, ...] = get_args(Method)


class Form(NamedTuple):
    """How a value is written as JSON, and read again: that raises KeyError, TypeError, ValueError
    or ArithmeticError for what is not one of ours."""

    write: Callable[[Any], Any]
    read: Callable[..., Any]


def several(form: Form) -> Form:
    """A tuple of such values."""
    return Form(
        lambda values: [form.write(value) for value in values],
        lambda documents: tuple(form.read(document) for document in documents),
    )


def named(kind: Any, forms: Mapping[str, Form | None], unsaid: Mapping[str, Any]) -> Form:
    """A value as an object: its parts in the order of ``forms``, None where one stands as it is;
    what is None is null, and read again only where that is its default. A part that is as
    ``unsaid`` has it is left out: its default."""

    parts_of, defaults = attrgetter(*forms), kind._field_defaults
    writes = [(name, form and form.write, unsaid.get(name, _SAID)) for name, form in forms.items()]
    reads = [(name, form and form.read, defaults.get(name, _SAID)) for name, form in forms.items()]

    def write(value: Any) -> dict[str, Any]:
        document = {}
        for (name, form, nothing), part in zip(writes, parts_of(value), strict=True):
            if part is not nothing and part != nothing:
                document[name] = part if form is None or part is None else form(part)
        return document

    def read(document: Mapping[str, Any], **beside: Any) -> Any:
        for name, form, default in reads:
            if name in document or name not in unsaid:
                said = document[name]
                beside[name] = said if form is None or said is default is None else form(said)
        return kind(**beside)

    return Form(write, read)


def iso(moment: datetime) -> str:
    """UTC with microseconds. Raises ValueError for a time without a zone."""
    if moment.tzinfo is not UTC:
        if moment.tzinfo is None:
            raise ValueError("a time without a zone can't be stored")
        moment = moment.astimezone(UTC)
    return moment.isoformat(timespec="microseconds")


def time_of(text: str) -> datetime:
    """The time again, in UTC."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a stored time has no zone")
    return moment.astimezone(UTC)


def _method(text: str) -> str:
    if text not in _METHODS:
        raise ValueError("a stored request has a method that this version does not know")
    return text


def _check(row: list[Any]) -> Check:
    rule, passed, message, numbers, set_by = row
    return Check(rule, passed, message, dict(numbers), set_by)


AMOUNT = Form(str, Decimal)
TIME = Form(iso, time_of)
TEXTS = Form(list, tuple)
_MAPPING = Form(dict, dict)
FILL = named(
    Fill,
    {
        "status": None,
        "volume": AMOUNT,
        "price": Form(str, lambda text: None if text is None else Decimal(text)),
        **dict.fromkeys(("cost", "fee"), AMOUNT),
        "opened_at": TIME,
        "closed_at": TIME,
        "trades": Form(str, int),
    },
    dict.fromkeys(("opened_at", "closed_at", "trades")),
)
EXIT_TRADE = named(
    ExitTrade,
    {
        "trade_id": None,
        "order_id": None,
        "side": Form(str, Side),
        **dict.fromkeys(("volume", "price", "cost", "fee"), AMOUNT),
        "at": TIME,
    },
    {},
)
CHECK = Form(lambda check: [*check[:3], dict(check.numbers), check.set_by], _check)
"""Many stand in an entry, so its parts have no names."""
_MARKS = ("exits", "counted", "freeing", "waits", "no_larger", "whole")
REQUEST = named(
    OrderRequest,
    {
        "symbol": None,
        "parameters": _MAPPING,
        "reference_price": AMOUNT,
        "method": Form(str, _method),
        **dict.fromkeys(_MARKS),
        "exit": Form(str, Exit),
        "words": _MAPPING,
        "most": AMOUNT,
    },
    {
        "method": "AddOrder",
        **dict.fromkeys(_MARKS, False),
        **dict.fromkeys(("exit", "words", "most")),
    },
)
"""One that was written before there were other requests is an order."""
