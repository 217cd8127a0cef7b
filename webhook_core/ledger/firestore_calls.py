"""Single calls to Firestore: each with a time-out and no hidden retry, on a channel that is replaced when it fails.

The client's own retries run for a minute and more, whatever ``timeout`` says (google-cloud-firestore 2.34, default
retry of commit and of reads), so there are none; what may be done twice is decided in ledger.firestore.
Google's library is imported by the first call: other ledgers don't pay for it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from webhook_core.errors import LedgerUnavailable
from webhook_core.ledger.time_left import seconds_at_most
from webhook_core.ports import Budget, Clock

if TYPE_CHECKING:
    from google.cloud.firestore import Client, DocumentReference, DocumentSnapshot

    Snapshot = DocumentSnapshot[Any]

T = TypeVar("T")
_LEAST_S = 0.05
"""A call with less time than that is not worth its packets."""
_CHANNEL_OPTIONS = (
    # Without it a new channel takes over the dead connection of the old one, and its back-off too.
    ("grpc.use_local_subchannel_pool", 1),
    # These two are what Client sets on a channel of its own.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.max_receive_message_length", -1),
)


class FirestoreChannel:
    """The client, built where it is first used: a gRPC channel is of no use to a forked child."""

    def __init__(self, project: str, database: str, client: Client | None) -> None:
        self._project = project
        self._database = database
        self._given = client
        self._lock = Lock()
        self._client: Client | None = None
        self._owner_pid = 0
        self._credentials: Any = None

    def client(self) -> Client:
        if self._given is not None:
            return self._given
        with self._lock:
            if self._client is None or self._owner_pid != os.getpid():
                self._client, self._owner_pid = self._build(), os.getpid()
            return self._client

    def replace(self, failed: Client) -> None:
        """Forget a client whose channel failed. After an outage gRPC would keep it down for up to two minutes more
        (its reconnect back-off), and a connection that died while the instance was frozen says nothing for longer.

        It isn't closed here: another thread may be in the middle of a call; it goes with its last user.
        """
        with self._lock:
            if self._client is failed:
                self._client = None

    def close(self) -> None:
        with self._lock:
            client, self._client = self._client, None
            if client is not None and self._owner_pid == os.getpid():
                client._firestore_api.transport.close()  # noqa: SLF001  Client.close() leaves the channel open

    def _build(self) -> Client:
        import google.auth
        from google.cloud.firestore import Client

        emulator = os.environ.get("FIRESTORE_EMULATOR_HOST")
        if self._credentials is None and emulator is None:
            # Kept over a change of channel: finding them asks the metadata server.
            self._credentials, _ = google.auth.default(scopes=Client.SCOPE)
        client = Client(project=self._project, database=self._database, credentials=self._credentials)
        client._firestore_api_internal = _api(emulator, self._credentials)  # noqa: SLF001  the only way to name channel options
        return client


class FirestoreCalls:
    """What one operation of ours may ask of Firestore. All of its calls together end within ``budget``."""

    def __init__(self, channel: FirestoreChannel, budget: Budget, timeout_s: float) -> None:
        self._channel = channel
        self._budget = budget
        self._timeout_s = timeout_s

    def create(self, collection: str, name: str, fields: Mapping[str, Any]) -> str:
        """The new version. Raises AlreadyExists, and every other error of Google's."""
        result = self._call(
            lambda client, timeout: _reference(client, collection, name).create(
                dict(fields), retry=None, timeout=timeout
            )
        )
        return version_text(result.update_time)

    def update(self, collection: str, name: str, fields: Mapping[str, Any], version: str) -> str:
        """The new version. Raises FailedPrecondition or NotFound if the stored version is another one by now."""
        moment = update_time(version)
        result = self._call(
            lambda client, timeout: _reference(client, collection, name).update(
                dict(fields), option=client.write_option(last_update_time=moment), retry=None, timeout=timeout
            )
        )
        return version_text(result.update_time)

    def get(self, collection: str, name: str) -> Snapshot | None:
        snapshot = self._call(
            lambda client, timeout: _reference(client, collection, name).get(retry=None, timeout=timeout)
        )
        return snapshot if snapshot.exists else None

    def get_all(self, references: Collection[tuple[str, str]]) -> dict[tuple[str, str], Snapshot]:
        """Those of them that are there, all as of one moment; no call for none."""
        if not references:
            return {}
        found = self._call(
            lambda client, timeout: list(
                client.get_all([_reference(client, *one) for one in references], retry=None, timeout=timeout)
            )
        )
        return {(snapshot.reference.parent.id, snapshot.id): snapshot for snapshot in found if snapshot.exists}

    def write_all(self, writes: Iterable[tuple[str, str, Mapping[str, Any], str]]) -> str:
        """Their new version: each a collection, a name, fields, and the version to replace (empty: it must be absent).

        All or none: raises AlreadyExists, FailedPrecondition or NotFound if one of them is another by now.
        """

        def commit(client: Client, timeout: float) -> Any:
            batch = client.batch()
            for collection, name, fields, version in writes:
                reference = _reference(client, collection, name)
                if version:
                    moment = update_time(version)
                    batch.update(reference, dict(fields), option=client.write_option(last_update_time=moment))
                else:
                    batch.create(reference, dict(fields))
            return batch.commit(retry=None, timeout=timeout)

        return version_text(self._call(commit)[0].update_time)

    def query(self, build: Callable[[Client], Any]) -> list[Snapshot]:
        from google.api_core.retry import Retry

        # Not None: in the middle of a stream the library asks the retry whether to go on, and None can't answer.
        never = Retry(predicate=lambda _error: False)
        return self._call(lambda client, timeout: list(build(client).stream(retry=never, timeout=timeout)))

    def delete(self, snapshots: Iterable[Snapshot]) -> None:
        """All of them, each only as it was read. Raises FailedPrecondition or NotFound, and then none is deleted."""

        def commit(client: Client, timeout: float) -> None:
            batch = client.batch()
            for snapshot in snapshots:
                batch.delete(snapshot.reference, option=client.write_option(last_update_time=snapshot.update_time))
            batch.commit(retry=None, timeout=timeout)

        self._call(commit)

    def _call(self, send: Callable[[Client, float], T]) -> T:
        from google.api_core.exceptions import ServerError

        remaining = self._budget.remaining()
        if remaining < _LEAST_S:
            raise LedgerUnavailable("The ledger is not available: Firestore does not answer in time.")
        client = self._channel.client()
        try:
            return send(client, min(self._timeout_s, remaining))
        except ServerError:
            self._channel.replace(client)
            raise


@contextmanager
def operation(
    channel: FirestoreChannel, clock: Clock, timeout_s: float, *, in_budget: bool
) -> Iterator[FirestoreCalls]:
    """One operation: half as long again as one call, so that a write that went silent can still be
    read back. ``in_budget``: no longer than the request has left.

    Raises LedgerUnavailable for every error of Google's libraries that the operation does not
    handle.
    """
    from google.api_core.exceptions import GoogleAPIError
    from google.auth.exceptions import GoogleAuthError

    try:
        channel.client()  # the first time it takes an import of half a second, which is not the store's fault
        seconds = seconds_at_most(1.5 * timeout_s) if in_budget else 1.5 * timeout_s
        yield FirestoreCalls(channel, Budget.start(clock, seconds), timeout_s)
    except (GoogleAPIError, GoogleAuthError) as error:
        # The class says it all; Google's texts run over lines and name the project.
        raise LedgerUnavailable(f"The ledger is not available: {type(error).__name__} from Firestore.") from error


def version_text(moment: Any) -> str:
    """Firestore's update time to the nanosecond; Python's own datetime would cut it."""
    return str(moment.rfc3339())


def update_time(version: str) -> Any:
    """Raises ValueError for a text that ``version_text`` did not make."""
    from google.api_core.datetime_helpers import DatetimeWithNanoseconds

    return DatetimeWithNanoseconds.from_rfc3339(version)  # type: ignore[no-untyped-call]


def _api(emulator: str | None, credentials: Any) -> Any:
    """Firestore's API on a connection that is shared with no other channel."""
    import grpc  # type: ignore[import-untyped]
    from google.cloud.firestore_v1.services.firestore import FirestoreClient
    from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport

    host = emulator or FirestoreClient.DEFAULT_ENDPOINT
    if emulator is not None:
        channel = grpc.insecure_channel(emulator, options=_CHANNEL_OPTIONS)
    else:
        channel = FirestoreGrpcTransport.create_channel(host, credentials=credentials, options=_CHANNEL_OPTIONS)
    return FirestoreClient(transport=FirestoreGrpcTransport(host=host, channel=channel))


def _reference(client: Client, collection: str, name: str) -> DocumentReference:
    return client.collection(collection).document(name)
