"""doctor: whether this deployment would trade, line by line."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter

import click

from webhook_core.findings import Finding, Verdict
from webhook_core.operations.commands.tables import show_line


@click.command()
@click.option("--strict", is_flag=True, help="Exit status 1 for warnings too.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of lines.")
@click.option(
    "--new-ledger", is_flag=True, help="Only take what is at LEDGER_URL as the ledger from now on."
)
def doctor(strict: bool, as_json: bool, new_ledger: bool) -> None:
    """Check the settings, the ledger, Kraken, the key and what it may do, and one alert from end to
    end.

    Nothing is placed and no entry of the ledger is touched; the alert goes to the validate route,
    and in live Kraken only checks it. Exit status 1 if anything failed.

    --new-ledger checks none of that. Where a ledger has gone, was emptied or is another one, alerts
    get 503 until it is back or until this begins anew; it deletes nothing, and shows the id for
    LEDGER_ID.
    """
    # The other commands don't need it.
    from webhook_core.operations.doctor import begin_ledger_anew, examine

    counts: Counter[Verdict] = Counter()
    findings = []
    for finding in (begin_ledger_anew if new_ledger else examine)(os.environ, sys.stderr):
        counts[finding.verdict] += 1
        findings.append(finding)
        if not as_json:
            show_line(_line(finding), indent=6)
    failed = bool(counts[Verdict.FAIL] or (strict and counts[Verdict.WARN]))
    names = {"ok": Verdict.OK, "warnings": Verdict.WARN, "failures": Verdict.FAIL}
    summary = {name: counts[verdict] for name, verdict in names.items()}
    if as_json:
        rows = [finding._asdict() for finding in findings]
        click.echo(json.dumps({"passed": not failed, **summary, "findings": rows}, indent=2))
    else:
        click.echo(", ".join(f"{count} {name}" for name, count in summary.items()))
    if failed:
        click.get_current_context().exit(1)


def _line(finding: Finding) -> str:
    advice = f" -> {finding.advice}" if finding.advice else ""
    return f"{finding.verdict.upper():<5} {finding.name}: {finding.found}{advice}"
