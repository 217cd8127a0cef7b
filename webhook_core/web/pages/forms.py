"""The fields of a form that was posted."""

from __future__ import annotations

from urllib.parse import parse_qsl

from webhook_core.web.messages import HttpRequest

MOST_FIELDS = 20


def form_of(request: HttpRequest) -> dict[str, str]:
    """Each field once, the first that came. What can't be read is no field."""
    text = request.body.decode("ascii", "replace")
    try:
        rows = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        return {}
    return dict(reversed(rows))
