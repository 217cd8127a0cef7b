"""Where the lines of events go, and in which form: for Google Cloud, as plain JSON elsewhere in
production, or for people. No client, no network, no thread: whoever runs the process collects what
it writes.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Collection
from typing import Literal, TextIO

from webhook_core.cloud.masking import masked, written_forms
from webhook_core.events import LOGGER

Style = Literal["console", "json", "google"]
SERVERS = ("werkzeug", "gunicorn.access")
"""Loggers of those that may serve us, with a line a request: where a token stands in the URL, so it
does there."""


def configure(
    level: str,
    style: Style,
    stream: TextIO | None = None,
    secrets: Collection[str] = (),
    project: str | None = None,
) -> None:
    """Set up the one handler of our logger; done again, it replaces the first.

    ``stream``: None is whatever ``sys.stdout`` is when a line is written, so that Google's wrapper
    of it can add its labels. ``secrets``: texts that no line may contain, whoever put them there.
    ``project``: whose traces the lines join.
    """
    for handler in [handler for handler in LOGGER.handlers if handler.name == LOGGER.name]:
        LOGGER.removeHandler(handler)
    handler = logging.StreamHandler(_Output(stream, secrets))
    if style == "console":
        from webhook_core.cloud import console

        handler.setFormatter(console.ConsoleLine())
        handler.addFilter(console.worth_a_line)
    else:
        from webhook_core.cloud.json_lines import GoogleLine, JsonLine

        handler.setFormatter(GoogleLine(project) if style == "google" else JsonLine(project))
    handler.name = LOGGER.name
    LOGGER.addHandler(handler)
    LOGGER.setLevel(level)
    LOGGER.propagate = False
    for server in SERVERS:
        logging.getLogger(server).addFilter(without_tokens)
    # functions-framework's own dictConfig disables every logger that it finds.
    LOGGER.disabled = False


def without_tokens(record: logging.LogRecord) -> bool:
    """A filter that drops no line, and takes whatever looks like a scoped token out of it."""
    line = record.getMessage()
    shown = masked(line, ())
    if shown != line:
        record.msg, record.args = shown, ()
    return True


def mask(secrets: Collection[str]) -> None:
    """Texts that are known only now, and that no line may contain from here on."""
    for handler in LOGGER.handlers:
        output = getattr(handler, "stream", None)
        if isinstance(output, _Output):
            output.mask(secrets)


class _Output:
    """Where lines go, after every secret that got into one all the same is taken out of it."""

    def __init__(self, stream: TextIO | None, secrets: Collection[str]) -> None:
        self._secrets: list[str] = []
        self._stream = stream
        self.mask(secrets)

    def mask(self, secrets: Collection[str]) -> None:
        forms = {*written_forms(secrets), *self._secrets}
        self._secrets = sorted(forms, key=len, reverse=True)

    def write(self, line: str) -> None:
        (self._stream or sys.stdout).write(masked(line, self._secrets))

    def flush(self) -> None:
        (self._stream or sys.stdout).flush()
