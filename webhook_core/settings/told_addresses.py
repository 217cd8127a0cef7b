"""Who is told of what, by the place where it is set, and what is wrong with that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from webhook_core.settings.notify_values import fault_of
from webhook_core.settings.secret_values import Secret
from webhook_core.settings.settings import Settings


class Address(NamedTuple):
    """``place`` is where it is set. ``strategy``: None for what is told of all of them."""

    place: str
    text: Secret
    strategy: str | None = None


def addresses(settings: Settings) -> tuple[Address, ...]:
    """All of them, NOTIFY's first."""
    found = [Address(f"NOTIFY[{number}]", text) for number, text in enumerate(settings.notify)]
    for name, strategy in settings.strategies.items():
        for number, text in enumerate(strategy.notify):
            found.append(Address(f"[{name}] notify[{number}]", text, name))
    return tuple(found)


def warnings(settings: Settings, *, by_section: bool = False) -> Iterator[str]:
    """What can be told of an address by its form. The doctor asks apprise itself. ``by_section``:
    strategies.toml says what is told."""
    for address in addresses(settings):
        wrong = fault_of(address.text.get_secret_value())
        if wrong is not None:
            yield f"{address.place}: {wrong}; nobody is told there"
    if (settings.notify_about or settings.notify_summary) and not settings.notify:
        chosen = "STRATEGIES_FILE: [notify]" if by_section else "NOTIFY_ABOUT"
        given = "NOTIFY_SUMMARY" if settings.notify_summary else chosen
        if not addresses(settings):
            yield f"{given}: is set, but NOTIFY names nobody to tell"
