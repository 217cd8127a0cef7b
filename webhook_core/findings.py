"""What one check of the doctor found, and how bad it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from typing import NamedTuple, Protocol, runtime_checkable

from webhook_core.errors import WebhookError


class Verdict(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


class Finding(NamedTuple):
    """``advice`` is what to do about it, empty where nothing is to be done."""

    name: str
    verdict: Verdict
    found: str
    advice: str = ""


@runtime_checkable
class Diagnosable(Protocol):
    """A venue that can be asked what is wrong between it and us; one that can't is only tried with
    an alert. ``name`` is what people call it; orders get deadlines of ``deadline_s``."""

    name: str

    def diagnose(self, deadline_s: int) -> Iterable[Finding]: ...


def ok(name: str, found: str) -> Finding:
    return Finding(name, Verdict.OK, found)


def warn(name: str, found: str, advice: str) -> Finding:
    return Finding(name, Verdict.WARN, found, advice)


def fail(name: str, found: str, advice: str) -> Finding:
    return Finding(name, Verdict.FAIL, found, advice)


def guarded(
    name: str, check: Callable[[], Iterable[Finding]], advice: Callable[[str], str]
) -> Iterator[Finding]:
    """What the check finds; whatever ends it is a failure of this check alone.

    ``advice``: what to do about such a message.

    Of an unexpected exception only the kind is shown: its text may quote a secret.
    """
    try:
        yield from check()
    except WebhookError as error:
        yield fail(name, error.message, advice(error.message))
    except Exception as error:  # noqa: BLE001  a check that breaks must not stop the others
        yield fail(
            name,
            f"the check itself broke ({type(error).__name__})",
            "this is a bug: please report it",
        )
