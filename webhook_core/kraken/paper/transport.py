"""What krakenex's session gets in paper mode: everything runs for real but the socket."""

from __future__ import annotations

from collections.abc import Mapping

from webhook_core.kraken.paper.engine import PaperKraken
from webhook_core.kraken.paper.wire import Unreachable
from webhook_core.network.exchange import Answer, NoAnswer


class PaperTransport:
    """A kraken.session.Transport."""

    def __init__(self, engine: PaperKraken) -> None:
        self.engine = engine

    def exchange(
        self,
        method: str,
        path: str,
        body: bytes | None,
        headers: Mapping[str, str],
        seconds: float,  # noqa: ARG002  it answers at once
    ) -> Answer:
        """The request, byte for byte, to the engine. Raises NoAnswer as a socket would."""
        bare, _, query = path.partition("?")
        try:
            status, content = self.engine.handle(method, bare, query, headers, body or b"")
        except Unreachable:
            raise NoAnswer("Unreachable", is_sent=False) from None
        return Answer(status, {}, content)

    def close(self) -> None:
        """Nothing is open; the book is stored after every request."""
