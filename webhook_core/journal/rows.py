"""One alert as a row of the list, from its entries in the ledger or from its record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any, NamedTuple

from webhook_core.journal.record import AlertRecord, outcome_of, record_in
from webhook_core.ledger.entry import LedgerEntry, State
from webhook_core.ledger.store import Note
from webhook_core.planning.own_closes import positions_of
from webhook_core.sending.left_open import left_in, sentence_of, worst_of
from webhook_core.sending.progress import Progress
from webhook_core.trading.checks import Check
from webhook_core.trading.plans import is_undone
from webhook_core.web.status_and_reason import is_waiting, reason_of, status_and_code

_OF_STATE = {State.SUBMITTING: "unknown"}
_MADE_FROM = ("parts", "record", "left")


class Row(NamedTuple):
    """``key`` is unique and never changes. ``at``: when the alert came in; ``milliseconds`` until
    its outcome was known, None while it is not. ``asked``: in one line. ``parts``, or ``record``,
    is what it was made from: the legs of the alert, or those of each position that it closes.
    ``left``: the positions of those that were not closed. ``in_part``: some of what it names was
    done, and the rest is left for good. ``validates``: nothing was to be traded.
    ``mode`` and ``account``: empty where a record does not say them."""

    key: str
    at: datetime
    mode: str
    outcome: str
    code: str
    strategy: str
    alert_id: str | None
    symbol: str | None
    asked: str
    reason: str
    warnings: tuple[str, ...]
    order_ids: tuple[str, ...]
    milliseconds: int | None
    field: str | None = None
    not_kept: int = 0
    validates: bool = False
    account: str = ""
    in_part: bool = False
    parts: tuple[tuple[LedgerEntry, ...], ...] = ()
    record: AlertRecord | None = None
    left: tuple[Check, ...] = ()

    @property
    def legs(self) -> tuple[LedgerEntry, ...]:
        return tuple(leg for part in self.parts for leg in part)

    @property
    def symbols(self) -> frozenset[str]:
        """Of every order; none where it names no pair."""
        found = (leg.current.request.symbol for leg in self.legs)
        return frozenset(filter(None, (self.symbol, *found)))

    def is_of(self, mode: str, account: str) -> bool:
        """Several functions may keep their alerts in one store; a record that does not say whose
        it is may be anybody's."""
        return self.mode in (mode, "") and self.account in (account, "")

    @property
    def document(self) -> dict[str, Any]:
        """For JSON, without what it was made from."""
        said = self._asdict()
        return {name: said[name] for name in said if name not in _MADE_FROM}


def row_of_entries(legs: Sequence[LedgerEntry]) -> Row:
    """``legs``: those that were claimed, leg 0 first. The leg that decides an
    answer decides here."""
    first, progress = legs[0], Progress(tuple(legs))
    deciding = progress.deciding
    status, code = status_and_code(progress)
    warnings = tuple(warning for leg in legs for warning in leg.warnings)
    undone = list(filter(is_undone, warnings)) if status == HTTPStatus.OK else []
    outcome = _OF_STATE.get(deciding.state, deciding.state.lower())
    request = first.current.request
    ids = [leg.current.order_id for leg in legs]
    return Row(
        key=first.unit.name,
        at=first.received_at,
        mode=first.unit.mode,
        outcome="not_sent" if is_waiting(progress) else outcome,
        code=code,
        strategy=first.strategy,
        alert_id=first.alert_id,
        symbol=request.symbol or None,
        asked="; ".join(map(_asked, [leg.current.request for leg in legs])),
        reason="; ".join(filter(None, (reason_of(progress), *undone))),
        warnings=warnings,
        order_ids=tuple(order_id for order_id in ids if order_id),
        milliseconds=_took(first.received_at, [deciding]),
        account=first.unit.account,
        in_part=bool(undone),
        parts=(tuple(legs),),
    )


def row_of_close(
    root: LedgerEntry, parts: Sequence[Sequence[LedgerEntry]], not_begun: Sequence[str] = ()
) -> Row:
    """Of an alert that closes several positions. ``root``: its own entry, which sends nothing;
    ``parts``: of each position that was begun; ``not_begun``: the others, for people. The worst of
    them says what became of it."""
    rows = [row_of_entries(part) for part in parts]
    left = left_in(root)
    told = {check.numbers["position"] for check in left}
    reasons = [row.reason for row in rows if row.reason]
    reasons += map(sentence_of, left)
    reasons += [f"not begun: {text}" for text in not_begun if text not in told]
    asked = "close " + "; ".join(held.text for held in positions_of(root.figures))
    row = _row_of_parts(root, rows, worst_of(left))
    return row._replace(asked=asked, reason="; ".join(dict.fromkeys(reasons)), left=left)


def _row_of_parts(root: LedgerEntry, rows: list[Row], refused: tuple[int, str] | None) -> Row:
    """``refused``: the status and code of what was not closed."""
    if not rows:
        code = "not_sent" if refused is None else refused[1]
        none = row_of_entries([root])
        return none._replace(outcome=outcome_of(code), code=code, milliseconds=None)
    worst = max(rows, key=_rank)
    if refused is not None and refused[0] >= _rank(worst)[0]:
        worst = worst._replace(outcome=outcome_of(refused[1]), code=refused[1])
    warnings = (*root.warnings, *(warning for row in rows for warning in row.warnings))
    return worst._replace(
        key=root.unit.name,
        at=root.received_at,
        strategy=root.strategy,
        symbol=worst.symbol if len({row.symbol for row in rows}) == 1 else None,
        warnings=tuple(dict.fromkeys(warnings)),
        order_ids=tuple(order_id for row in rows for order_id in row.order_ids),
        milliseconds=_took(root.received_at, [leg for row in rows for leg in row.legs]),
        in_part=any(row.in_part or (refused and row.order_ids) for row in rows),
        parts=tuple(part for row in rows for part in row.parts),
    )


def _took(since: datetime, legs: Sequence[LedgerEntry]) -> int | None:
    """Milliseconds until the last of them was settled."""
    settled = [leg.current.settled_at for leg in legs]
    known = [moment for moment in settled if moment is not None]
    if len(known) < len(settled):
        return None
    return round((max(known) - since).total_seconds() * 1000)


def _rank(row: Row) -> tuple[int, bool]:
    """A doubt before a refusal, that before what is done, and an order before nothing."""
    return status_and_code(Progress(row.parts[0]))[0], row.outcome != "no_action"


def row_of_note(note: Note) -> Row:
    """A note that this version can't read is shown as that: nothing disappears from a list."""
    try:
        record = record_in(note)
    except ValueError:
        reason = "this record can't be read by this version"
        record = AlertRecord(
            note.at, "", note.strategy, "failed", "record_unreadable", reason=reason
        )
    said = record._asdict()
    shared = {name: said[name] for name in Row._fields if name in said}
    row = Row(**shared, key=note.key, order_ids=(), record=record)
    return row._replace(
        outcome=outcome_of(record.outcome),
        validates=record.validates or record.outcome == "validated",
    )


def _asked(request: Any) -> str:
    order = request.trade_details()
    if request.method != "AddOrder":
        what = "cancel" if request.method == "CancelOrder" else "amend"
        return (
            f"{what} {request.named or request.named_by_client or ''} {order['symbol'] or ''}"
        ).strip()
    size = (order["volume"], request.volume_in)
    parts = (order["side"], *size, order["symbol"], order["order_type"])
    return " ".join(str(part) for part in parts if part)
