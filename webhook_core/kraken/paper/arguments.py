"""AddOrder's arguments, each refusal in Kraken's words.

Fields and errors: docs.kraken.com/api/docs/rest-api/add-order, docs.kraken.com/api/docs/guides/spot-errors and
docs.kraken.com/api/docs/guides/spot-clordid. The order among the checks is ours: Kraken doesn't document it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from webhook_core.kraken.paper import matching
from webhook_core.kraken.paper.book import Order
from webhook_core.kraken.paper.rules import Pair, Pairs
from webhook_core.kraken.paper.wire import Refused, invalid

ORDER_TYPES = frozenset({"market", "limit"}) | matching.TRIGGERS
LATEST_DEADLINE_S = 60
LONGEST_GTD_S = 31 * 86400
_AMOUNT = re.compile(r"[0-9]{1,15}(\.[0-9]{0,20})?|\.[0-9]{1,20}", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(-?)[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_FREE_ID = re.compile(r"[a-z0-9_-]{1,18}", re.ASCII)
_NOT_SIMULATED = ("displayvol", "reduce_only", "starttm")  # refused, so that nobody rehearses what doesn't happen


def read(pairs: Pairs, params: Mapping[str, str], now: float) -> tuple[Pair, Order]:
    """The pair and the order that the arguments describe, without an id yet. Raises Refused for the first bad one."""
    ordertype = _one_of(params, "ordertype", ORDER_TYPES)
    side = _one_of(params, "type", {"buy", "sell"})
    pair = pairs.find(params.get("pair", ""), params.get("asset_class", "currency"))
    _refuse_what_is_not_simulated(params)
    price, price2 = _prices(params, pair, ordertype)
    order = Order(
        txid="",
        pair=pair.key,
        side=side,
        ordertype=ordertype,
        volume=_volume(params, pair),
        opentm=now,
        price=price,
        price2=price2,
        leverage=_leverage(params, pair, side),
        oflags=_oflags(params, ordertype),
        timeinforce=_time_in_force(params, ordertype),
        expiretm=_expiry(params, now),
        userref=_userref(params),
        cl_ord_id=_client_order_id(params),
    )
    if "post" in order.oflags and order.timeinforce in ("IOC", "FOK"):
        raise invalid("timeinforce")
    _check_deadline(params, now)
    return pair, order


def same_id(one: str | None, other: str | None) -> bool:
    """Kraken keeps a UUID as a number: its two spellings, in any case, are one id."""
    return one is not None and other is not None and _folded(one) == _folded(other)


def _folded(client_order_id: str) -> str:
    return client_order_id.replace("-", "").lower() if _UUID.fullmatch(client_order_id) else client_order_id


def _one_of(params: Mapping[str, str], field: str, allowed: set[str] | frozenset[str]) -> str:
    value = params.get(field, "")
    if value not in allowed:
        raise invalid(field)
    return value


def _refuse_what_is_not_simulated(params: Mapping[str, str]) -> None:
    for field in _NOT_SIMULATED:
        if params.get(field, "0") not in ("", "0", "false"):
            raise invalid(field)
    if any(field.startswith("close[") or field == "close" for field in params):
        raise invalid("close")
    if params.get("trigger", "last") == "index":
        raise invalid("Index unavailable")
    if params.get("trigger", "last") != "last":
        raise invalid("trigger")


def _amount(params: Mapping[str, str], field: str) -> Decimal:
    text = params.get(field, "")
    if not _AMOUNT.fullmatch(text) or not Decimal(text):
        raise invalid(field)  # also the relative forms (+5, #2%), and a volume of 0 that closes a position
    return Decimal(text)


def _digits(value: Decimal) -> int:
    """Decimals that matter: trailing zeros don't."""
    return max(0, -int(value.normalize().as_tuple().exponent))


def _volume(params: Mapping[str, str], pair: Pair) -> Decimal:
    volume = _amount(params, "volume")
    if _digits(volume) > pair.lot_decimals:
        raise invalid("volume")
    return volume


def _prices(params: Mapping[str, str], pair: Pair, ordertype: str) -> tuple[Decimal, Decimal]:
    price = price2 = Decimal(0)
    if ordertype != "market":
        price = _amount(params, "price")
        _check_price(pair, price)
    if ordertype in matching.TRIGGERS and ordertype.endswith("-limit"):
        price2 = _amount(params, "price2")
        _check_price(pair, price2)
    return price, price2


def _check_price(pair: Pair, price: Decimal) -> None:
    if _digits(price) > pair.pair_decimals:
        where, most = pair.wsname, pair.pair_decimals
        raise Refused(f"EOrder:Invalid price:{where} price can only be specified up to {most} decimals.")
    if price % pair.tick_size:
        raise Refused("EOrder:Tick size check failed")


def _leverage(params: Mapping[str, str], pair: Pair, side: str) -> int:
    text = params.get("leverage", "none").removesuffix(":1")
    if text == "none":
        return 0
    offered = pair.leverage_buy if side == "buy" else pair.leverage_sell
    if text not in {str(level) for level in offered}:
        raise invalid("leverage")
    return int(text)


def _oflags(params: Mapping[str, str], ordertype: str) -> str:
    flags = [flag for flag in params.get("oflags", "").split(",") if flag]
    if "viqc" in flags:
        raise invalid("viqc")
    bad = set(flags) - {"post", "fcib", "fciq", "nompp"} or {"fcib", "fciq"} <= set(flags)
    if bad or ("post" in flags and ordertype != "limit"):
        raise invalid("oflags")
    currency = "fcib" if "fcib" in flags else "fciq"
    return f"{currency},post" if "post" in flags else currency


def _time_in_force(params: Mapping[str, str], ordertype: str) -> str:
    value = params.get("timeinforce", "GTC")
    kinds = {"GTC": ORDER_TYPES, "GTD": ORDER_TYPES, "IOC": {"market", "limit"}, "FOK": {"limit"}}
    if ordertype not in kinds.get(value, ()):
        raise invalid("timeinforce")
    if value == "GTD" and params.get("expiretm", "0") == "0":
        raise invalid("expiretm")
    return value


def _expiry(params: Mapping[str, str], now: float) -> int:
    """Unix seconds, 0 for never: ``<n>`` or ``+<n>`` seconds from now, 5 seconds to a month ahead."""
    text = params.get("expiretm", "0")
    if not re.fullmatch(r"\+?[0-9]{1,12}", text, re.ASCII):
        raise invalid("expiretm")
    moment = int(now) + int(text) if text.startswith("+") else int(text)
    if text == "0" or params.get("timeinforce") != "GTD":
        return 0
    if not now + 4 <= moment <= now + LONGEST_GTD_S:
        raise invalid("expiretm")
    return moment


def _userref(params: Mapping[str, str]) -> int | None:
    text = params.get("userref")
    if text is None:
        return None
    if not re.fullmatch(r"-?[0-9]{1,10}", text, re.ASCII) or not -(2**31) <= int(text) < 2**31:
        raise invalid("userref")
    return int(text)


def _client_order_id(params: Mapping[str, str]) -> str | None:
    text = params.get("cl_ord_id")
    if text is None:
        return None
    if "userref" in params or not (_UUID.fullmatch(text) or _FREE_ID.fullmatch(text)):
        raise invalid("cl_ord_id")
    return text


def _check_deadline(params: Mapping[str, str], now: float) -> None:
    """Kraken asks for two seconds ahead at least; a deadline fixed a little earlier may have less left, so paper doesn't."""
    text = params.get("deadline")
    if text is None:
        return
    try:
        moment = datetime.fromisoformat(text.upper()) if _MOMENT.fullmatch(text) else None
    except ValueError:
        moment = None
    here = datetime.fromtimestamp(now, UTC)
    if moment is None or moment > here + timedelta(seconds=LATEST_DEADLINE_S):
        raise invalid("deadline")
    if moment < here:
        raise Refused("EService:Deadline elapsed")
