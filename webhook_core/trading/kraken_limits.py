"""What Kraken's rules of the pair refuse, said before it is sent: each rule is a check with a
stable name. Those of an order's terms stand in terms.

They deny only while they are fresh: a stale number must not lose an order that Kraken would take,
and Kraken's own refusal costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from webhook_core.trading import checks
from webhook_core.trading.assets import asset_code
from webhook_core.trading.checks import Check
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.orders import OrderType, Side, is_margin
from webhook_core.trading.rounding import cost_of, plain
from webhook_core.trading.symbols import display_name

if TYPE_CHECKING:
    from webhook_core.trading.drafts import Draft
    from webhook_core.trading.rules import TradingRules

RULES_DENY_FOR = timedelta(hours=24)
"""So long after Kraken stated them do a pair's rules deny an order."""
STATUS_DENIES_FOR = timedelta(minutes=1)
"""A pair's status is a matter of minutes. Kraken's own refusal of it is one that a resend may
overcome; ours would be final."""
_NO_RULE = "Kraken's rule for the pair is not known"


def rules_are_fresh(instrument: Instrument, now: datetime) -> bool:
    """Whether the pair's rules are young enough to deny an order."""
    return now - instrument.as_of <= RULES_DENY_FOR


def status_is_fresh(instrument: Instrument, now: datetime) -> bool:
    """Whether the pair's status is young enough to deny an order."""
    return now - instrument.as_of <= STATUS_DENIES_FOR


def volume_minimum(instrument: Instrument, volume: Decimal | None) -> Check:
    """``ordermin``, in base currency, after rounding; None: the size is in quote, and no price is
    known to count it by."""
    least = instrument.ordermin
    if volume is None:
        return checks.unchecked("ORDER_MINIMUM", "no price is known")
    if least is None:
        return checks.unchecked("ORDER_MINIMUM", _NO_RULE, volume=plain(volume))
    numbers = {"volume": plain(volume), "minimum": plain(least)}
    text = (
        f"volume {plain(volume)} is below the pair's minimum {plain(least)} "
        f"{asset_code(instrument.base)}"
    )
    return checks.judged("ORDER_MINIMUM", text, holds=volume >= least, **numbers)


def cost_minimum(instrument: Instrument, volume: Decimal, price: Decimal | None) -> Check:
    """``costmin``, in quote currency, at the highest price known: which one Kraken takes
    is its own affair."""
    least = instrument.costmin
    if least is None:
        return checks.unchecked("COST_MINIMUM", _NO_RULE, volume=plain(volume))
    if price is None:
        return checks.unchecked(
            "COST_MINIMUM", "no price is known", minimum=plain(least), volume=plain(volume)
        )
    cost, quote = cost_of(volume, price), asset_code(instrument.quote)
    numbers = {
        "cost": plain(cost),
        "minimum": plain(least),
        "volume": plain(volume),
        "price": plain(price),
    }
    text = (
        f"cost {plain(cost)} {quote} ({plain(volume)} x {plain(price)}) is below the pair's "
        f"minimum {plain(least)} {quote}"
    )
    return checks.judged("COST_MINIMUM", text, holds=cost >= least, **numbers)


def close_minimum(
    instrument: Instrument, volume: Decimal, price: Decimal | None, field: str
) -> Check:
    """``costmin`` again, for the order that take profit or stop loss leaves behind: at its own
    price, as far as it is known."""
    check = cost_minimum(instrument, volume, price)
    text = check.message.replace(
        "COST_MINIMUM: ", f"CLOSE_COST_MINIMUM: the order that {field} leaves: ", 1
    )
    return check._replace(rule="CLOSE_COST_MINIMUM", message=text)


def leverage_offered(instrument: Instrument, side: Side, leverage: int | None) -> Check:
    """The pair's list for this side has it. None and 1 are spot and need no list."""
    offered = instrument.leverage_buy if side is Side.BUY else instrument.leverage_sell
    if leverage is None or leverage <= 1:
        return checks.passed("LEVERAGE", leverage="1")
    if offered is None:
        return checks.unchecked("LEVERAGE", _NO_RULE, leverage=str(leverage))
    numbers = {"leverage": str(leverage), "offered": ", ".join(map(str, offered)) or "none"}
    pair = display_name(instrument)
    text = (
        f"leverage {leverage} is not offered for a {side} of {pair}; offered: {numbers['offered']}"
    )
    return checks.judged("LEVERAGE", text, holds=leverage in offered, **numbers)


def status_permits(
    instrument: Instrument, order_type: OrderType, leverage: int | None, *, post_only: bool = False
) -> Check:
    """The pair's ``status`` takes such an order.

    A leveraged order may be the one that reduces: Kraken decides that.
    """
    status = instrument.status
    if status is None:
        return checks.unchecked("PAIR_STATUS", _NO_RULE)
    spot = leverage is None or leverage <= 1
    limited = order_type.takes_limit or order_type is OrderType.TRAILING_STOP_LIMIT
    refused = (
        status == "cancel_only"
        or (status == "reduce_only" and spot)
        or (status == "post_only" and not post_only)
        or (status == "limit_only" and not limited)
    )
    hint = "; a limit order with post_only can be sent" if status == "post_only" else ""
    text = (
        f"{display_name(instrument)} is {status} at Kraken and takes no such {order_type} "
        f"order{hint}"
    )
    return checks.judged("PAIR_STATUS", text, holds=not refused, status=status)


def outdated(check: Check, instrument: Instrument) -> Check:
    """The same, of a rule that is too old to deny: Kraken decides."""
    if check.passed is None:
        return check
    as_of = f"{instrument.as_of:%Y-%m-%dT%H:%M:%SZ}"
    why = f"what Kraken said at {as_of} is too old to deny by; Kraken decides"
    return checks.unchecked(check.rule, why, **check.numbers, as_of=as_of)


def status_checks(draft: Draft, _rules: TradingRules, now: datetime) -> Iterator[Check]:
    """The pair takes such orders, by a status of this minute."""
    wanted, instrument = draft.wanted, draft.instrument
    if draft.amends is not None and draft.amends.margin:
        return  # whether it reduces is Kraken's to know
    kind, post_only = wanted.order_type, wanted.terms.post_only
    check = status_permits(instrument, kind, wanted.leverage, post_only=post_only)
    fresh = status_is_fresh(instrument, now)
    yield check if fresh else outdated(check, instrument)


def leverage_checks(draft: Draft, _rules: TradingRules, now: datetime) -> Iterator[Check]:
    """The pair offers the leverage of a margin order."""
    wanted = draft.wanted
    if is_margin(wanted.leverage):
        check = leverage_offered(draft.instrument, wanted.side, wanted.leverage)
        yield _while_fresh(check, draft, now)


def volume_checks(draft: Draft, _rules: TradingRules, now: datetime) -> Iterator[Check]:
    """It is as large as the pair wants, but for one that rests and keeps its size."""
    if draft.amends is None or draft.amends.volume != draft.volume:
        yield _while_fresh(volume_minimum(draft.instrument, draft.base_volume), draft, now)


def cost_checks(draft: Draft, _rules: TradingRules, now: datetime) -> Iterator[Check]:
    """It is worth as much as the pair wants, and so is the close that it leaves."""
    instrument, volume, close = draft.instrument, draft.volume, draft.wanted.close
    yield _while_fresh(cost_minimum(instrument, volume, draft.cost_price), draft, now)
    if close is not None and not draft.in_quote:
        left = close_minimum(instrument, volume, draft.close_price, close.field)
        yield _while_fresh(left, draft, now)


def _while_fresh(check: Check, draft: Draft, now: datetime) -> Check:
    instrument = draft.instrument
    return check if rules_are_fresh(instrument, now) else outdated(check, instrument)
