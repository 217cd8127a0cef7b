"""What a loopback Kraken can do wrong to one call, as values.

The order of a fault: hold, apply, then spoil the answer.

``apply`` says whether the engine carries the request out although the caller
doesn't get a proper answer.
"""

from __future__ import annotations

import base64
import json
import threading
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["reply", "reset", "raw"]
PAGE = (
    "<html><head><title>{0}</title></head>"
    "<body><center><h1>{0}</h1></center><hr>cloudflare</body></html>"
)


@dataclass(slots=True)
class Fault:
    """One spoiled call.

    ``before_s`` waits in front of the engine, ``after_s`` behind it, ``byte_s`` between two bytes.

    ``cut`` ends the answer after so many bytes of its body.
    """

    kind: Kind = "reply"
    apply: bool = True
    before_s: float = 0
    after_s: float = 0
    byte_s: float = 0
    cut: int | None = None
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    held: Literal["", "before", "after"] = ""
    released: threading.Event = field(default_factory=threading.Event, repr=False)
    reached: threading.Event = field(default_factory=threading.Event, repr=False)

    def release(self) -> None:
        """Let a held call go on."""
        self.released.set()


def reset_before() -> Fault:
    """The connection drops and the engine never saw the request."""
    return Fault("reset", apply=False)


def reset_after() -> Fault:
    """The engine carried it out, then the connection drops without a byte of an answer."""
    return Fault("reset")


def late(seconds: float) -> Fault:
    """Carried out at once, answered late."""
    return Fault(after_s=seconds)


def slow(seconds: float) -> Fault:
    """Stuck in front of the engine, then carried out and answered."""
    return Fault(before_s=seconds)


def hold(*, apply: bool = True) -> Fault:
    """Carried out (or not), then nothing until ``release()``: an answer then (or a drop, if it
    wasn't carried out)."""
    return Fault("reply" if apply else "reset", apply=apply, held="after")


def hold_before() -> Fault:
    """Nothing until ``release()``; only then the engine sees it."""
    return Fault(held="before")


def hang() -> Fault:
    """Never carried out, never answered; the connection stays open until the server closes."""
    return hold(apply=False)


def drip(seconds_per_byte: float) -> Fault:
    """Carried out; the answer comes one byte at a time, its headers too."""
    return Fault(byte_s=seconds_per_byte)


def truncated(keep: int) -> Fault:
    """Carried out; only ``keep`` bytes of the answer's body arrive, then the connection drops."""
    return Fault(cut=keep)


def redirect(url: str, *, status: int = 302, apply: bool = False) -> Fault:
    """An answer that sends the caller elsewhere."""
    return Fault("raw", apply=apply, status=status, headers={"Location": url})


def status(code: int, html: str | None = None, *, apply: bool = False) -> Fault:
    """A page of the edge instead of an answer."""
    page = PAGE.format(code) if html is None else html
    return Fault(
        "raw", apply=apply, status=code, body=page.encode(), headers={"Content-Type": "text/html"}
    )


def raw(body: bytes, status: int = 200, *, apply: bool = True) -> Fault:
    """Any bytes as the answer: not JSON, half of it, not UTF-8."""
    return Fault(
        "raw", apply=apply, status=status, body=body, headers={"Content-Type": "application/json"}
    )


def errors(strings: list[str], *, apply: bool = False, result: Any = None) -> Fault:
    """Kraken's own error list, carried out or not."""
    answer: dict[str, Any] = (
        {"error": strings} if result is None else {"error": strings, "result": result}
    )
    return raw(json.dumps(answer).encode(), apply=apply)


_MADE = {
    made.__name__: made
    for made in (
        reset_before,
        reset_after,
        late,
        slow,
        hold,
        hold_before,
        hang,
        drip,
        truncated,
        redirect,
        status,
        raw,
        errors,
    )
}


def from_json(data: dict[str, Any]) -> Fault:
    """``{"fault": "late", "seconds": 1}`` -> ``late(seconds=1)``; ``raw`` takes its body as base64.
    Raises ValueError."""
    arguments = dict(data)
    made = _MADE.get(arguments.pop("fault", ""))
    if made is None:
        raise ValueError(f"no such fault; there are {', '.join(sorted(_MADE))}")
    if made is raw:
        arguments["body"] = base64.b64decode(arguments["body"])
    return made(**arguments)
