"""Cloud Logging in this process: the real client and gRPC, on loopback. It keeps what our own lines
become there, and finds by the part of its query language that we use.

In a test::

    with CloudLogging("my-project-1") as logging_service:
        logging_service.write(line_of_stdout, at=datetime(2026, 2, 18, tzinfo=UTC))
        logging_service.search().find({"alert_id": "a-1"}, since, 5.0)
"""

from __future__ import annotations

import json
import re
import threading
from concurrent import futures
from datetime import datetime
from typing import Any

import grpc
from google.cloud.logging_v2 import types
from google.cloud.logging_v2.services.logging_service_v2 import LoggingServiceV2Client, transports
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from webhook_core.cloud.log_search import LogSearch

SERVICE = "google.logging.v2.LoggingServiceV2"
PREFIX = "logging.googleapis.com/"
NO_PROXY = [("grpc.enable_http_proxy", 0), ("grpc.use_local_subchannel_pool", 1)]
_TERM = re.compile(r'([\w.]+)(=|>=)("(?:[^"\\]|\\.)*")')


def client_on(port: int) -> LoggingServiceV2Client:
    channel = grpc.insecure_channel(f"127.0.0.1:{port}", NO_PROXY)
    return LoggingServiceV2Client(
        transport=transports.LoggingServiceV2GrpcTransport(channel=channel)
    )


class CloudLogging:
    """``project``: whose log it is. ``requests``: what was asked, in order. ``page``: how many
    entries it looks at for one page."""

    def __init__(self, project: str) -> None:
        self._project = project
        self.requests: list[types.ListLogEntriesRequest] = []
        self.page = 1000
        self._entries: list[types.LogEntry] = []
        self._fault: tuple[grpc.StatusCode, str] | None = None
        self._hangs: threading.Event | None = None
        method = grpc.unary_unary_rpc_method_handler(
            self._list,
            types.ListLogEntriesRequest.deserialize,
            types.ListLogEntriesResponse.serialize,
        )
        self._server = grpc.server(futures.ThreadPoolExecutor(4))
        self._server.add_generic_rpc_handlers(
            [grpc.method_handlers_generic_handler(SERVICE, {"ListLogEntries": method})]
        )
        self.port = self._server.add_insecure_port("127.0.0.1:0")

    def __enter__(self) -> CloudLogging:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._hangs is not None:
            self._hangs.set()
        self._server.stop(grace=None).wait()

    def write(self, line: str, at: datetime) -> None:
        """A line of a container's standard output, as Cloud Run's agent takes it in
        (docs.cloud.google.com/logging/docs/structured-logging)."""
        fields = json.loads(line)
        own = {
            "severity": fields.pop("severity", "DEFAULT"),
            "labels": fields.pop(f"{PREFIX}labels", {}),
            "trace": fields.pop(f"{PREFIX}trace", ""),
            "span_id": fields.pop(f"{PREFIX}spanId", ""),
            "trace_sampled": fields.pop(f"{PREFIX}trace_sampled", False),
            "source_location": fields.pop(f"{PREFIX}sourceLocation", {}),
        }
        fields.pop("httpRequest", None)
        alone = set(fields) == {"message"}
        payload = {"text_payload": fields["message"]} if alone else {"json_payload": fields}
        self._entries.append(types.LogEntry({**own, **payload, "timestamp": at}))

    def fail(self, status: grpc.StatusCode, reason: str = "") -> None:
        """Every read ends with it.

        ``reason``: what Google's error details say beside the status.
        """
        self._fault = status, reason

    def hang(self) -> None:
        """No read is answered while the server runs."""
        self._hangs = threading.Event()

    def client(self) -> LoggingServiceV2Client:
        return client_on(self.port)

    def search(self, project: str | None = None) -> LogSearch:
        return LogSearch(project or self._project, self.client)

    def _list(self, request: Any, context: grpc.ServicerContext) -> Any:
        self.requests.append(request)
        if self._hangs is not None:
            self._hangs.wait()
        if self._fault is not None:
            _abort(context, *self._fault)
        if list(request.resource_names) != [f"projects/{self._project}"]:
            context.abort(grpc.StatusCode.NOT_FOUND, request.resource_names[0])
        terms = [
            (name, sign, json.loads(text)) for name, sign, text in _TERM.findall(request.filter)
        ]
        if request.filter != " AND ".join(map("".join, _TERM.findall(request.filter))):
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, request.filter)
        begin = int(request.page_token or 0)
        ordered = sorted(self._entries, key=lambda entry: entry.timestamp)
        page = ordered[begin : begin + self.page]
        end = begin + len(page)
        return types.ListLogEntriesResponse(
            entries=[entry for entry in page if all(_matches(entry, *term) for term in terms)],
            next_page_token=str(end) if end < len(ordered) else "",
        )


def _matches(entry: types.LogEntry, name: str, sign: str, value: str) -> bool:
    """ "String comparisons aren't case sensitive"
    (docs.cloud.google.com/logging/docs/view/logging-query-language)."""
    if sign == ">=":
        return entry.timestamp >= datetime.fromisoformat(value)
    place, _, field = name.partition(".")
    found = (
        entry.labels if place == "labels" else types.LogEntry.to_dict(entry).get("json_payload", {})
    )
    text = found.get(field)
    return isinstance(text, str) and text.casefold() == value.casefold()


def _abort(context: grpc.ServicerContext, status: grpc.StatusCode, reason: str) -> None:
    told = status_pb2.Status(code=status.value[0], message="about the log")
    if reason:
        told.details.add().Pack(error_details_pb2.ErrorInfo(reason=reason, domain="googleapis.com"))
    context.abort_with_status(rpc_status.to_status(told))
