"""Makes the composer, one page without a server, from the tables by which the bridge reads an
alert: python -m examples.compose.make"""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

from webhook_core.intake import actions, leg_fields
from webhook_core.intake.field_names import ALIASES, CANONICAL, CONTEXT, normalise
from webhook_core.intake.other_tools import MARKS
from webhook_core.intake.quantities import QUANTITY_NAMES
from webhook_core.operations.placeholders import values_at
from webhook_core.trading import orders
from webhook_core.trading.orders import OrderType

HERE = Path(__file__).parent
SCRIPTS = ("fields.js", "message.js", "reading.js", "page.js")
PAGES = (
    HERE.parent / "compose.html",
    HERE.parent.parent / "webhook_core" / "web" / "pages" / "compose.html",
)


def tables() -> dict[str, Any]:
    """What the parser knows: names, which of them go with which action, and the words of each."""
    return {
        "aliases": {name: list(names) for name, names in ALIASES.items()},
        "context": sorted(CONTEXT),
        "actions": {name: str(action) for name, action in actions.ACTION_NAMES.items()},
        "everywhere": sorted(actions.EVERYWHERE),
        "goes_with": {action: sorted(names) for action, names in actions.GOES_WITH.items()},
        "not_with_an_order": sorted(actions.NOT_WITH_AN_ORDER),
        "order_types": {
            kind.value: {
                "limit": kind.takes_limit,
                "trigger": kind.takes_trigger,
                "trail": kind.trails,
                "trail_limit": kind is OrderType.TRAILING_STOP_LIMIT,
                "display": kind is OrderType.ICEBERG,
            }
            for kind in OrderType
            if kind is not OrderType.SETTLE_POSITION
        },
        "most_legs": leg_fields.MOST,
        "leg_actions": sorted(leg_fields.ACTIONS),
        "beside_legs": sorted(leg_fields.BESIDE_LEGS),
        "marks": sorted(name for name in MARKS if _is_nobody_elses(name)),
        "quantity_types": dict(QUANTITY_NAMES),
        "placeholders": _placeholders(),
        "words": {
            "quantity_type": list(get_args(orders.QuantityType)),
            "time_in_force": list(get_args(orders.TimeInForce)),
            "trigger_by": list(get_args(orders.TriggerBy)),
            "fee_currency": list(get_args(orders.FeeCurrency)),
            "self_trade": list(get_args(orders.SelfTrade)),
            "scope": list(get_args(orders.CancelScope)),
            "market_position": list(get_args(orders.MarketPosition)),
        },
    }


def _is_nobody_elses(name: str) -> bool:
    """Whether a name of other tools is neither a field of ours nor TradingView's context."""
    return normalise(name) not in CANONICAL and normalise(name) not in CONTEXT


def _placeholders() -> dict[str, str]:
    """What a trial of the message puts in the place of each but {{timenow}}."""
    plausible = values_at(datetime(2026, 1, 1, tzinfo=UTC), Decimal(60000), "entry")
    return {name: text for name, text in plausible.items() if name not in ("time", "timenow")}


def page() -> str:
    """The whole of it.

    Its policy lets in this style and this script, by their digests, and nothing else.
    """
    style = (HERE / "page.css").read_text("utf-8")
    script = "".join((HERE / name).read_text("utf-8") for name in SCRIPTS)
    told = json.dumps(tables(), indent=1, sort_keys=True)
    script = script.replace("/* TABLES */ null", told)
    policy = (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'"
    )
    text = (HERE / "page.html").read_text("utf-8")
    for name, value in (("POLICY", policy), ("STYLE", style), ("SCRIPT", script)):
        text = text.replace(f"@{name}@", value)
    return text


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


if __name__ == "__main__":
    for path in PAGES:
        path.write_text(page(), encoding="utf-8")
