"""The paper Kraken beneath krakenex as it comes, with requests' own session: everything is real but
the socket."""

from __future__ import annotations

import io
from collections.abc import Mapping
from urllib.parse import urlsplit

from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter, HTTPAdapter
from requests.exceptions import ConnectionError as NotConnected
from urllib3 import HTTPResponse
from urllib3.connection import HTTPConnection
from urllib3.exceptions import MaxRetryError, NewConnectionError

from webhook_core.kraken.paper.engine import PaperKraken
from webhook_core.kraken.paper.envelope import Unreachable


class PaperAdapter(BaseAdapter):
    """Mount it: ``api.session.mount("https://api.kraken.com", PaperAdapter(engine))``."""

    def __init__(self, engine: PaperKraken) -> None:
        super().__init__()
        self.engine = engine
        self._builder = HTTPAdapter()

    def send(  # noqa: PLR0917 — requests' own signature
        self,
        request: PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,
        verify: bool | str = True,
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> Response:
        """The prepared request, byte for byte, to the engine; its answer as a requests.Response.

        Raises ConnectionError as a socket would.
        """
        parts = urlsplit(request.url or "")
        body = request.body if isinstance(request.body, bytes) else (request.body or "").encode()
        headers = {name: _text(value) for name, value in request.headers.items()}
        path, query = str(parts.path), str(parts.query)
        try:
            status, content = self.engine.handle(request.method or "", path, query, headers, body)
        except Unreachable:
            raise _no_connection(path) from None
        kind = "application/json; charset=utf-8" if status == 200 else "text/html; charset=utf-8"
        raw = HTTPResponse(
            body=io.BytesIO(content),
            headers={"Content-Type": kind, "Content-Length": str(len(content))},
            status=status,
            reason="OK" if status == 200 else "Service Unavailable",
            preload_content=False,
            request_method=request.method,
        )
        return self._builder.build_response(request, raw)

    def close(self) -> None:
        """Nothing is open; the book is stored after every request."""


def _no_connection(path: str) -> NotConnected:
    """What requests raises where no connection could be made."""
    unmade = NewConnectionError(HTTPConnection(""), "Kraken can't be reached")
    return NotConnected(MaxRetryError(None, path, unmade))  # type: ignore[arg-type]


def _text(value: bytes | str) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
