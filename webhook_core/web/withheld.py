"""An answer without what the account holds, for a sender whose token may not be told of it.

Where a size follows from the account, a percentage, a close, a target, or what a lost alert has
left to catch up with, the size itself tells what is held; so do the numbers of a refusal, what
there was nothing to do for, and what was filled. A validation also tells the account's own fee, and
what limits have counted; a pause tells what it was made for.
"""

from __future__ import annotations

import json
from typing import Any

from webhook_core.errors import AlertPaused, OrderDenied
from webhook_core.ledger.entry import State
from webhook_core.sending.firing import Firing
from webhook_core.trading.needs import depends_on_holdings
from webhook_core.web.delivery import Delivery
from webhook_core.web.messages import HttpResponse, json_response

_WITHHELD = "the rest follows from what the account holds, and the token may not be told of that"
_OF_THE_ORDER = ("ALLOWED_SYMBOLS", "MAX_ORDER_COST")
"""Rules, or how they begin, whose numbers are the order's and the setting's alone; so are those of
Kraken's rules and of the token's caveats."""
_OF_THE_ACCOUNT = ("MAX_DAILY_LOSS", "MAX_POSITION", "MAX_OPEN_", "MAX_ENTRIES", "MISSED_ALERT")
"""Rules, or how they begin, that say what was lost or is held, whatever the order is."""
PAUSED = "The strategy or the account is paused. Nothing was sent."
_SWITCHED = {
    "pausing": "The strategy or the account is paused.",
    "resumed": "The pause is ended, if there was one.",
}
_DECIDED_BY_HOLDINGS = ("order_denied", "order_rejected", "out_of_scope", "no_action")


def without_account(response: HttpResponse, delivery: Delivery, firing: Firing) -> HttpResponse:
    document: dict[str, Any] = json.loads(response.body)
    sized_by_account = _is_sized_by_account(firing)
    for order in document["orders"]:
        _without_the_accounts_numbers(order)
        if sized_by_account:
            _without_size(order)
    if sized_by_account:
        document["trade_details"] = {**document["trade_details"], "volume": None}
    if sized_by_account or firing.wants.told is not None:
        own = {*firing.warnings, delivery.reuse.warning if delivery.reuse else ""}
        document["warnings"] = [said for said in document["warnings"] if said in own]
    if sized_by_account or _tells_of_account(delivery):
        _say_less(document, delivery)
    if isinstance(delivery.error, AlertPaused):  # a limit's reason has its numbers
        document["error"] = document["message"] = PAUSED
    document["message"] = _SWITCHED.get(document["code"], document["message"])
    return json_response(response.status, document, response.headers)


def _is_sized_by_account(firing: Firing) -> bool:
    if firing.closes_a_scope or any(map(depends_on_holdings, firing.wants.intents)):
        return True
    owner = firing.wants.rules.missed_alert_owner
    if firing.wants.told is None or owner is None or owner.guards is None:
        return False
    return owner.guards.on_missed_alert == "catch_up"


def _tells_of_account(delivery: Delivery) -> bool:
    """A refusal by a limit of what is held or lost; one that stands in the ledger may be by any. Or
    one of Kraken's of which we say more than its words: what holds the coins that a sale lacks."""
    error, entry = delivery.error, delivery.entry
    if error is None and entry is not None:
        says_more = entry.state is State.REJECTED and entry.current.reason != ""
        return entry.state is State.DENIED or says_more
    return isinstance(error, OrderDenied) and error.rule.startswith(_OF_THE_ACCOUNT)


def _without_the_accounts_numbers(order: dict[str, Any]) -> None:
    if order.get("estimate"):
        order["estimate"] = {**order["estimate"], "fee": None}
    for check in order.get("checks", ()):
        own = check["scope"] in ("kraken", "token") or check["rule"].startswith(_OF_THE_ORDER)
        if not own:
            check["numbers"], check["message"] = {}, check["message"] and f"{check['rule']}."


def _without_size(order: dict[str, Any]) -> None:
    order["request"] = {name: text for name, text in order["request"].items() if name != "volume"}
    order.pop("fill", None)
    if "checks" in order:
        order["rounding"], order["estimate"] = [], None
        for check in order["checks"]:
            check["numbers"] = {}
            check["message"] = check["message"] and f"{check['rule']}: {_WITHHELD}."


def _say_less(document: dict[str, Any], delivery: Delivery) -> None:
    code, error = document["code"], delivery.error
    if code == "validated" and not document["orders"]:
        document["message"] = "The alert is valid; there is nothing to do."
    if code not in _DECIDED_BY_HOLDINGS:
        return
    short = error.short if isinstance(error, OrderDenied) and error.short else code.upper()
    said = short if short == document["error"] else f"{short}: {_WITHHELD}."
    document["message"] = "Nothing to do." if code == "no_action" else said
    document["error"] = document["error"] and said
