"""What must hold after every request, whatever it was."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from tests.fuzz.requests import Request
from tests.fuzz.secrets import leaked
from tests.support.served_function import ANSWER_KEYS, APPRAISAL_KEYS, ORDER_KEYS, TRADE_KEYS

STATUSES = frozenset({200, 204, 400, 401, 403, 404, 405, 409, 413, 422, 429, 503})
TURNED_AWAY = frozenset({400, 401, 404, 405, 413, 429, 204})
"""What somebody without a proof may be told."""
MOST_CPU_S = 1.0


class Seen(NamedTuple):
    """``entries`` and ``sent``: how many more entries in the ledger, and calls that trade, after
    the request than before it. ``said``: the log lines of it."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    entries: int
    sent: int
    said: str
    cpu_s: float


def faults(asked: Request, seen: Seen) -> list[str]:
    """In words, none where all is well."""
    altered = asked.how.endswith("damaged")  # and so may be what was a secret
    may_write = asked.may_trade or (asked.may_operate and not asked.is_alert)
    found = [
        (seen.status not in STATUSES, f"the status is {seen.status}"),
        ("Traceback" in seen.said, "a traceback is in the log"),
        (seen.cpu_s > MOST_CPU_S, f"it took {seen.cpu_s:.2f} s of CPU"),
        (not seen.headers.get("x-request-id"), "there is no request id"),
        (leaked(_shown(seen), whole=altered) is not None, "the answer holds a secret"),
        (leaked(seen.said, whole=altered) is not None, "a log line holds a secret"),
        (seen.sent > 0 and not may_write, "an order went out without a proof"),
        (seen.entries > 0 and not may_write, "the ledger has an alert that nothing proved"),
        (asked.is_alert and not asked.may_trade and seen.status not in TURNED_AWAY,
            f"no proof, and {seen.status}"),
    ]  # fmt: skip
    return [text for is_so, text in found if is_so] + _of_document(asked, seen)


def _shown(seen: Seen) -> str:
    return seen.body.decode("utf-8", "replace") + str(dict(seen.headers))


def _of_document(asked: Request, seen: Seen) -> list[str]:
    if seen.status == 204 or (asked.method == "HEAD" and not seen.body):
        return []
    try:
        document = json.loads(seen.body)
    except ValueError:
        return ["the answer is no JSON"]
    if seen.status == 200 and not asked.is_alert:
        return [] if {"version", "request_id"} & document.keys() else ["the answer lacks its keys"]
    orders = (order.keys() - {"fill"} for order in document.get("orders", ()))
    whole = (
        document.keys() == ANSWER_KEYS
        and document["trade_details"].keys() == TRADE_KEYS
        and all(keys in (ORDER_KEYS, ORDER_KEYS | APPRAISAL_KEYS) for keys in orders)
    )
    if not whole:
        return ["the answer lacks its keys"]
    is_clear = (document["error"] is None) is (seen.status == 200) is document["success"]
    stranger = not asked.may_trade and not asked.may_operate
    return (
        [] if is_clear or (stranger and not document["success"]) else ["success and error disagree"]
    )


class Tally:
    """What a run has met, so that one which met little can be told."""

    def __init__(self) -> None:
        self.codes: Counter[str] = Counter()
        self.proofs: Counter[str] = Counter()
        self.slowest_s = 0.0
        self.requests = self.sent = 0

    def add(self, asked: Request, seen: Seen) -> None:
        self.requests += 1
        self.sent += seen.sent
        self.slowest_s = max(self.slowest_s, seen.cpu_s)
        self.proofs[asked.how] += 1
        self.codes[f"{seen.status} {_code(seen.body)}"] += 1

    def merge(self, other: Tally) -> None:
        self.codes += other.codes
        self.proofs += other.proofs
        self.slowest_s = max(self.slowest_s, other.slowest_s)
        self.requests += other.requests
        self.sent += other.sent


def _code(body: bytes) -> str:
    try:
        return str(json.loads(body).get("code", "")) if body else ""
    except (ValueError, AttributeError):
        return ""
