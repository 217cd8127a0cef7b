"""What a message does not fail by today, and will later: read from its template, its entry and its
exit together."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from webhook_core.intake.alert_key import doubt
from webhook_core.operations.explain import Explained
from webhook_core.operations.placeholders import VOLUME, Filled
from webhook_core.operations.sentences import Sentence
from webhook_core.settings.settings import Settings
from webhook_core.trading.alert import Alert
from webhook_core.trading.orders import OrderType, Side
from webhook_core.web.answers import orders_of

_SMALLEST = Decimal("1E-8")
_TELLS_APART = re.compile(
    r"\{\{\s*strategy\.(?:order\.(?:id|comment|contracts)|position_size|market_position|prev_)"
)
_ID = re.compile(r'"(?:id|alert_?id)"\s*:\s*"([^"]*)"', re.IGNORECASE)
_MAY_BE_UNIQUE = re.compile(r"\{\{\s*(?:strategy\.order\.alert_message|plot)")
_BARE = r":\s*\{\{[^{}]+\}\}"


def of_message(
    template: str, filled: Filled, entry: Explained, settings: Settings
) -> Iterator[Sentence]:
    """``entry``: how it was read as an entry."""
    for name in filled.unknown:
        yield _later(
            f"TradingView has no placeholder {{{{{name}}}}}, and would leave it as it stands."
        )
    if re.search(_BARE, template):
        yield _later(
            "A placeholder stands without quotes: where the script has no value, the message is no "
            "JSON, and the alert is lost. Put each one in quotes."
        )
    alert = entry.alert
    if alert is None:
        return
    yield from _about_time(template, alert, entry.fields or {}, settings)
    if Decimal(VOLUME) in (alert.volume, *(leg.volume for leg in alert.orders)):
        yield _later(
            "{{volume}} is what the whole market traded in the bar, and no size: send "
            "{{strategy.order.contracts}}, or a number."
        )
    yield from _about_size(template, entry)
    if entry.proof is not None and entry.proof.startswith("WEBHOOK_TOKEN["):
        yield _later(
            "WEBHOOK_TOKEN may trade every allowed pair, for every strategy: a token that can do "
            "little does for this message (.venv/bin/python -m webhook_core token new)."
        )


def of_strategy(named: str | None, settings: Settings) -> Iterator[Sentence]:
    """``named``: as which it is tried."""
    if named is not None and named not in settings.strategies:
        known = ", ".join(sorted(settings.strategies)) or "none at all"
        yield _later(
            f"strategies.toml has no strategy {named}, so only the account's own limits were held "
            f"against it; it has {known}."
        )


def of_a_sell_alone(alert: Alert | None) -> Iterator[Sentence]:
    """Of a message that is not tried as an exit of its own strategy: what may stand in its way."""
    if alert is None or alert.action != "order" or alert.side is not Side.SELL:
        return
    if alert.leverage is None and alert.order_type is OrderType.MARKET:
        yield Sentence(
            "later",
            "While a stop loss or take profit of an entry is open, it holds what this sells, and "
            "Kraken refuses a plain sell of it: send action close, which frees it first.",
        )


def of_exit(entry: Explained, leaving: Explained) -> Iterator[Sentence]:
    """How the two firings of one strategy go together."""
    opens, closes = entry.alert, leaving.alert
    if opens is None or closes is None:
        return
    leaves_a_stop = opens.stop_loss is not None or opens.take_profit is not None
    if leaves_a_stop and closes.action == "order":
        yield _later(
            "The exit is a plain sell, and Kraken refuses it as long as the stop or the take "
            "profit of the entry holds "
            "what it sells: send action close or a target, which free it first."
        )
    if closes.stop_loss is not None or closes.take_profit is not None:
        yield _later(
            "The exit carries a take profit or a stop loss too, which would buy back: leave them "
            "empty there."
        )


def _about_time(
    template: str, alert: Alert, fields: Mapping[str, Any], settings: Settings
) -> Iterator[Sentence]:
    if alert.fired_at is None:
        yield _later(
            'It has no firing time, so no delivery of it is ever too old: add "fired_at": '
            '"{{timenow}}". An equal one '
            f"within {settings.duplicate_window_s} s counts as a repeat."
        )
    if alert.id is None and not _TELLS_APART.search(template):
        yield _later(
            "Two firings of one second can't be told apart, and the second would count as a "
            "repeat: add an id that is unique per firing, or the order's id and the positions."
        )
    found = _ID.search(template)
    is_doubted = alert.id is not None and doubt(alert.id, fields) is not None  # and so told already
    if alert.id is None or found is None or is_doubted:
        return
    if not _MAY_BE_UNIQUE.search(found[1]):
        yield from _about_id(found[1])


def _about_id(text: str) -> Iterator[Sentence]:
    """``text``: the id with its placeholders."""
    if not re.search(r"\{\{\s*time", text):
        yield _later(
            "Its id has no time in it, so a later firing has the same, counts as a repeat, and is "
            "not traded: add {{timenow}} to the order's id, or leave the id out."
        )
    elif not _TELLS_APART.search(text):
        yield _later(
            "Two firings of one second have the same id, so they can't be told apart, and the "
            "second is not traded: add the order's id and its size to it, or leave the id out."
        )


def _about_size(template: str, entry: Explained) -> Iterator[Sentence]:
    """From where on the script's own size is above a cap: it is what the cap lets pass today."""
    if entry.plan is None or not re.search(r"\{\{\s*strategy\.order\.contracts", template):
        return
    for order in orders_of(entry.plan, "VALIDATED", "validated"):
        for check in order.get("checks", ()):
            numbers = check["numbers"]
            if check["rule"] == "MAX_ORDER_COST" and {"max", "price"} <= numbers.keys():
                most = Decimal(numbers["max"]) / Decimal(numbers["price"])
                yield Sentence(
                    "later",
                    f"The script says the size, and above {most.quantize(_SMALLEST):f} it is "
                    f"refused: MAX_ORDER_COST is {numbers['max']} {numbers['currency']}, at "
                    f"{numbers['price']}.",
                )


def _later(text: str) -> Sentence:
    return Sentence("later", text, warns=True)
