"""replay: show an alert that ended without an order, ask, and send it once more."""

from __future__ import annotations

from collections.abc import Iterator

import click

from webhook_core.application import Application
from webhook_core.ledger.entry import LedgerEntry, State
from webhook_core.operations.commands.tables import show_facts, show_table
from webhook_core.operations.commands.terminal import OpenApplication, budget, duration, moment
from webhook_core.operations.replay import Checked, Replay
from webhook_core.operations.replay_search import SeveralEntries

_RESULTS = {
    State.ACCEPTED: "Kraken accepted the order.",
    State.REJECTED: "Kraken refused the order.",
    State.NOT_SENT: (
        "The order was not sent. Once it is too old, reconcile makes it EXPIRED; then it can "
        "be replayed again."
    ),
    State.SUBMITTING: (
        "The order was sent and its outcome is not known. Ask: "
        ".venv/bin/python -m webhook_core reconcile"
    ),
}


@click.command()
@click.argument("alert_id")
@click.option(
    "--generation", type=click.IntRange(0), help="Which one, of an alert that came more than once."
)
@click.option("--unit", help="Which one, by the unit that orders --json shows. Needs no search.")
@click.option("--yes", is_flag=True, help="Send without asking.")
@click.pass_obj
def replay(
    open_application: OpenApplication,
    alert_id: str,
    generation: int | None,
    unit: str | None,
    yes: bool,
) -> None:
    """Send an alert again that was REJECTED, NOT_PLACED, EXPIRED or DENIED.

    The stored request goes out as it is, under a new client order id, if today's limits of its
    strategy allow it and Kraken holds no order of any earlier attempt. Without --unit the search
    reads up to 10,000 entries of the ledger, twice at most; on Firestore each is a billed read.
    Exit status 1 unless Kraken accepted the order.
    """
    application = open_application()
    operation = Replay(
        application.settings,
        application.ledger,
        application.venue,
        application.clock,
        application.decider,
        application.alerts.legs.submission,
    )
    found = _find(operation, alert_id, generation, unit)
    checked = operation.check(found, budget(application.clock))
    show_facts(_what(checked, application))
    if not yes:
        click.confirm("Send this order now?", abort=True)
    entry = operation.send(checked, budget(application.clock))
    _show_result(entry)
    if entry.state is not State.ACCEPTED:
        click.get_current_context().exit(1)


def _find(
    operation: Replay, alert_id: str, generation: int | None, unit: str | None
) -> LedgerEntry:
    try:
        return operation.find(alert_id, generation, unit)
    except SeveralEntries as several:
        show_table(
            map(_choice, several.entries),
            ("GENERATION", "RECEIVED (UTC)", "STATE", "STRATEGY", "UNIT"),
        )
        raise click.UsageError(several.message) from None


def _choice(entry: LedgerEntry) -> tuple[object, ...]:
    return (
        entry.unit.generation,
        moment(entry.received_at),
        entry.state,
        entry.strategy,
        entry.unit.name,
    )


def _what(checked: Checked, application: Application) -> Iterator[tuple[str, object]]:
    entry, request, settings = checked.entry, checked.request, application.settings
    age = duration(application.clock.now() - entry.received_at)
    real = " (real money)" if settings.trading_mode == "live" else ""
    yield "alert", entry.alert_id
    yield "received", f"{moment(entry.received_at)} UTC, {age} ago"
    yield "strategy", entry.strategy
    yield "mode", f"{settings.trading_mode}{real}"
    yield "account", entry.unit.account
    yield "unit", entry.unit.name
    for attempt in entry.attempts:
        why = "; ".join([*attempt.errors, *filter(None, [attempt.reason])])
        yield (
            f"attempt {attempt.number}",
            f"{moment(attempt.claimed_at)} UTC {attempt.state} {why}".rstrip(),
        )
    yield "will send", f"{request.symbol}, the stored request as it is:"
    for name, text in request.sent.items():
        yield f"  {name}", text
    yield "  cl_ord_id", checked.client_order_id
    yield "  deadline", f"{settings.order_deadline_s} s from then"
    if request.reference_price is not None:
        yield "price then", f"{request.reference_price:f} (not sent)"


def _show_result(entry: LedgerEntry) -> None:
    attempt = entry.current
    click.echo(_RESULTS.get(entry.state, f"The alert is {entry.state}."))
    why = "; ".join([*attempt.errors, *filter(None, [attempt.reason])])
    show_facts(
        [
            ("state", entry.state),
            ("order id", attempt.order_id),
            ("client order id", attempt.client_order_id),
            ("why", why),
        ]
    )
