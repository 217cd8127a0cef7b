"""What one exchange over HTTP comes to: an answer, or none and what that proves."""

from __future__ import annotations

from collections.abc import Mapping

from webhook_core.value import NamedTuple


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes


class NoAnswer(Exception):
    """No whole answer came. No text is kept of the ``kind`` of exception that said so: it may quote
    the request. ``is_late``: the time was up; ``is_sent``: False is a proof, True is none."""

    def __init__(self, kind: str, *, is_late: bool = False, is_sent: bool = True) -> None:
        super().__init__(kind)
        self.kind = kind
        self.is_late = is_late
        self.is_sent = is_sent
