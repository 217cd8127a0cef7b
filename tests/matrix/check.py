"""What every cell must keep, and what one of them must come to: the difference as
sentences, none when all is well."""

from __future__ import annotations

from collections.abc import Iterator

from tests.matrix.cell import Cell, Expected
from tests.matrix.venue_faults import Told
from tests.matrix.world import PATIENCE_S, Answer, Outcome

STATUS = {
    "accepted": 200,
    "order_rejected": 422,
    "not_placed": 422,
    "expired": 422,
    "outcome_unknown": 503,
    "not_sent": 503,
    "ledger_unavailable": 503,
}
FINAL_CODE = {
    "ACCEPTED": "accepted",
    "REJECTED": "order_rejected",
    "NOT_PLACED": "not_placed",
    "EXPIRED": "expired",
}


def problems(cell: Cell, outcome: Outcome) -> list[str]:
    return [*_of_book(cell, outcome), *_of_ledger(cell, outcome), *_of_answers(cell, outcome)]


def _of_book(cell: Cell, outcome: Outcome) -> Iterator[str]:
    if len(outcome.book) > 1:
        yield f"{len(outcome.book)} orders of one alert"
    if len(outcome.book) != cell.expected.orders:
        yield f"orders in the book: {len(outcome.book)}, not {cell.expected.orders}"
    if _is_sent_once(cell) and outcome.add_orders != 1:
        yield f"calls of AddOrder: {outcome.add_orders}, not 1"


def _is_sent_once(cell: Cell) -> bool:
    """Nothing keeps the first AddOrder from the venue, and no proof allows a second one."""
    through = cell.fault.edge is None and cell.ledger is None
    return (
        through
        and cell.fault.told is not Told.NEVER_PROCESSED
        and cell.alert != "limit off the new tick"
    )


def _of_ledger(cell: Cell, outcome: Outcome) -> Iterator[str]:
    states = [str(entry.state) for entry in outcome.entries]
    last_word = cell.expected.last_word
    if states != ([] if last_word is None else [last_word]):
        yield f"the ledger's last word: {states}, not {last_word}"
    known = [entry.current.order_id for entry in outcome.entries if entry.state == "ACCEPTED"]
    if known != [order["txid"] for order in outcome.book]:
        yield f"the ledger says {known}, the book {[order['txid'] for order in outcome.book]}"
    ours = {attempt.client_order_id for entry in outcome.entries for attempt in entry.attempts}
    if any(order.get("cl_ord_id") not in ours for order in outcome.book):
        yield "an order in the book that the ledger never claimed"


def _of_answers(cell: Cell, outcome: Outcome) -> Iterator[str]:
    codes = tuple(answer.code for answer in outcome.sent)
    if cell.concurrent:
        yield from _of_concurrent(cell.expected, outcome)
    elif codes != cell.expected.answers:
        yield f"answers: {codes}, not {cell.expected.answers}"
    last = [] if outcome.replayed is None else [outcome.replayed]
    for answer in (*outcome.at_once, *outcome.sent, *last):
        yield from _of_one(answer, outcome)
    if outcome.replayed is not None and cell.expected.last_word is not None:
        if outcome.replayed.code != FINAL_CODE[cell.expected.last_word]:
            yield f"the stored answer: {outcome.replayed.code} for {cell.expected.last_word}"
        if outcome.replayed.document["replayed"] is not True:
            yield "the stored answer does not say that it is one"


def _of_concurrent(expected: Expected, outcome: Outcome) -> Iterator[str]:
    """Nobody can say who comes first; a loser may see the winner's result, or that
    there is none yet."""
    allowed = {*expected.answers, "outcome_unknown"}
    for answer in (*outcome.at_once, *outcome.sent):
        if answer.code not in allowed:
            yield f"an answer {answer.code} among {sorted(allowed)}"
    if expected.answers[-1] != "outcome_unknown":
        last = (*outcome.at_once, *outcome.sent) if not outcome.sent else outcome.sent[-1:]
        if not any(answer.code == expected.answers[-1] for answer in last):
            yield f"nobody was told {expected.answers[-1]}"


def _of_one(answer: Answer, outcome: Outcome) -> Iterator[str]:
    if STATUS.get(answer.code) != answer.status:
        yield f"{answer.code} with status {answer.status}"
    if answer.seconds > PATIENCE_S:
        yield f"an answer after {answer.seconds:.1f} s"
    if answer.code == "accepted" and answer.document["order_id"] not in [
        order["txid"] for order in outcome.book
    ]:
        yield (
            f"an answer names the order {answer.document['order_id']}, which the book does not have"
        )
