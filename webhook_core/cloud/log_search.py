"""Reads our log lines back from Cloud Logging, for an operator at a terminal.

Google's library is imported here only, by the command that asks. Everything happens in a
thread that nobody waits for longer than the given seconds: the search for credentials
knows no time-out of its own.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from webhook_core.errors import WebhookError
from webhook_core.events import LOGGER

if TYPE_CHECKING:
    from google.cloud.logging_v2.services.logging_service_v2 import LoggingServiceV2Client as Client

MOST_LINES = 1000
"""Of one search; also the largest page that Cloud Logging gives."""
ROLE = "roles/logging.viewer"
_LOGIN = "There are no Google credentials that it takes; run: gcloud auth application-default login"
_ADVICE = {
    "PERMISSION_DENIED": (
        "This account may not read the log of project {project}, or there is no such project. "
        f"Grant it {ROLE}: gcloud projects add-iam-policy-binding {{project}} "
        f"--member=user:YOU@EXAMPLE.COM --role={ROLE}"
    ),
    "SERVICE_DISABLED": (
        "The Cloud Logging API is off for project {project}; turn it on: "
        "gcloud services enable logging.googleapis.com --project={project}"
    ),
    "NOT_FOUND": "There is no project {project} that has a log.",
    "UNAUTHENTICATED": _LOGIN,
    "RESOURCE_EXHAUSTED": (
        "Cloud Logging has no more reads for project {project} in this minute; try again later."
    ),
    "INVALID_ARGUMENT": "Cloud Logging does not take this search for project {project}.",
}
_UNREACHABLE = "Cloud Logging could not be read ({status}); look at the network, and try again."


class LogsUnreadable(WebhookError):
    """Cloud Logging can't be read, and why."""

    code = "logs_unreadable"
    status = 503


class Found(NamedTuple):
    """Lines as they were written: the event's facts beside ``time`` (aware UTC),
    ``severity``, ``message`` and, where they have one, ``trace``. Oldest first.
    ``complete``: there are no more."""

    lines: list[dict[str, Any]]
    complete: bool


class LogSearch:
    """The log of one project. ``connect`` builds the client."""

    def __init__(self, project: str, connect: Callable[[], Client] | None = None) -> None:
        self.project = project
        self._connect = connect or _client

    def find(self, facts: Mapping[str, str], since: datetime, seconds: float) -> Found:
        """The lines that were written since then and have all of ``facts`` (``alert_id``,
        ``request_id``), at most ``MOST_LINES``. Raises LogsUnreadable, after ``seconds`` at the
        latest."""
        outcome: list[Found | LogsUnreadable] = []
        ends_at = time.monotonic() + seconds

        def search() -> None:
            try:
                outcome.append(self._search(facts, since, ends_at))
            except LogsUnreadable as error:
                outcome.append(error)
            except Exception as error:  # noqa: BLE001  a terminal gets a sentence
                outcome.append(LogsUnreadable(_UNREACHABLE.format(status=type(error).__name__)))

        thread = threading.Thread(target=search, name="logs", daemon=True)
        thread.start()
        thread.join(seconds)
        found = outcome[0] if outcome else _late(seconds)
        if isinstance(found, LogsUnreadable):
            raise found
        return found

    def _search(self, facts: Mapping[str, str], since: datetime, ends_at: float) -> Found:
        from google.api_core.exceptions import GoogleAPICallError
        from google.auth.exceptions import GoogleAuthError

        lines: list[dict[str, Any]] = []
        try:
            for line in self._entries(query(facts, since), ends_at):
                if all(line.get(name) == value for name, value in facts.items()):
                    lines.append(line)  # Cloud Logging's own comparison takes a-1 for A-1
                if len(lines) > MOST_LINES:
                    return Found(lines[:MOST_LINES], complete=False)
        except GoogleAPICallError as error:
            status = error.grpc_status_code
            name = error.reason or (status.name if status else type(error).__name__)
            known = _ADVICE.get(name) or _ADVICE.get(status.name if status else "")
            advice = known or _UNREACHABLE
            raise LogsUnreadable(advice.format(project=self.project, status=name)) from None
        except GoogleAuthError:
            raise LogsUnreadable(_LOGIN) from None
        return Found(lines, complete=True)

    def _entries(self, text: str, ends_at: float) -> Iterator[dict[str, Any]]:
        """A page may be empty and yet have another behind it: Cloud Logging answers in time."""
        from google.cloud.logging_v2.types import ListLogEntriesRequest

        client = self._connect()
        request = ListLogEntriesRequest(
            resource_names=[f"projects/{self.project}"],
            filter=text,
            order_by="timestamp asc",
            page_size=MOST_LINES,
        )
        while True:
            left = ends_at - time.monotonic()
            if left <= 0:
                raise _late(0)
            page = client.list_log_entries(request=request, retry=None, timeout=left)
            first = next(iter(page.pages))
            yield from map(_line, first.entries)
            request.page_token = first.next_page_token
            if not request.page_token:
                return


def query(facts: Mapping[str, str], since: datetime) -> str:
    """In the language of docs.cloud.google.com/logging/docs/view/logging-query-language."""
    terms = [f"labels.python_logger={_quoted(LOGGER.name)}"]
    terms += [f"jsonPayload.{name}={_quoted(value)}" for name, value in facts.items()]
    terms.append(f'timestamp>="{since.astimezone(UTC).isoformat()}"')
    return " AND ".join(terms)


def _quoted(text: str) -> str:
    """Its escapes are those of JSON."""
    return json.dumps(text, ensure_ascii=False)


def _line(entry: Any) -> dict[str, Any]:
    from google.cloud.logging_v2.types import LogEntry

    plain = LogEntry.to_dict(entry, use_integers_for_enums=False)
    line = {
        "message": plain.get("text_payload", ""),  # a line with nothing beside its message
        **plain.get("json_payload", {}),
        "time": datetime.fromtimestamp(entry.timestamp.timestamp(), UTC),
        "severity": plain["severity"],
    }
    return line | ({"trace": entry.trace} if entry.trace else {})


def _late(seconds: float) -> LogsUnreadable:
    status = f"no answer within {seconds:g} s" if seconds else "no answer in time"
    return LogsUnreadable(_UNREACHABLE.format(status=status))


def _client() -> Client:
    from google.cloud.logging_v2.services.logging_service_v2 import LoggingServiceV2Client

    return LoggingServiceV2Client()
