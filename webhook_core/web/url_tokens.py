"""A scoped token in the path, where an alert has no field of ours for one:
``POST /webhook/tradingview/TOKEN``, and ``.../TOKEN/validate``.

The platform's own log of requests has such a path; ours has not, nor has any answer.
"""

from __future__ import annotations

from webhook_core.web.messages import HttpRequest

_ROUTE = "/webhook/tradingview"
_VALIDATE = "/validate"


def without_token(request: HttpRequest) -> HttpRequest:
    """The same on the route that is meant, with what its path held as ``url_token``; itself where
    its path can hold none. A token may have slashes in it."""
    path = request.path.rstrip("/")
    held = path.removeprefix(f"{_ROUTE}/")
    if held in (path, ""):
        return request
    token = held.removesuffix(_VALIDATE)
    route = _ROUTE if token == held else _ROUTE + _VALIDATE
    return request._replace(path=route, url_token=token)
