"""The Cloud Function: a flask request in, a flask response out. Everything else is webhook_core."""

from __future__ import annotations

import gc
import os
import sys
from datetime import datetime, timedelta
from urllib.parse import parse_qsl

import flask
import functions_framework

gc.disable()  # what is being loaded is no garbage, and looking for some costs a twelfth of it

from webhook_core.bootstrap import start  # noqa: E402
from webhook_core.settings.reading import SettingsError  # noqa: E402
from webhook_core.web.messages import MAX_BODY_BYTES, HttpRequest, HttpResponse  # noqa: E402

try:
    _instance = start(os.environ)
except SettingsError as error:
    sys.exit(str(error))
finally:
    gc.freeze()  # nor will it be garbage later, in this process or in the one that gunicorn forks
    gc.enable()


def _bound_senders() -> None:
    """In gunicorn's worker alone: gunicorn is not imported before functions-framework does it."""
    if "gunicorn.workers.gthread" in sys.modules:
        from webhook_core.web.gunicorn_worker import bound_senders

        bound_senders()


if hasattr(os, "register_at_fork"):  # Windows has no fork, and no gunicorn
    os.register_at_fork(after_in_child=_bound_senders)


@functions_framework.http
def webhook(request: flask.Request) -> flask.Response:
    received_at = _instance.clock.now() - timedelta(seconds=_waited_s(request))
    return to_flask(_instance.handle(to_core(request, received_at)))


def _waited_s(request: flask.Request) -> float:
    """In the server, since it arrived there: TradingView waits too. 0 where the server does not
    tell."""
    arrived = getattr(request.environ.get("gunicorn.socket"), "waited_s", None)
    return float(arrived()) if arrived is not None else 0.0


def to_core(request: flask.Request, received_at: datetime) -> HttpRequest:
    oversized = (request.content_length or 0) > MAX_BODY_BYTES
    body = b"" if oversized else _body(request)
    return HttpRequest(
        method=request.method,
        path=request.path,
        query=_query(request),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body,
        peer=request.remote_addr or "",
        received_at=received_at,
        oversized=oversized,
        late=getattr(request.environ.get("gunicorn.socket"), "late", False),
    )


def _query(request: flask.Request) -> dict[str, str]:
    """The first value of each name. flask's own reader raises for a byte that is no UTF-8."""
    text = request.query_string.decode("utf-8", "replace")
    return dict(reversed(parse_qsl(text, keep_blank_values=True)))


def _body(request: flask.Request) -> bytes:
    """From the stream, one byte past the limit at most: flask's own readers parse forms or cut.

    Empty if it breaks off or is no body at all: half of an alert is none, and an empty one is
    refused.
    """
    try:
        body = request.stream.read(MAX_BODY_BYTES + 1)
    except Exception:  # noqa: BLE001  each server has errors of its own for a transfer that breaks off
        return b""
    return body if len(body) >= (request.content_length or 0) else b""


def to_flask(response: HttpResponse) -> flask.Response:
    """Streamed, with its length stated: otherwise functions-framework reads the rest of an
    over-long body first."""
    headers = {**response.headers, "content-length": str(len(response.body))}
    return flask.Response(iter([response.body]), response.status, headers)
