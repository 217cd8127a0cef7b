"""AddOrder's arguments, each refusal in Kraken's words.

Fields and errors: docs.kraken.com/api/docs/rest-api/add-order,
docs.kraken.com/api/docs/guides/spot-errors and docs.kraken.com/api/docs/guides/spot-clordid. The
order among the checks is ours: Kraken doesn't document it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from webhook_core.kraken.paper import order_prices
from webhook_core.kraken.paper.book import Order
from webhook_core.kraken.paper.desk import Desk
from webhook_core.kraken.paper.envelope import Refused, invalid
from webhook_core.kraken.paper.order_prices import AMOUNT, amount, digits, set_prices
from webhook_core.kraken.paper.pairs import Pair
from webhook_core.kraken.paper.public import no_price

ORDER_TYPES = order_prices.LIMITS | order_prices.TRIGGERS | {"market", "settle-position"}
# One price per pair: own orders never meet.
STP_TYPES = frozenset({"cancel-newest", "cancel-oldest", "cancel-both"})
LATEST_DEADLINE_S, LONGEST_GTD_S = 60, 31 * 86400
_MOMENT = r"(?a)\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)"
_UUID = r"(?ai)[0-9a-f]{8}(-?)[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{12}"
_FREE_ID = r"(?a)[a-z0-9_-]{1,18}"
_DISPLAYED = 15  # an iceberg shows at least this part of its volume
_NO, _YES = ("", "0", "false"), ("1", "true")


def read(desk: Desk, params: Mapping[str, str]) -> tuple[Pair, Order]:
    """The pair and the order that the arguments describe, without an id yet.

    Raises Refused for the first bad one.
    """
    ordertype = _one_of(params, "ordertype", ORDER_TYPES)
    side = _one_of(params, "type", {"buy", "sell"})
    pair = desk.pairs.find(params.get("pair", ""), params.get("asset_class", "currency"))
    _one_of(params, "stptype", STP_TYPES, "cancel-newest")
    leverage = _leverage(params, pair, side, ordertype)
    order = Order(
        txid="",
        pair=pair.key,
        side=side,
        ordertype=ordertype,
        volume=volume_of(params, pair, leverage),
        opentm=desk.now,
        leverage=leverage,
        oflags=_oflags(params, ordertype, side, leverage),
        timeinforce=_time_in_force(params, ordertype),
        starttm=_moment(params, "starttm", desk.now),
        expiretm=_expiry(params, desk.now),
        cl_ord_id=_client_order_id(params),
        trigger=_one_of(params, "trigger", ("last", "index"), "last"),
        reduce_only=_reduce_only(params, leverage),
    )
    if ordertype == "iceberg":
        check_display(params.get("displayvol", ""), order)
    elif params.get("displayvol", "0") not in ("", "0"):
        raise invalid("displayvol")
    _read_prices(desk, params, pair, order)
    check_deadline(params, desk.now)
    return pair, order


def _read_prices(desk: Desk, params: Mapping[str, str], pair: Pair, order: Order) -> None:
    """The order's own, and those of its conditional close."""
    last = desk.book.prices.get(pair.key)
    set_prices(params, pair, order, last)
    if order.said and last is None and "validate" not in params:
        raise no_price(pair, "price")
    if "post" in order.oflags and order.timeinforce in ("IOC", "FOK"):
        raise invalid("timeinforce")
    if any(field.startswith("close[") or field == "close" for field in params):
        order.close = order_prices.read_close(params, pair, order)


def check_display(text: str, order: Order) -> None:
    """What an iceberg shows; it changes nothing here, as there is no queue. Raises Refused."""
    if not order.volume / _DISPLAYED <= amount({"displayvol": text}, "displayvol") <= order.volume:
        raise invalid("displayvol")


def same_id(one: str | None, other: str | None) -> bool:
    """Kraken keeps a UUID as a number: its two spellings, in any case, are one id."""
    return one is not None and other is not None and _folded(one) == _folded(other)


def _folded(client_order_id: str) -> str:
    is_number = re.fullmatch(_UUID, client_order_id)
    return client_order_id.replace("-", "").lower() if is_number else client_order_id


def _one_of(
    params: Mapping[str, str], field: str, allowed: Collection[str], default: str = ""
) -> str:
    value = params.get(field, default)
    if value not in allowed:
        raise invalid(field)
    return value


def _reduce_only(params: Mapping[str, str], leverage: int) -> bool:
    value = params.get("reduce_only", "false").lower()
    if value not in (*_NO, *_YES) or (value in _YES and not leverage):
        raise invalid("reduce_only")
    return value in _YES


def volume_of(
    params: Mapping[str, str], pair: Pair, leverage: int, field: str = "volume"
) -> Decimal:
    """Base, or quote with viqc; 0 is for what closes a margin position.

    Raises Refused, naming ``field``.
    """
    text = params.get("volume", "")
    if leverage and re.fullmatch(AMOUNT, text) and not Decimal(text):
        return Decimal(0)
    volume = amount({field: text}, field)
    most = pair.cost_decimals if "viqc" in params.get("oflags", "") else pair.lot_decimals
    if digits(volume) > most:
        raise invalid(field)
    return volume


def _leverage(params: Mapping[str, str], pair: Pair, side: str, ordertype: str) -> int:
    text = params.get("leverage", "none").removesuffix(":1")
    if text == "none" and ordertype != "settle-position":
        return 0
    offered = pair.leverage_buy if side == "buy" else pair.leverage_sell
    if text not in {str(level) for level in offered}:
        raise invalid("leverage")
    return int(text)


def _oflags(params: Mapping[str, str], ordertype: str, side: str, leverage: int) -> str:
    """Who is charged in what comes first, as in Kraken's answers."""
    flags = [flag for flag in params.get("oflags", "").split(",") if flag]
    if "viqc" in flags and ((ordertype, side) != ("market", "buy") or leverage):
        raise invalid("viqc")
    bad = set(flags) - {"post", "fcib", "fciq", "nompp", "viqc"} or {"fcib", "fciq"} <= set(flags)
    if bad or ("post" in flags and ordertype != "limit"):
        raise invalid("oflags")
    charged = "fcib" if "fcib" in flags else "fciq"
    return ",".join([charged, *(flag for flag in ("post", "viqc") if flag in flags)])


def _time_in_force(params: Mapping[str, str], ordertype: str) -> str:
    value = params.get("timeinforce", "GTC")
    kinds = {"GTC": ORDER_TYPES, "GTD": ORDER_TYPES, "IOC": {"market", "limit"}, "FOK": {"limit"}}
    if ordertype not in kinds.get(value, ()):
        raise invalid("timeinforce")
    if value == "GTD" and params.get("expiretm", "0") == "0":
        raise invalid("expiretm")
    return value


def _moment(params: Mapping[str, str], field: str, now: float) -> int:
    """Unix seconds, 0 for none."""
    text = params.get(field, "0")
    if not re.fullmatch(r"\+?[0-9]{1,12}", text, re.ASCII):
        raise invalid(field)
    return int(now) + int(text) if text.startswith("+") else int(text)


def _expiry(params: Mapping[str, str], now: float) -> int:
    """5 seconds to a month ahead."""
    moment = _moment(params, "expiretm", now)
    if params.get("timeinforce") != "GTD":
        return 0
    if not now + 4 <= moment <= now + LONGEST_GTD_S:
        raise invalid("expiretm")
    return moment


def _client_order_id(params: Mapping[str, str]) -> str | None:
    text = params.get("cl_ord_id")
    if text is None:
        return None
    if not (re.fullmatch(_UUID, text) or re.fullmatch(_FREE_ID, text)):
        raise invalid("cl_ord_id")
    return text


def check_deadline(params: Mapping[str, str], now: float) -> None:
    """Kraken asks for two seconds ahead at least; a deadline fixed a little earlier may have less
    left, so paper doesn't."""
    text = params.get("deadline")
    if text is None:
        return
    try:
        moment = datetime.fromisoformat(text.upper()) if re.fullmatch(_MOMENT, text) else None
    except ValueError:
        moment = None
    here = datetime.fromtimestamp(now, UTC)
    if moment is None or moment > here + timedelta(seconds=LATEST_DEADLINE_S):
        raise invalid("deadline")
    if moment < here:
        raise Refused("EService:Deadline elapsed")
