"""Single calls to Firestore over its REST interface, each with a time-out and never sent twice;
what may be done again is decided by who calls.

https://firebase.google.com/docs/firestore/reference/rest/v1/projects.databases.documents
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from webhook_core.clock import Budget, Clock
from webhook_core.errors import LedgerForbidden, LedgerUnavailable
from webhook_core.events import event
from webhook_core.ledger.firestore.channel import FirestoreChannel
from webhook_core.ledger.firestore.codec import decoded_fields, encoded_fields, version_of
from webhook_core.ledger.firestore.failures import FirestoreError, Forbidden, Unproved
from webhook_core.ledger.firestore.tokens import NoToken
from webhook_core.ledger.time_left import seconds_at_most
from webhook_core.value import NamedTuple, Record, Value

LEDGER, DOCUMENTS, HISTORY = "ledger", "documents", "history"
"""The collections of the entries, the named texts and the notes."""
_LEAST_S = 0.05
"""A call with less time than that is not worth its packets."""
_TOKEN_WITHIN_S = 1.5
"""Only the first token of an instance is waited for."""


class Stored(Record, Value, frozen=True):
    """A document as it was read: where, which version, and its fields."""

    collection: str
    id: str
    version: str
    fields: Mapping[str, Any]

    def text(self, field: str) -> str | None:
        """None for one that is absent, or no text."""
        value = self.fields.get(field)
        return value if isinstance(value, str) else None

    def moment(self, field: str) -> datetime | None:
        """None for one that is absent, or no time."""
        value = self.fields.get(field)
        return value if isinstance(value, datetime) else None


class Write(NamedTuple):
    """``version``: the one to replace; empty: the document must be absent."""

    collection: str
    name: str
    fields: Mapping[str, Any]
    version: str = ""


class Verify(NamedTuple):
    """Not written: ``version`` is the one that must be there; empty: the
    document must be absent."""

    collection: str
    name: str
    version: str = ""


class FirestoreCalls:
    """What one operation of ours may ask of Firestore.

    All of its calls together end within ``budget``.
    """

    def __init__(self, channel: FirestoreChannel, budget: Budget, timeout_s: float) -> None:
        self._channel = channel
        self._budget = budget
        self._timeout_s = timeout_s

    def write_all(self, writes: Sequence[Write | Verify]) -> str:
        """The version of the first. All or none: raises AlreadyThere or Changed if one of them is
        another by now, ValueError for a version that is none."""
        results = self._commit([self._written(write) for write in writes])
        try:
            return version_of(results[0]["updateTime"])
        except (KeyError, TypeError, ValueError) as error:
            raise Unproved("MALFORMED") from error

    def delete(self, found: Sequence[Stored]) -> None:
        """All of them, each only as it was read. Raises Changed, and then none is deleted."""
        if found:
            self._commit(
                [
                    {
                        "delete": self.path_of(one.collection, one.id),
                        "currentDocument": {"updateTime": one.version},
                    }
                    for one in found
                ]
            )

    def get(self, collection: str, name: str) -> Stored | None:
        return self.get_all([(collection, name)]).get((collection, name))

    def get_all(self, references: Collection[tuple[str, str]]) -> dict[tuple[str, str], Stored]:
        """Those of them that are there, all as of one moment; no call for none."""
        paths = {self.path_of(*reference): reference for reference in references}
        if not paths:
            return {}
        parts = _parts(self._call("batchGet", {"documents": list(paths)}))
        missing = {part["missing"] for part in parts if "missing" in part}
        found = [_stored(part["found"]) for part in parts if "found" in part]
        present = {(one.collection, one.id): one for one in found}
        if missing | {self.path_of(*reference) for reference in present} != set(paths):
            raise Unproved("MALFORMED")
        return present

    def query(self, structured: Mapping[str, Any]) -> list[Stored]:
        """What a query of ledger.firestore.queries finds, in its order."""
        parts = _parts(self._call("runQuery", {"structuredQuery": structured}))
        return [_stored(part["document"]) for part in parts if "document" in part]

    def _written(self, write: Write | Verify) -> dict[str, Any]:
        is_there = {"updateTime": write.version} if write.version else {"exists": False}
        path = self.path_of(write.collection, write.name)
        if isinstance(write, Verify):
            return {"verify": path, "currentDocument": is_there}
        document = {"name": path, "fields": encoded_fields(write.fields)}
        mask = {"updateMask": {"fieldPaths": sorted(write.fields)}} if write.version else {}
        return {"update": document, **mask, "currentDocument": is_there}

    def _commit(self, writes: list[dict[str, Any]]) -> list[Any]:
        answer = self._call("commit", {"writes": writes})
        results = answer.get("writeResults") if isinstance(answer, dict) else None
        if not isinstance(results, list) or len(results) != len(writes):
            raise Unproved("MALFORMED")
        return results

    def path_of(self, collection: str, name: str) -> str:
        """A document's full name."""
        return f"{self._channel.documents}/{collection}/{name}"

    def _call(self, verb: str, document: Mapping[str, Any]) -> Any:
        remaining = self._budget.remaining()
        if remaining < _LEAST_S:
            raise LedgerUnavailable.because("Firestore does not answer in time")
        return self._channel.post(verb, document, min(self._timeout_s, remaining))


@contextmanager
def operation(
    channel: FirestoreChannel, clock: Clock, timeout_s: float, *, in_budget: bool
) -> Iterator[FirestoreCalls]:
    """One operation: half as long again as one call, so that a write that went silent can still be
    read back. ``in_budget``: no longer than the request has left.

    Raises LedgerUnavailable for every failure that the operation does not handle, LedgerForbidden
    where a person must grant a role first.
    """
    try:
        # The first takes a moment, which is not the store's fault.
        channel.prepare(seconds_at_most(_TOKEN_WITHIN_S))
        seconds = seconds_at_most(1.5 * timeout_s) if in_budget else 1.5 * timeout_s
        yield FirestoreCalls(channel, Budget.start(clock, seconds), timeout_s)
    except Forbidden as error:
        raise _forbidden(error, channel.project) from error
    except FirestoreError as error:
        # The code says it all; Google's texts run over lines and name the project.
        raise LedgerUnavailable.because(f"{error.status} from Firestore") from error
    except NoToken as error:
        why = f"no access token for Firestore ({error.reason})"
        raise LedgerUnavailable.because(why) from error


def _forbidden(error: Forbidden, project: str) -> LedgerForbidden:
    if error.reason == "SERVICE_DISABLED":
        advice = f"gcloud services enable firestore.googleapis.com --project={project}"
    else:
        advice = (
            "grant the function's service account roles/datastore.user: gcloud projects "
            f"add-iam-policy-binding {project} --member=serviceAccount:ACCOUNT "
            "--role=roles/datastore.user"
        )
    why = error.reason or error.status
    event(
        logging.ERROR,
        "service.not_configured",
        faults=[f"LEDGER_URL: Firestore refuses us ({why}); {advice}"],
    )
    return LedgerForbidden.because(f"{error.status} from Firestore; the log says what to grant")


def _parts(answer: Any) -> list[dict[str, Any]]:
    if not isinstance(answer, list) or not all(isinstance(part, dict) for part in answer):
        raise Unproved("MALFORMED")
    return answer


def _stored(document: Any) -> Stored:
    try:
        collection, name = document["name"].split("/")[-2:]
        fields = decoded_fields(document.get("fields", {}))
        return Stored(collection, name, version_of(document["updateTime"]), fields)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise Unproved("MALFORMED") from error
