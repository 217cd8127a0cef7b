"""The positions that a strategy reports around an order: {{strategy.market_position}} and its size,
and those before it.

``market_position_size`` has no sign, {{strategy.position_size}} has one, and both are what is held
after the fill (tradingview.com/support/solutions/43000481368). Only a ``target`` alert goes there;
a plain order on spot is cut by them where it leads through a short position. Everywhere else they
are context, and what can't be read is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple, get_args

from webhook_core.errors import AlertMalformed
from webhook_core.intake import field_values as values
from webhook_core.intake.field_names import Order, Sent, Sorted, is_missing, normalise
from webhook_core.trading.orders import MarketPosition, Side

AFTER, BEFORE = "market_position", "prev_market_position"
IN_CONTEXT: Mapping[str, tuple[str, ...]] = {
    AFTER: ("position", "pos", "positionsize"),
    BEFORE: ("prevposition", "prevpositionsize"),
}
"""Other names, of the word and of a size with its sign."""
_OWN_SIZES = frozenset(("contracts", "ordercontracts"))
_NOISE = Decimal("1E-9")
"""Of a size: a chart counts in floats."""


def position(sent: Sent) -> MarketPosition:
    text = values.order_text(sent).lower()
    for known in get_args(MarketPosition):
        if text == known:
            found: MarketPosition = known
            return found
    raise sent.fault(f"must be long, short or flat, not {values.shown(sent.value)}")


def signed_size(sent: Sent) -> Decimal:
    """A size that may be below zero: short."""
    text = sent.value[1:] if isinstance(sent.value, str) and sent.value.startswith("-") else None
    if text is not None:
        return -values.number_or_zero(Sent(sent.canonical, sent.name, text))
    if isinstance(sent.value, Decimal) and sent.value < 0:
        return -values.number_or_zero(Sent(sent.canonical, sent.name, -sent.value))
    return values.number_or_zero(sent)


def read_strictly(order: Order) -> dict[str, Any]:
    """All four, None where the alert doesn't say it. Raises AlertMalformed, for a position that
    contradicts its size too."""
    read: dict[str, Any] = {}
    for name in (AFTER, BEFORE):
        read[name] = where = values.agreed(order.get(name, ()), position)
        read[f"{name}_size"] = size = values.agreed(
            order.get(f"{name}_size", ()), values.number_or_zero
        )
        if where is None or size is None or (where == "flat") == (size == 0):
            continue
        raise AlertMalformed(
            f"{name}_size must be above zero where {name} is {where}."
            if size == 0
            else f"{name}_size must be 0 where {name} is flat.",
            field=f"{name}_size",
        )
    return read


class _Told(NamedTuple):
    """``word`` and ``size`` as the alert's fields; ``signed``: a size that came with its sign;
    ``held``: what both come to. ``own``: a size whose word may be missing."""

    word: MarketPosition | None
    size: Decimal | None
    signed: Decimal | None
    held: Decimal | None
    own: Decimal | None


def read_leniently(fields: Sorted) -> dict[str, Any]:
    """The four as far as they can be read. Raises AlertMalformed for a position that is the word of
    an order, such as exit."""
    found: dict[str, Any] = {}
    for name in (AFTER, BEFORE):
        told = _told(fields, name)
        found |= {name: told.word, f"{name}_size": told.size}
    return {name: value for name, value in found.items() if value is not None}


def check_target(fields: Sorted) -> None:
    """Raises AlertMalformed where the strategy's position stands beside a target
    and is another one."""
    told = [sent for sent in fields.context if sent.canonical in IN_CONTEXT[AFTER]]
    words = [Sent(AFTER, sent.name, sent.value) for sent in told if _is_word(sent.value)]
    where = values.agreed([*fields.order.get(AFTER, ()), *words], position)
    signed = _or_none(
        [Sent(AFTER, sent.name, sent.value) for sent in told if not _is_word(sent.value)],
        signed_size,
    )
    if signed is not None and signed < 0 and where != "short":
        raise AlertMalformed(
            f"market_position is {where}, and a position below zero stands beside it: send one "
            "of the two.",
            field=AFTER,
        )


def with_signs(fields: Sorted, side: Side, volume: Decimal | None) -> dict[str, Any]:
    """The four for an order that leads from or to a short position, as far as the alert says them
    by a signed size, or as TradingView's own size tells where it came from; none for any other.
    ``volume``: in base, None where the size counts something else."""
    after, before = _told(fields, AFTER), _told(fields, BEFORE)
    if volume is None:
        return {}
    if after.held is None:
        ends_at = _ends_at(fields, side, volume, after, before)
        if ends_at is None or min(ends_at, before.held or ends_at) >= 0:
            return {}
        return _fields(AFTER, ends_at)
    came_from = before.held
    if came_from is None:
        came_from = _came_from(fields, side, volume, after, before)
    elif after.signed is None and before.signed is None:
        return {}  # they are the alert's own four
    if came_from is None or min(after.held, came_from) >= 0:
        return {}
    return {**_fields(AFTER, after.held), **_fields(BEFORE, came_from)}


def _ends_at(
    fields: Sorted, side: Side, volume: Decimal, after: _Told, before: _Told
) -> Decimal | None:
    """What is held after an order whose size is TradingView's own, where the alert says the word of
    it and not the size; None where the two contradict each other."""
    if before.held is None or before.word is None or after.word is None or after.own is not None:
        return None
    if not _is_tradingviews(fields.order.get("volume", ())):
        return None
    ends_at = before.held + (volume if side is Side.BUY else -volume)
    return ends_at if after.word == word_of(ends_at) else None


def _came_from(
    fields: Sorted, side: Side, volume: Decimal, after: _Told, before: _Told
) -> Decimal | None:
    """What was held before an order whose size is TradingView's own.

    None where that contradicts what the alert says of it; and where a sell would come
    from no long one by this alone, for a fixed size is sent as ``contracts`` too, and no
    sell is dropped for it.
    """
    held = after.held
    if held is None or not _is_tradingviews(fields.order.get("volume", ())):
        return None
    came_from = held - volume if side is Side.BUY else held + volume
    if abs(came_from) <= volume * _NOISE:
        came_from = Decimal(0)
    if before.size is not None and abs(before.size - abs(came_from)) > volume * _NOISE:
        return None
    if before.word is not None:
        return came_from if before.word == word_of(came_from) else None
    if side is Side.SELL:
        return came_from if came_from > 0 else None
    return came_from if held > 0 or after.signed is not None else None


def _is_tradingviews(sizes: Sequence[Sent]) -> bool:
    """{{strategy.order.contracts}} under its own name; under any other a size is as
    likely a fixed one."""
    return any(normalise(sent.name) in _OWN_SIZES and not is_missing(sent.value) for sent in sizes)


def with_words(fields: Sorted, side: Side) -> dict[str, Any]:
    """The two words of an order between positions of which none is long, where a size says them;
    none for any other. A buy that ends there, and does not say where it began, began short."""
    after, before = (_word(fields, name) for name in (AFTER, BEFORE))
    if (
        side is Side.BUY
        and before is None
        and _told(fields, AFTER).word is None
        and after in ("flat", "short")
    ):
        before = "short"
    if before not in ("flat", "short") or after == "long" or (side is Side.BUY and after is None):
        return {}
    return {BEFORE: before} if after is None else {BEFORE: before, AFTER: after}


def _word(fields: Sorted, name: str) -> MarketPosition | None:
    told = _told(fields, name)
    if told.word is not None:
        return told.word
    if told.signed is not None:
        return word_of(told.signed)
    return "flat" if told.own == 0 else None


def _told(fields: Sorted, name: str) -> _Told:
    context = [sent for sent in fields.context if sent.canonical in IN_CONTEXT[name]]
    words = [Sent(name, sent.name, sent.value) for sent in context if _is_word(sent.value)]
    sizes = [
        Sent(f"{name}_size", sent.name, sent.value) for sent in context if not _is_word(sent.value)
    ]
    word = _or_none([*fields.order.get(name, ()), *words], position)
    own = _or_none(
        fields.order.get(f"{name}_size", ()),
        signed_size if word == "short" else values.number_or_zero,
    )
    signed = _or_none(sizes, signed_size)
    if signed is not None and signed < 0 and word in ("long", "flat"):
        signed = None  # it contradicts the word
    if signed is not None and word == "short":
        signed = -abs(signed)  # {{strategy.market_position_size}} under the other's name
    known = signed if own is None and word is not None else own
    size = None if known is None else abs(known)
    held = signed
    if held is None and word is not None:
        held = Decimal(0) if word == "flat" else size
    held = -held if held is not None and word == "short" and held > 0 else held
    return _Told(word, size, signed, held, own)


def _fields(name: str, held: Decimal) -> dict[str, Any]:
    return {name: word_of(held), f"{name}_size": abs(held)}


def word_of(held: Decimal) -> MarketPosition:
    """What TradingView calls a position, signed."""
    if held == 0:
        return "flat"
    return "long" if held > 0 else "short"


def _is_word(value: object) -> bool:
    return isinstance(value, str) and value.strip().isalpha()


def _or_none(candidates: Sequence[Sent], read: Callable[[Sent], Any]) -> Any:
    try:
        return values.agreed(candidates, read)
    except AlertMalformed:
        for sent in candidates:
            from webhook_core.intake.words import refuse_order_word  # hardly any is one

            refuse_order_word(sent)
        return None
