"""The values of an entry as plain JSON and back: times, amounts, requests and fills."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, get_args

from webhook_core.ledger.entry import ExitTrade
from webhook_core.trading.checks import Check
from webhook_core.trading.orders import Exit, Side
from webhook_core.trading.requests import Fill, Method, OrderRequest

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
_METHODS: tuple[Method, ...] = get_args(Method)
_MARKS = ("exits", "counted", "freeing", "waits", "no_larger")


def fill_document(fill: Fill) -> dict[str, str | None]:
    """A fill as JSON."""
    amounts = {name: text_of(getattr(fill, name)) for name in ("volume", "price", "cost", "fee")}
    moments = {name: getattr(fill, name) for name in ("opened_at", "closed_at")}
    known = {name: iso(moment) for name, moment in moments.items() if moment is not None}
    trades = {} if fill.trades is None else {"trades": str(fill.trades)}
    return {"status": fill.status, **amounts, **known, **trades}


def fill_of(document: Mapping[str, Any] | None) -> Fill | None:
    """The fill again."""
    if document is None:
        return None
    return Fill(
        document["status"],
        Decimal(document["volume"]),
        decimal_of(document["price"]),
        Decimal(document["cost"]),
        Decimal(document["fee"]),
        time_of(document["closed_at"]) if "closed_at" in document else None,
        time_of(document["opened_at"]) if "opened_at" in document else None,
        int(document["trades"]) if "trades" in document else None,
    )


def exit_document(trade: ExitTrade) -> dict[str, str]:
    """A trade of a conditional close as JSON."""
    amounts = {name: str(getattr(trade, name)) for name in ("volume", "price", "cost", "fee")}
    ids = {"trade_id": trade.trade_id, "order_id": trade.order_id, "side": str(trade.side)}
    return {**ids, **amounts, "at": iso(trade.at)}


def exit_of(document: Mapping[str, Any]) -> ExitTrade:
    """The trade again."""
    volume, price, cost, fee = (
        Decimal(document[name]) for name in ("volume", "price", "cost", "fee")
    )
    side, at = Side(document["side"]), time_of(document["at"])
    return ExitTrade(document["trade_id"], document["order_id"], side, volume, price, cost, fee, at)


def check_document(check: Check) -> list[Any]:
    """A check as JSON: many stand in an entry, so its parts have no names."""
    return [check.rule, check.passed, check.message, dict(check.numbers), check.scope]


def check_of(document: Sequence[Any]) -> Check:
    """The check again."""
    rule, passed, message, numbers, scope = document
    return Check(rule, passed, message, dict(numbers), scope)


def request_document(request: OrderRequest) -> dict[str, Any]:
    """A request as JSON."""
    document: dict[str, Any] = {
        "symbol": request.symbol,
        "parameters": dict(request.parameters),
        "reference_price": text_of(request.reference_price),
    }
    if request.method != "AddOrder":
        document["method"] = request.method
    if request.exits:
        document["exits"] = True
    if request.counted:
        document["counted"] = True
    if request.freeing:
        document["freeing"] = True
    if request.waits:
        document["waits"] = True
    if request.no_larger:
        document["no_larger"] = True
    if request.exit is not None:
        document["exit"] = str(request.exit)
    if request.words is not None:
        document["words"] = dict(request.words)
    return document


def request_of(document: Mapping[str, Any]) -> OrderRequest:
    """An order, for one that was written before there were other requests."""
    method = document.get("method", "AddOrder")
    if method not in _METHODS:
        raise ValueError("a stored request has a method that this version does not know")
    reference_price = decimal_of(document["reference_price"])
    exits, counted, freeing, waits, no_larger = (bool(document.get(name)) for name in _MARKS)
    parameters = dict(document["parameters"])
    exit_by = Exit(document["exit"]) if "exit" in document else None
    order = (document["symbol"], parameters, reference_price, method)
    words = dict(document["words"]) if "words" in document else None
    return OrderRequest(*order, exits, counted, freeing, exit_by, waits, words, no_larger)


def text_of(amount: Decimal | None) -> str | None:
    """An amount as JSON."""
    return None if amount is None else str(amount)


def decimal_of(text: str | None) -> Decimal | None:
    """The amount again."""
    return None if text is None else Decimal(text)


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
