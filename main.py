"""The Cloud Function: a flask request in, a flask response out. Everything else is webhook_core."""

from __future__ import annotations

import gc
import os
import sys
from datetime import datetime

import flask
import functions_framework

gc.disable()  # what is being loaded is no garbage, and looking for some costs a twelfth of it

from webhook_core.bootstrap import start  # noqa: E402
from webhook_core.http_messages import MAX_BODY_BYTES, HttpRequest, HttpResponse  # noqa: E402
from webhook_core.settings import SettingsError  # noqa: E402

try:
    _instance = start(os.environ)
except SettingsError as error:
    sys.exit(str(error))
finally:
    gc.freeze()  # nor will it be garbage later, in this process or in the one that gunicorn forks
    gc.enable()


@functions_framework.http
def webhook(request: flask.Request) -> flask.Response:
    received_at = _instance.clock.now()  # before the body is read: the time that TradingView waits has begun
    return to_flask(_instance.handle(to_core(request, received_at)))


def to_core(request: flask.Request, received_at: datetime) -> HttpRequest:
    """The body is read from the stream, one byte past the limit at most: flask's own readers parse forms or cut."""
    return HttpRequest(
        method=request.method,
        path=request.path,
        query=request.args.to_dict(),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=_body(request),
        peer=request.remote_addr or "",
        received_at=received_at,
    )


def _body(request: flask.Request) -> bytes:
    """Empty if it breaks off or is no body at all: half of an alert is none, and an empty one is refused."""
    try:
        return request.stream.read(MAX_BODY_BYTES + 1)
    except Exception:  # noqa: BLE001  each server has errors of its own for a transfer that breaks off
        return b""


def to_flask(response: HttpResponse) -> flask.Response:
    """Streamed, with its length stated: otherwise functions-framework reads the rest of an over-long body first."""
    headers = {**response.headers, "content-length": str(len(response.body))}
    return flask.Response(iter([response.body]), response.status, headers)
