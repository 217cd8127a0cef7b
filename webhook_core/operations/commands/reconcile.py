"""reconcile: what POST /reconcile does, until nothing is left to look at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from webhook_core.ledger.entry import State
from webhook_core.operations.commands.tables import show_line, show_table
from webhook_core.operations.commands.terminal import OpenApplication
from webhook_core.web.operators import Operators

_HEADER = ("ALERT", "CLIENT ORDER ID", "STATE", "ORDER ID", "WHY")
_NEEDS_ATTENTION = (State.SUBMITTING, State.NOT_PLACED, State.EXPIRED)
_CAME_TO = {
    (State.SUBMITTING, State.ACCEPTED): "found",
    (State.SUBMITTING, State.REJECTED): "refused by Kraken",
    (State.SUBMITTING, State.NOT_PLACED): "not placed",
    (State.SUBMITTING, State.NOT_SENT): "without effect",
    (State.SUBMITTING, State.SUBMITTING): "still unknown",
    (State.NOT_SENT, State.EXPIRED): "expired",
    (State.NOT_SENT, State.NOT_SENT): "not sent",
    (State.MISSED, State.EXPIRED): "expired",
    (State.MISSED, State.MISSED): "not sent",
}
_READS = {
    "orders": "orders",
    "fills": "what orders have filled",
    "trades": "what the account has traded",
    "pair_rules": "the rules of its pairs",
    "key": "what its key may do",
}


@click.command()
@click.option("--once", is_flag=True, help="One run of up to 25 s, from where the last one ended.")
@click.pass_obj
def reconcile(open_application: OpenApplication, once: bool) -> None:
    """Ask Kraken about every order whose outcome is not known.

    Nothing is ever sent. Alerts and legs that were never sent and are too old now expire, what
    orders have filled is filled in, the pair rules are read again when they are half a day old, and
    settled entries older than 90 days go. Exit status 1 if an order is still unknown, was not
    placed or has expired, if a leg was never sent, if Kraken could not be read, or if entries were
    left."""
    application = open_application()
    documents: list[Mapping[str, Any]] = []
    for document in _runs(application.operators, once=once):
        # Of several runs each is shown at once: they take up to 25 s.
        show_table(
            map(_row, document["looked_at"]),
            _HEADER,
            repeated=any(each["looked_at"] for each in documents),
        )
        documents.append(document)
    rows = [row for document in documents for row in document["looked_at"]]
    if not rows:
        show_line(f"No outcome is unknown in {application.settings.ledger_url}.")
    for line in _done(documents, rows):
        show_line(line)
    unread = _unread(documents)
    for line in unread:
        show_line(line)
    legs_lost = sum(document["legs_missed"] for document in documents)
    more = documents[-1]["cursor"] is not None
    if legs_lost:
        show_line(
            "Legs that expired were never sent: orders --state EXPIRED shows them, replay sends "
            "one."
        )
    if more:
        click.echo("Entries are left. Again: .venv/bin/python -m webhook_core reconcile")
    if unread or legs_lost or more or any(row["after"] in _NEEDS_ATTENTION for row in rows):
        click.get_current_context().exit(1)


def _done(
    documents: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]]
) -> Iterator[str]:
    """All that it did, and what it did not have to do."""
    came_to = Counter(map(_came_to, rows))
    if rows:
        yield (
            f"Looked at: {len(rows)} "
            f"({', '.join(f'{count} {what}' for what, count in came_to.items())})"
        )
    yield f"Legs expired: {sum(document['legs_missed'] for document in documents)}"
    yield f"Trades read: {sum(document['trades'] for document in documents)}"
    yield f"Fills filled in: {sum(document['fills'] for document in documents)}"
    refreshed = any(document["pair_rules_refreshed"] for document in documents)
    yield f"Pair rules: {'read again' if refreshed else 'not read again'}"
    if told := sum(document["told"] for document in documents):
        yield f"Messages told: {told}"
    yield f"Purged: {sum(document['purged'] for document in documents)}"


def _unread(documents: Sequence[Mapping[str, Any]]) -> list[str]:
    every = [each for document in documents for each in document["venue_unavailable"]]
    return [
        f"Kraken could not be asked for {_READS.get(read, read)}: {why}"
        for read, why in sorted({(each["read"], each["why"]) for each in every})
    ]


def _came_to(row: Mapping[str, Any]) -> str:
    return _CAME_TO.get((row["before"], row["after"]), f"{row['before']} -> {row['after']}")


def _runs(operators: Operators, *, once: bool) -> Iterator[dict[str, Any]]:
    cursor = None
    while True:  # all of them, from the oldest on; a single run goes on where the last one ended
        document = operators.reconcile({} if once else {"cursor": cursor or ""})
        yield document
        stands_still = document["cursor"] == cursor
        cursor = document["cursor"]
        if cursor is None or once or stands_still:
            return


def _row(row: Mapping[str, Any]) -> tuple[object, ...]:
    return (
        row["alert_id"],
        row["client_order_id"],
        f"{row['before']} -> {row['after']}",
        row["order_id"],
        row["why"],
    )
