"""What a sender wants, typed: intake reads it from a verified body, trading makes orders of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, get_args

from pydantic_core import SchemaValidator
from pydantic_core import core_schema as schemas

from webhook_core.trading.orders import (
    Action,
    CancelScope,
    FeeCurrency,
    MarketPosition,
    OrderType,
    QuantityType,
    Relative,
    SelfTrade,
    Side,
    TimeInForce,
    TriggerBy,
)
from webhook_core.value import Record, Value


class Alert(Record, Value, frozen=True, kw_only=True):
    """What the sender wants.

    Prices are quote per base or offsets; every amount is exactly as written.

    ``volume`` counts what ``quantity_type`` says, base where that is None, and may be configured
    instead. ``price`` is the limit where the order type has one, else a reference that is never
    sent; ``stop_price`` is the trigger. ``percent`` is how much of the position a close closes,
    None for all. ``orders`` are legs, and then the alert has nothing of an order itself but
    ``symbol``. ``bar_time`` is context, and so are the market positions unless ``action`` is
    target. Free text is in no repr. Which fields an order may have together is trading's to say.

    Every alert is checked against its annotations by pydantic's core, strictly. pydantic's
    BaseModel says the same and takes 50 ms to import and build, a quarter of all that a bare
    krakenex order costs from a cold start; this takes 2 ms.
    """

    hidden = frozenset({"alert_message", "custom_fields"})

    action: Action = "order"
    symbol: str | None = None
    side: Side | None = None
    order_type: OrderType = OrderType.MARKET
    volume: Decimal | None = None
    quantity_type: QuantityType | None = None
    percent: Decimal | None = None
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
    market_position: MarketPosition | None = None
    market_position_size: Decimal | None = None
    prev_market_position: MarketPosition | None = None
    prev_market_position_size: Decimal | None = None
    order_id: str | None = None
    client_order_id: str | None = None
    of_alert: str | None = None
    scope: CancelScope | None = None
    confirm_fill: bool = False
    orders: tuple[Alert, ...] = ()
    strategy_name: str | None = None
    alert_message: str | None = None
    custom_fields: dict[str, Any] = field(default_factory=dict)
    id: str | None = None
    fired_at: datetime | None = None
    bar_time: str | None = None
    validate_only: bool = False
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _STRICT.validate_python({name: getattr(self, name) for name in _ANNOTATIONS})


def position(alert: Alert, name: str) -> Decimal | None:
    """``market_position`` with its size, or ``prev_market_position`` with its: signed,
    None where it is not said."""
    word, size = getattr(alert, name), getattr(alert, f"{name}_size")
    if word == "flat":
        return Decimal(0)
    if word is None or size is None:
        return None
    return Decimal(size) if word == "long" else -Decimal(size)


_ANNOTATIONS: Mapping[str, str] = Alert.__annotations__
_KINDS: Mapping[str, schemas.CoreSchema] = {
    "str": schemas.str_schema(),
    "bool": schemas.bool_schema(),
    "int": schemas.int_schema(),
    "Decimal": schemas.decimal_schema(),
    "Relative": schemas.is_instance_schema(Relative),
    "Decimal | Relative": schemas.union_schema(
        [schemas.is_instance_schema(Relative), schemas.decimal_schema()]
    ),
    "datetime": schemas.datetime_schema(),
    "datetime | timedelta": schemas.union_schema(
        [schemas.datetime_schema(), schemas.timedelta_schema()]
    ),
    "TriggerBy": schemas.literal_schema(list(get_args(TriggerBy))),
    "TimeInForce": schemas.literal_schema(list(get_args(TimeInForce))),
    "FeeCurrency": schemas.literal_schema(list(get_args(FeeCurrency))),
    "SelfTrade": schemas.literal_schema(list(get_args(SelfTrade))),
    "Action": schemas.literal_schema(list(get_args(Action))),
    "QuantityType": schemas.literal_schema(list(get_args(QuantityType))),
    "MarketPosition": schemas.literal_schema(list(get_args(MarketPosition))),
    "CancelScope": schemas.literal_schema(list(get_args(CancelScope))),
    "Side": schemas.is_instance_schema(Side),
    "OrderType": schemas.is_instance_schema(OrderType),
    "dict[str, Any]": schemas.dict_schema(schemas.str_schema()),
    "tuple[Alert, ...]": schemas.tuple_variable_schema(schemas.is_instance_schema(Alert)),
    "tuple[str, ...]": schemas.tuple_variable_schema(schemas.str_schema()),
}


def _kind(annotation: str) -> schemas.CoreSchema:
    value = annotation.removesuffix(" | None")
    return _KINDS[value] if value == annotation else schemas.nullable_schema(_KINDS[value])


# What an error shows may be a token.
_CONFIG = schemas.CoreConfig(strict=True, hide_input_in_errors=True)
_STRICT = SchemaValidator(
    schemas.typed_dict_schema(
        {name: schemas.typed_dict_field(_kind(text)) for name, text in _ANNOTATIONS.items()},
        config=_CONFIG,  # this one makes it strict
    ),
    _CONFIG,  # and this one hides the input
)
