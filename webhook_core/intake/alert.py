"""A verified body -> the typed alert, or an error that names the field at fault and how to mend it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, get_args

from pydantic_core import SchemaValidator
from pydantic_core import core_schema as kinds

from webhook_core.errors import AlertMalformed
from webhook_core.intake import field_values as values
from webhook_core.intake.authentication import VerifiedBody
from webhook_core.intake.field_names import Sent, Sorted, is_missing, shown_names, sort_fields
from webhook_core.intake.freshness import check_freshness, firing_time
from webhook_core.intake.order_values import read_terms
from webhook_core.intake.refused_names import normalise
from webhook_core.trading.orders import FeeCurrency, OrderType, Relative, SelfTrade, Side, TimeInForce, TriggerBy

__all__ = ["Alert", "check_freshness", "parse"]

MAX_NAME = 128
MAX_SYMBOL = 64
MAX_MESSAGE = 4096

Order = Mapping[str, Sequence[Sent]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """What the sender wants. Prices are quote per base or offsets, ``volume`` is base; both exactly as written.

    ``volume`` may be configured instead. ``price`` is the limit where the order type has one, else a reference that is
    never sent; ``stop_price`` is the trigger. ``bar_time`` is context. Free text is in no repr. Which fields go together is
    trading's to say.

    Every alert is checked against its annotations by pydantic's core, strictly. pydantic's BaseModel says the same and
    takes 50 ms to import and build, a quarter of all that a bare krakenex order costs from a cold start; this takes 2 ms.
    """

    symbol: str
    side: Side
    order_type: OrderType = OrderType.MARKET
    volume: Decimal | None = None
    price: Decimal | Relative | None = None
    stop_price: Decimal | Relative | None = None
    trail: Relative | None = None
    trail_limit: Relative | None = None
    leverage: int | None = None
    reduce_only: bool = False
    display_volume: Decimal | None = None
    trigger_by: TriggerBy | None = None
    time_in_force: TimeInForce | None = None
    post_only: bool = False
    starts: datetime | timedelta | None = None
    expires: datetime | timedelta | None = None
    fee_currency: FeeCurrency | None = None
    self_trade: SelfTrade | None = None
    take_profit: Decimal | Relative | None = None
    take_profit_limit: Decimal | Relative | None = None
    stop_loss: Decimal | Relative | None = None
    stop_loss_limit: Decimal | Relative | None = None
    strategy_name: str | None = None
    alert_message: str | None = field(default=None, repr=False)
    custom_fields: dict[str, Any] = field(default_factory=dict, repr=False)
    id: str | None = None
    fired_at: datetime | None = None
    bar_time: str | None = None
    validate_only: bool = False
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _STRICT.validate_python({name: getattr(self, name) for name in _ANNOTATIONS})


_ANNOTATIONS: Mapping[str, str] = Alert.__annotations__
_KINDS: Mapping[str, kinds.CoreSchema] = {
    "str": kinds.str_schema(),
    "bool": kinds.bool_schema(),
    "int": kinds.int_schema(),
    "Decimal": kinds.decimal_schema(),
    "Relative": kinds.is_instance_schema(Relative),
    "Decimal | Relative": kinds.union_schema([kinds.is_instance_schema(Relative), kinds.decimal_schema()]),
    "datetime": kinds.datetime_schema(),
    "datetime | timedelta": kinds.union_schema([kinds.datetime_schema(), kinds.timedelta_schema()]),
    "TriggerBy": kinds.literal_schema(list(get_args(TriggerBy))),
    "TimeInForce": kinds.literal_schema(list(get_args(TimeInForce))),
    "FeeCurrency": kinds.literal_schema(list(get_args(FeeCurrency))),
    "SelfTrade": kinds.literal_schema(list(get_args(SelfTrade))),
    "Side": kinds.is_instance_schema(Side),
    "OrderType": kinds.is_instance_schema(OrderType),
    "dict[str, Any]": kinds.dict_schema(kinds.str_schema()),
    "tuple[str, ...]": kinds.tuple_variable_schema(kinds.str_schema()),
}


def _kind(annotation: str) -> kinds.CoreSchema:
    value = annotation.removesuffix(" | None")
    return _KINDS[value] if value == annotation else kinds.nullable_schema(_KINDS[value])


_CONFIG = kinds.CoreConfig(strict=True, hide_input_in_errors=True)  # what an error shows may be a token
_STRICT = SchemaValidator(
    kinds.typed_dict_schema(
        {name: kinds.typed_dict_field(_kind(text)) for name, text in _ANNOTATIONS.items()},
        config=_CONFIG,  # this one makes it strict
    ),
    _CONFIG,  # and this one hides the input
)


def parse(verified: VerifiedBody) -> Alert:
    """The alert in a verified body. Raises AlertMalformed with the canonical name of the field at fault."""
    fields = sort_fields(verified.fields)
    order = fields.order
    strategy_name = _strategy_name(order.get("strategy_name", ()))
    symbol = values.agreed(order.get("symbol", ()), values.name_text(MAX_SYMBOL))
    side = values.agreed(order.get("side", ()), values.side)
    if symbol is None:
        raise AlertMalformed(
            'symbol is missing: send "symbol": "{{ticker}}" or a pair such as BTC/USD.', field="symbol"
        )
    if side is None:
        raise AlertMalformed('side is missing: send "side": "{{strategy.order.action}}", buy or sell.', field="side")
    alert = Alert(
        symbol=symbol,
        side=side,
        order_type=values.agreed(order.get("order_type", ()), values.order_type) or OrderType.MARKET,
        volume=values.agreed(order.get("volume", ()), values.number),
        leverage=values.agreed(order.get("leverage", ()), values.leverage),
        strategy_name=strategy_name,
        alert_message=_free_text(order.get("alert_message", ()), MAX_MESSAGE),
        custom_fields=values.agreed(order.get("custom_fields", ()), values.json_object) or {},
        id=values.agreed(order.get("id", ()), values.name_text(MAX_NAME)),
        fired_at=firing_time(order),
        bar_time=_free_text(order.get("bar_time", ()), MAX_NAME),
        validate_only=values.agreed(order.get("validate", ()), values.flag) or False,
        warnings=tuple(_warnings(verified, fields, strategy_name)),
        **read_terms(order),
    )
    _check_prices(alert, order)
    _check_close(fields.context)
    _check_volume(fields)
    return alert


def _check_prices(alert: Alert, order: Order) -> None:
    """Each order type has the prices that it needs, and no price is quietly left out."""
    kind = alert.order_type
    if kind.takes_trigger and alert.stop_price is None:
        raise AlertMalformed(f"stop_price is missing: it is the trigger of a {kind} order.", field="stop_price")
    if kind.takes_limit and alert.price is None:
        raise AlertMalformed(f"price is missing: it is the limit of a {kind} order.", field="price")
    if not kind.takes_trigger and alert.stop_price is not None:
        raise AlertMalformed(
            f"stop_price is the trigger of stop-loss and take-profit orders; a {kind} order has none. "
            "Set order_type, or remove it.",
            field="stop_price",
        )
    if not kind.takes_limit:
        for sent in order.get("price", ()):
            # As "price" it is a reference; under this name the sender means a limit, and a market order would ignore it.
            if normalise(sent.name) == "limitprice" and not is_missing(sent.value):
                raise sent.fault(
                    f"means a limit, and a {kind} order has none: set order_type, or send a mere reference as price"
                )


def _check_volume(fields: Sorted) -> None:
    """Beside the bar's prices ``volume`` is as likely the bar's volume, thousands of times the order's size."""
    bar = {"open", "high", "low", "close"} <= {normalise(sent.name) for sent in fields.context}
    if bar and [normalise(sent.name) for sent in fields.order.get("volume", ())] == ["volume"]:
        raise AlertMalformed(
            "volume stands beside open, high, low and close and could be the bar's: send the order's size as quantity, "
            "and the bar's volume as bar_volume.",
            field="volume",
        )


def _check_close(context: Sequence[Sent]) -> None:
    """``close`` is the bar's close, a number; as anything else it asks to close a position."""
    for sent in context:
        if normalise(sent.name) == "close" and not (
            is_missing(sent.value)
            or sent.value is False
            or (isinstance(sent.value, str) and sent.value.lower() == "false")
            or values.grouped_number(sent.value)
        ):
            raise AlertMalformed(
                "close is read as the bar's closing price only; closing a position is not supported by this version: "
                "send side and volume.",
                field="close",
            )


def _strategy_name(candidates: Sequence[Sent]) -> str | None:
    for sent in candidates:
        if isinstance(sent.value, dict | list):
            raise sent.fault(
                "must be a text: alerts with nested objects are not supported. Send flat fields, such as "
                '"side": "{{strategy.order.action}}" and "volume": "{{strategy.order.contracts}}"'
            )
    return values.agreed(candidates, values.name_text(MAX_NAME))


def _free_text(candidates: Sequence[Sent], limit: int) -> str | None:
    """The first that is present: text that decides nothing, so that only its size matters."""
    for sent in candidates:
        if is_missing(sent.value):
            continue
        if isinstance(sent.value, bool | dict | list):
            raise sent.fault(f"must be a text, not {values.shown(sent.value)}")
        text = str(sent.value)
        if len(text) > limit:
            raise sent.fault(f"has {len(text)} characters; at most {limit} are allowed")
        return text
    return None


def _warnings(verified: VerifiedBody, fields: Sorted, strategy_name: str | None) -> list[str]:
    warnings = []
    if fields.unknown:
        warnings.append(f"Ignored, because no such field is known: {shown_names(fields.unknown)}.")
    mere_text = [*fields.context, *fields.order.get("alert_message", ()), *fields.order.get("bar_time", ())]
    if left := [sent.name for sent in mere_text if values.unexpanded(sent.value)]:
        warnings.append(f"TradingView did not expand the placeholder in: {shown_names(left)}.")
    for sent in fields.context:
        elsewhere = (
            normalise(sent.name) == "exchange" and not is_missing(sent.value) and not values.unexpanded(sent.value)
        )
        if elsewhere and str(sent.value).upper() != "KRAKEN":
            warnings.append(
                f"exchange is {values.shown(sent.value)}: prices and volume are another market's, the order goes to Kraken."
            )
    if verified.strategy is not None and strategy_name not in (None, verified.strategy):
        warnings.append(
            f"strategy_name is ignored: the alert's credential belongs to the strategy {verified.strategy!r}."
        )
    return warnings
