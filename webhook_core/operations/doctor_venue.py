"""What the venue itself can say of the way to it: any venue, as far as it can be asked."""

from __future__ import annotations

from collections.abc import Iterator

from webhook_core.application import Application
from webhook_core.findings import Diagnosable, Finding, warn


def check_venue(application: Application) -> Iterator[Finding]:
    """Its own findings under its name. Raises what the venue raises."""
    venue = application.venue
    if not isinstance(venue, Diagnosable):
        yield warn(
            "venue", "it has no checks of its own", "believe the alert below, which goes there"
        )
        return
    on_paper = application.settings.trading_mode == "paper"
    name = f"paper {venue.name}" if on_paper else venue.name
    for finding in venue.diagnose(application.settings.order_deadline_s):
        advice = finding.advice
        # The advice about the real one would lead astray: all that can fail is the book.
        if on_paper and advice:
            advice = f"the {name} keeps its book in the ledger: look at what was found there"
        yield finding._replace(name=f"{name} {finding.name}", advice=advice)
