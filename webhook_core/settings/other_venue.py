"""Opens a venue beside Kraken."""

from __future__ import annotations

from collections.abc import Callable, Collection
from importlib import import_module
from typing import TYPE_CHECKING, Any

from webhook_core.errors import NotConfigured
from webhook_core.settings.settings import Settings
from webhook_core.settings.venue_name import VenueName

if TYPE_CHECKING:
    from webhook_core.clock import Clock
    from webhook_core.ledger.contract import Documents
    from webhook_core.venue import Venue


def open_other(
    settings: Settings,
    documents: Documents,
    clock: Clock,
    name: VenueName,
    mask: Callable[[Collection[str]], None],
) -> Venue:
    """The venue; what it wants to be masked is given to ``mask``.

    Raises NotConfigured for one that can't be opened, or not in this mode.
    """
    mode = settings.trading_mode
    try:
        venue, modes, secrets = _function(name)(settings, documents, clock)
    except NotConfigured:
        raise
    except Exception as error:
        raise NotConfigured([f"VENUE: {name} failed ({type(error).__name__})"]) from error
    if mode not in modes:
        fault = f"VENUE: {name} serves no TRADING_MODE={mode}, only {', '.join(modes)}"
        raise NotConfigured([fault])
    mask(secrets)
    found: Venue = venue
    return found


def _function(name: VenueName) -> Any:
    found = getattr(import_module(name.module), name.function, None)
    if not callable(found):
        raise NotConfigured([f"VENUE: {name.module} has no function {name.function}"])
    return found
