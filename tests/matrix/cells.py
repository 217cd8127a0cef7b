"""Every cell of the matrix: what goes wrong, under which circumstance, and what must come of it.

What must come of it follows from whether the order is in the venue's book by construction, what the
caller was told, and the promises: one order at most; exactly one where a redelivery or a reconcile
run can know; a last word that is the book's. Times are seconds after the first delivery.
TradingView sends again 5 s after an answer, so its deliveries come at about 0, 5, 10 and 15, or at
0, 7, 12 and 17 where the first one used up its time.
"""

from __future__ import annotations

from typing import Literal

from tests.matrix import venue_faults as venue
from tests.matrix.cell import (
    ACCEPTED,
    DELIVERIES,
    EXPIRED,
    NOT_PLACED,
    REJECTED,
    Cell,
    Expected,
    Killing,
    LedgerFault,
    Reads,
)
from tests.matrix.venue_faults import REPLY_LOST, REQUEST_LOST, Told, VenueFault
from tests.support import kraken_faults as faults

UNKNOWN_FOR_EVER = ("outcome_unknown",) * DELIVERIES


def known_from(delivery: int) -> Expected:
    """The order is in the book, its reply lost; the delivery with that number, from 0, is
    the first that can see it."""
    seen = delivery < DELIVERIES
    return Expected(
        ("outcome_unknown",) * min(delivery, DELIVERIES) + ("accepted",) * seen, 1, ACCEPTED
    )


def of_sender(fault: VenueFault, *, always: bool) -> Expected:
    """What TradingView's sender and the reconcile runs after it must make of a fault."""
    if fault.told is Told.ORDER:
        return Expected(("accepted",), 1, ACCEPTED)
    if fault.told is Told.REFUSAL:
        return Expected(("order_rejected",), 0, REJECTED)
    if fault.told is Told.NEVER_PROCESSED:
        if always:
            return Expected(("not_sent",) * DELIVERIES, 0, EXPIRED)
        return Expected(("accepted",) if fault.resent else ("not_sent", "accepted"), 1, ACCEPTED)
    if fault.placed:
        return known_from(1 if fault.released_at_s is None else 2)
    return Expected(UNKNOWN_FOR_EVER, 0, NOT_PLACED)


def _senders() -> tuple[Cell, ...]:
    return tuple(
        Cell("TradingView's sender", fault, of_sender(fault, always=False)) for fault in venue.ALL
    )  # fmt: skip


def _persistent() -> tuple[Cell, ...]:
    """Where a second AddOrder may follow: the one after an unknown would show in the book
    or among the calls."""
    return tuple(
        Cell("the same at every delivery", fault, of_sender(fault, always=True), always=True)
        for fault in venue.ALL
        if fault.told is Told.NEVER_PROCESSED
        or (fault.told is Told.NOTHING and fault.released_at_s is None)
    )


def _concurrent() -> tuple[Cell, ...]:
    """Of the refusals, which only differ in their wording, a few."""
    met = [
        fault for fault in venue.ALL if fault not in venue.REFUSALS or fault in venue.REFUSALS[::8]
    ]
    return tuple(
        Cell("four deliveries at once", fault, of_sender(fault, always=False), concurrent=True)
        for fault in met
    )


def _late() -> tuple[Cell, ...]:
    """A lag in seconds, and the first delivery that may see the order: 50 is beyond all of them."""
    first_seen = {0: 1, 8.5: 2, 50: DELIVERIES, 59: DELIVERIES}
    cells = []
    for alert, room in (("market", 1), ("limit", 0)):
        for open_s in first_seen:
            for closed_s in first_seen:
                lag = (open_s, closed_s)
                detail = (
                    f"{alert} order, OpenOrders {open_s} s late, ClosedOrders {closed_s} s late"
                )
                expected = known_from(first_seen[lag[room]])
                cells.append(
                    Cell("visible late", REPLY_LOST, expected, detail, alert=alert, lag=lag)
                )
    for lag in ((50, 59), (0, 59)):
        detail = (
            f"limit order that fills after 8.5 s, OpenOrders {lag[0]} s late, ClosedOrders "
            f"{lag[1]} s late"
        )
        expected = known_from(DELIVERIES if lag[0] else 1)
        cells.append(
            Cell(
                "visible late", REPLY_LOST, expected, detail, alert="limit", lag=lag, fills_at_s=8.5
            )
        )
    return tuple(cells)


_ENDPOINTS: tuple[Literal["OpenOrders", "ClosedOrders"], ...] = ("OpenOrders", "ClosedOrders")
FAILING_READS = (
    *(
        Reads(endpoint, name, make)
        for endpoint in _ENDPOINTS
        for name, make in (
            ("reset", lambda _: faults.reset_after()),
            ("HTTP 502", lambda _: faults.status(502)),
            ("redirect", lambda url: faults.redirect(f"{url}/0/private/BalanceEx", status=307)),
            ("not JSON", lambda _: faults.raw(b"<html></html>")),
            ("cut short", lambda _: faults.truncated(12)),
            ("EService:Unavailable", lambda _: faults.errors(["EService:Unavailable"])),
            ("EAPI:Rate limit exceeded", lambda _: faults.errors(["EAPI:Rate limit exceeded"])),
            ("EAPI:Invalid nonce", lambda _: faults.errors(["EAPI:Invalid nonce"])),
            ("an empty result", lambda _: faults.raw(b'{"error":[],"result":{}}')),
        )
    ),
    Reads(
        "ClosedOrders",
        "a page is missing",
        lambda _: faults.raw(b'{"error":[],"result":{"closed":{},"count":7}}'),
    ),
    Reads("ClosedOrders", "no count", lambda _: faults.raw(b'{"error":[],"result":{"closed":{}}}')),
)


def _failing_reads() -> tuple[Cell, ...]:
    return tuple(
        Cell(
            "look-ups fail",
            fault,
            Expected(UNKNOWN_FOR_EVER, int(fault.placed), ACCEPTED if fault.placed else NOT_PLACED),
            f"{reads.endpoint}: {reads.name}",
            reads=reads,
        )
        for fault in (REPLY_LOST, REQUEST_LOST)
        for reads in FAILING_READS
    )


_CODES = {
    "A": "accepted",
    "R": "order_rejected",
    "N": "not_sent",
    "U": "outcome_unknown",
    "L": "ledger_unavailable",
}
BEFORE, AFTER = "before", "after"


def _ledger_cells() -> tuple[Cell, ...]:
    """Written out one by one: what is in the book, and what the ledger has kept, decide each."""
    healthy, lost, nothing = venue.HEALTHY, REPLY_LOST, REQUEST_LOST
    refused, limited = venue.REFUSED, venue.LIMITED
    rows: list[tuple[str, int, tuple[str, ...], VenueFault, str, str | None]] = [
        # No claim, no order; a claim that nobody knows of is never sent.
        ("claim", 1, (BEFORE,), healthy, "LA", ACCEPTED),
        ("claim", 1, (BEFORE,), lost, "LUA", ACCEPTED),
        ("claim", 1, (BEFORE,), refused, "LR", REJECTED),
        ("claim", 1, (BEFORE,), limited, "LNA", ACCEPTED),
        *(
            ("claim", 1, (AFTER,), fault, "LUUU", NOT_PLACED)
            for fault in (healthy, lost, refused, limited)
        ),
        # The outcome is not written: the book has to be asked, and a refusal leaves no trace in it.
        ("record", 1, (BEFORE, AFTER), healthy, "LA", ACCEPTED),
        ("record", 1, (BEFORE, AFTER), lost, "LA", ACCEPTED),
        ("record", 1, (BEFORE, AFTER), nothing, "LUUU", NOT_PLACED),
        ("record", 1, (BEFORE,), refused, "LUUU", NOT_PLACED),
        ("record", 1, (AFTER,), refused, "LR", REJECTED),
        # That nothing was sent is written once more: nobody could find it out later.
        ("record", 1, (BEFORE, AFTER), limited, "NA", ACCEPTED),
        # The next attempt and what came of it; and what a look-up found.
        ("record", 2, (BEFORE, AFTER), lost, "ULA", ACCEPTED),
        ("claim_next", 1, (BEFORE,), limited, "NLA", ACCEPTED),
        ("claim_next", 1, (AFTER,), limited, "NLUU", NOT_PLACED),
        ("record", 2, (BEFORE, AFTER), limited, "NLA", ACCEPTED),
        # In a reconcile run: the first and the second half of the proof of absence.
        ("record", 2, (BEFORE, AFTER), nothing, "UUUU", NOT_PLACED),
        ("record", 3, (BEFORE, AFTER), nothing, "UUUU", NOT_PLACED),
        ("entries", 1, (BEFORE,), nothing, "UUUU", NOT_PLACED),
        ("entries", 2, (BEFORE,), nothing, "UUUU", NOT_PLACED),
        ("every", 1, (BEFORE,), healthy, "LLLL", None),
    ]
    cells = [
        _ledger_cell(LedgerFault(method, nth, when), fault, answers, last_word)
        for method, nth, moments, fault, answers, last_word in rows
        for when in moments
    ]
    return (*cells, *_ledger_cells_of_other_alerts())


def _ledger_cells_of_other_alerts() -> tuple[Cell, ...]:
    limited, lost = venue.LIMITED, REPLY_LOST
    cells = [
        _ledger_cell(
            LedgerFault("find"), venue.HEALTHY, "LA", ACCEPTED, alert="capped without price"
        ),
        _ledger_cell(
            LedgerFault("newest_generation"), venue.HEALTHY, "LA", ACCEPTED, alert="without id"
        ),
        _ledger_cell(
            LedgerFault("claim", 1, "before"), venue.HEALTHY, "LA", ACCEPTED, alert="without id"
        ),
        _ledger_cell(
            LedgerFault("record", 1, "before"), venue.HEALTHY, "LA", ACCEPTED, alert="without id"
        ),
    ]
    for when in (BEFORE, AFTER):
        # The pair's rules have changed: record no. 1 claims the attempt on fresh rules, no. 2
        # writes what came of it.
        off = {"alert": "limit off the new tick"}
        cells.append(
            _ledger_cell(LedgerFault("record", 1, when), venue.HEALTHY, "LUUU", NOT_PLACED, **off)
        )
        cells.append(
            _ledger_cell(LedgerFault("record", 2, when), venue.HEALTHY, "LA", ACCEPTED, **off)
        )
        # Found by a reconcile run, and expired by one.
        cells.append(
            _ledger_cell(LedgerFault("record", 2, when), lost, "UUUU", ACCEPTED, lag=(50, 50))
        )
        cells.append(
            _ledger_cell(LedgerFault("record", 5, when), limited, "NNNN", EXPIRED, always=True)
        )
    return tuple(cells)


def _ledger_cell(
    ledger: LedgerFault, fault: VenueFault, answers: str, last_word: str | None, **more
) -> Cell:
    expected = Expected(
        tuple(_CODES[letter] for letter in answers), int(last_word == ACCEPTED), last_word
    )
    alert = more.get("alert", "")
    detail = "; ".join(
        part
        for part in (f"{alert} alert" if alert else "", _lag_text(more.get("lag")), ledger.name)
        if part
    )
    return Cell("the ledger fails", fault, expected, detail, ledger=ledger, **more)


def _lag_text(lag: tuple[float, float] | None) -> str:
    return f"visible {lag[0]} s late" if lag else ""


CHANGED_RULES = Cell(
    "TradingView's sender",
    venue.HEALTHY,
    Expected(("accepted",), 1, ACCEPTED),
    "the pair's tick has changed",
    alert="limit off the new tick",
)

KILLINGS = (
    Killing("claim", "the claim waits for the ledger", True, ACCEPTED),
    Killing("connect", "claimed and connected, nothing sent", False, NOT_PLACED),
    Killing("refused", "the venue holds AddOrder and drops it", False, NOT_PLACED),
    Killing("taken", "the venue holds the reply to an order that it has placed", True, ACCEPTED),
    Killing("later", "the venue holds AddOrder and carries it out after the death", True, ACCEPTED),
    Killing("record", "the reply is there and the record waits for the ledger", True, ACCEPTED),
    Killing("answer", "answered and recorded", True, ACCEPTED),
)

CELLS = (
    *_senders(), CHANGED_RULES, *_persistent(), *_concurrent(), *_late(), *_failing_reads(),
    *_ledger_cells(),
)  # fmt: skip
