"""Two nets over every field that is not ours: whatever speaks of an order, by its name or by its
value, is refused.

A list of bad names leaks: with one, of 137 plausible names 108 were ignored, and the order was
another one. So a name is caught by any word that speaks of an order, and a value where the whole of
it does. What ends in id, name, comment, note or text is a remark, and TradingView's names pass with
what TradingView writes there. Loaded for such fields only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from webhook_core.intake import misspelt, refused_names, words
from webhook_core.intake.caught import KNOWN_WORDS, Caught, field_named, name_shown, refusal_of
from webhook_core.intake.field_names import (
    CANONICAL,
    CONTEXT,
    MAX_FIELDS,
    Sent,
    Sorted,
    is_missing,
    is_off,
    normalise,
    sort_fields,
)
from webhook_core.intake.field_values import grouped_number, shown, unexpanded
from webhook_core.intake.measures import agrees_with_side, is_measure, is_nothing, says_nothing
from webhook_core.trading.conditional_close import only_one

_REMARKS = frozenset(("id", "name", "comment", "note", "text", "description"))
_BAR_PRICES = frozenset(
    f"{name}{price}" for name in ("open", "high", "low", "close") for price in ("", "price")
)
_NUMBERS = _BAR_PRICES | {"barvolume", "barindex", "orderprice", "positionsize", "prevpositionsize"}
_POSITIONS = frozenset(("position", "prevposition", "pos"))
_MAY_BE_NESTED = frozenset(
    ("symbol", "price", "id", "fired_at", "bar_time", "strategy_name", "alert_message")
)
_FLAT = "nested fields are not read: send it beside symbol, under a name of ours"
_ONE_EXIT = "Kraken takes one exit per order: send one take_profit or one stop_loss"


def passed(fields: Sorted) -> Sorted:
    """The same without refused names that are empty. Raises AlertMalformed for all that is caught
    in the alert and its legs at once, OrderDenied where that is one exit of several and nothing
    else."""
    caught = [*_of_all(fields)]
    in_legs = [found for found in _in_legs(fields.order.get("orders", ())) if found]
    if caught or len(in_legs) > 1:  # what one leg has and nothing else is that leg's to say
        caught += [one for found in in_legs for one in found]
    if caught and all(one.kind == "exit" for one in caught):
        raise only_one(caught[0].field)
    if caught:
        raise refusal_of(caught)
    return fields._replace(
        unknown=[sent for sent in fields.unknown if not (is_off(sent.value) and _speaks(sent))]
    )


def _of_all(fields: Sorted) -> Iterator[Caught]:
    for sent in fields.context:
        yield from _of_context(sent)
    side = _side(fields)
    for sent in fields.unknown:
        ours = (
            None
            if _is_idle(sent) or _is_spelt(sent)
            else misspelt.meant(sent.canonical, fields.order)
        )
        if ours and _is_remark(sent.name) and not ours.endswith("_id"):
            ours = None
        if agrees_with_side(sent, side):
            continue
        if ours:
            near = f"did you mean {ours}?"
            yield Caught(name_shown(sent.name), field_named(sent.name), near, "misspelt")
        else:
            yield from _of_unknown(sent)


def _side(fields: Sorted) -> str | None:
    """buy or sell, where that is all that the alert asks for."""
    said = [sent.value for name in ("action", "side") for sent in fields.order.get(name, ())]
    words_said = {str(value).lower() for value in said if not is_missing(value)}
    return words_said.pop() if words_said in ({"buy"}, {"sell"}) else None


def _is_idle(sent: Sent) -> bool:
    """Off; zero and the like only where the name itself speaks, for a size
    of 0 is none that is off."""
    return says_nothing(sent) if _speaks(sent) else is_off(sent.value)


def _in_legs(candidates: Sequence[Sent]) -> Iterator[list[Caught]]:
    """What is caught in each leg. Further exits alone are another refusal, which the leg makes
    itself."""
    for sent in candidates:
        for number, leg in enumerate(sent.value if isinstance(sent.value, list) else ()):
            if isinstance(leg, dict) and len(leg) <= MAX_FIELDS:
                place = f"orders[{number}]."
                found = [one for one in _of_all(sort_fields(leg)) if one.kind != "exit"]
                yield [
                    one._replace(name=place + one.name, field=place + one.field) for one in found
                ]


def _of_context(sent: Sent) -> Iterator[Caught]:
    """``close`` passes with a number, ``position`` with long, short or flat, the others with any
    text that is no order."""
    key, value = sent.canonical, sent.value
    if isinstance(value, dict | list) and key not in _NUMBERS:
        yield from _nested(sent.name, value, of_bar=key == "bar")
    elif (
        is_off(value) or grouped_number(value) or _is_remark(sent.name) or key.startswith("syminfo")
    ):
        return
    elif key in _NUMBERS:
        yield Caught(name_shown(sent.name), field_named(sent.name), _no_number(key, value))
    elif key not in _POSITIONS:
        yield from _by_value(sent)
    elif not isinstance(value, str) or value.lower() not in ("long", "short", "flat"):
        yield _by_name(sent)


def _no_number(key: str, value: object) -> str:
    if key.startswith("close"):
        return (
            'it is read as the bar\'s closing price only: to close a position send "action": '
            '"close"'
        )
    return (
        refused_names.overrides(_words_of(value))
        or "it is read as TradingView's number of that name only"
    )


def _of_unknown(sent: Sent) -> Iterator[Caught]:
    value = sent.value
    if _is_remark(sent.name):
        yield from _nested(sent.name, value)
    elif refused_names.is_one_exit_of_several(sent.canonical):
        if not is_nothing(value):
            yield Caught(name_shown(sent.name), _exit(sent.name), _ONE_EXIT, "exit")
    elif _speaks(sent) and not is_measure(sent):
        if not says_nothing(sent):
            yield _by_name(sent)
    elif isinstance(value, dict | list):
        yield from _nested(sent.name, value)
    else:
        yield from _by_value(sent)


def _nested(path: str, value: object, *, of_bar: bool = False) -> Iterator[Caught]:
    """An order can stand inside an object or a list too, where nothing is read."""
    if isinstance(value, list):
        for inner in value:
            yield from (
                _nested(path, inner)
                if isinstance(inner, dict | list)
                else _by_value(Sent("", path, inner))
            )
    elif isinstance(value, dict):
        of_bar = of_bar or not _BAR_PRICES.isdisjoint(map(normalise, value))
        for name, inner in value.items():
            found = _of_inner(Sent(normalise(name), name, inner), of_bar=of_bar)
            place = f"{name_shown(path)}: "
            yield from (
                one._replace(name=place + one.name, field=field_named(path), kind="order")
                for one in found
            )


def _of_inner(sent: Sent, *, of_bar: bool) -> Iterator[Caught]:
    key = sent.canonical
    if key in CONTEXT:
        yield from _of_context(sent)
    elif key not in CANONICAL:
        yield from _of_unknown(sent)
    elif CANONICAL[key][0] in _MAY_BE_NESTED and key != "limitprice":
        yield from _nested(sent.name, sent.value)
    elif not (of_bar and key == "volume") and not is_nothing(sent.value):
        yield Caught(name_shown(sent.name), field_named(sent.name), _FLAT)


def _by_name(sent: Sent) -> Caught:
    key, value = sent.canonical, _words_of(sent.value)
    instead = refused_names.overrides(value) or refused_names.hint_of_name(key)
    return Caught(
        name_shown(sent.name),
        field_named(sent.name),
        instead or refused_names.hint_of_words(words.of_name(sent.name), value),
    )


def _by_value(sent: Sent) -> Iterator[Caught]:
    if said := _words_of(sent.value):
        yield Caught(
            f"{name_shown(sent.name)} with {shown(sent.value)}",
            field_named(sent.name),
            refused_names.hint_of_words((), said),
        )


def _words_of(value: object) -> list[str]:
    return words.of_value(value) if isinstance(value, str) and not unexpanded(value) else []


def _is_known(sent: Sent) -> bool:
    key = sent.canonical
    return refused_names.is_one_exit_of_several(key) or refused_names.hint_of_name(key) is not None


def _is_spelt(sent: Sent) -> bool:
    """Each of its words is one that we know, and one speaks of an order."""
    said = words.of_name(sent.name)
    return _is_known(sent) or (
        not refused_names.WORDS.isdisjoint(said) and KNOWN_WORDS.issuperset(said)
    )


def _speaks(sent: Sent) -> bool:
    """By its name."""
    return _is_known(sent) or not refused_names.WORDS.isdisjoint(words.of_name(sent.name))


def _is_remark(name: str) -> bool:
    return bool(_REMARKS.intersection(words.of_name(name)[-1:]))


def _exit(name: str) -> str:
    return "take_profit" if normalise(name).startswith("t") else "stop_loss"
