"""Reads what stands under the names of secrets: versions in Secret Manager, and mounted files.

Google's library is imported by the first name of its kind; without one nobody pays for it. Every
read happens in a thread that nobody waits for longer than the given seconds: the search for
credentials and a mounted file know no time-out of their own, and the library's default retry takes
a minute (google-cloud-secret-manager 2.32).
"""

from __future__ import annotations

import functools
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from webhook_core.errors import NotConfigured
from webhook_core.events import event
from webhook_core.settings.secret_values import SecretName, Version, path_of, version_of

if TYPE_CHECKING:
    from google.cloud.secretmanager_v1 import SecretManagerServiceClient as Client

ROLE = "roles/secretmanager.secretAccessor"
MOST_BYTES = 65_536
"""Of one secret (docs.cloud.google.com/secret-manager/quotas)."""


class _Unreadable(Exception):
    """``absent``: the secret is not there for us, which asking again does not change."""

    def __init__(self, why: str, *, absent: bool = False) -> None:
        super().__init__(why)
        self.absent = absent


class SecretReader:
    """``connect`` builds the client of Secret Manager; it is kept as long as it works."""

    def __init__(self, connect: Callable[[], Client] | None = None) -> None:
        self._connect = connect or _Clients().client
        self._lock = threading.Lock()
        self._client: Client | None = None

    def read(self, names: Sequence[SecretName], seconds: float) -> dict[str, str]:
        """The values by their names, all at the same time, within ``seconds``.

        Raises NotConfigured with every fault.

        One line end at the end of a value is not part of it: echo and editors add it. Of the names
        with ``alternative`` one is enough; those that are absent have an empty value.
        """
        ends_at = time.monotonic() + seconds
        reads = {name.name: _SecretRead(self._value, name.name, ends_at) for name in names}
        outcomes = {name: each.wait() for name, each in reads.items()}
        faults = list(_faults(names, outcomes))
        if faults:
            raise NotConfigured(faults)
        for name, outcome in outcomes.items():
            event(logging.INFO, "secret.read", secret=name, found=isinstance(outcome, str))
        return {
            name: outcome if isinstance(outcome, str) else "" for name, outcome in outcomes.items()
        }

    def _value(self, name: str, ends_at: float) -> str:
        path, version = path_of(name), version_of(name)
        if path is not None:
            data = _content(path)
        elif version is not None:
            data = self._payload(name, version, ends_at)
        else:
            raise _Unreadable("is no name of a secret")
        try:
            text = data.decode()
        except UnicodeDecodeError:
            raise _Unreadable("is not UTF-8 text; store the value as plain text") from None
        text = text.removesuffix("\n").removesuffix("\r")
        if not text.strip():
            raise _Unreadable("is empty; store the value there")
        return text

    def _payload(self, name: str, version: Version, ends_at: float) -> bytes:
        with self._lock:  # one thread imports it
            from google.api_core.exceptions import GoogleAPICallError
            from google.auth.exceptions import GoogleAuthError

        client = None
        try:
            client = self._connected()
            left = max(0.0, ends_at - time.monotonic())
            payload = client.access_secret_version(name=name, retry=None, timeout=left).payload
        except GoogleAPICallError as error:
            status = error.grpc_status_code
            raise self._failed(
                client, status.name if status else type(error).__name__, version
            ) from None
        except GoogleAuthError:
            raise _Unreadable(_NO_CREDENTIALS) from None
        if "data_crc32c" in payload and payload.data_crc32c != crc32c(payload.data):
            raise _Unreadable(
                "came damaged (its checksum is wrong); it is read again with a later request"
            )
        return bytes(payload.data)

    def _connected(self) -> Client:
        with self._lock:
            self._client = self._client or self._connect()
            return self._client

    def _failed(self, client: Client | None, status: str, version: Version) -> _Unreadable:
        advice = _ADVICE.get(status)
        if advice is not None:
            return _Unreadable(
                advice.format(**version._asdict()), absent=status != "UNAUTHENTICATED"
            )
        # gRPC's back-off after a failure would outlast the next requests: they get a new channel.
        with self._lock:
            if self._client is client:
                self._client = None
        return _Unreadable(f"could not be read ({status}); it is tried again with a later request")


class _SecretRead:
    """One read in a thread of its own. ``outcome``: the value, or why there is none."""

    def __init__(self, read: Callable[[str, float], str], name: str, ends_at: float) -> None:
        self.outcome: str | _Unreadable = _Unreadable(
            "did not come in time; it is read again with a later request"
        )
        self._read, self._name, self._ends_at = read, name, ends_at
        self._thread = threading.Thread(target=self._run, name="secret", daemon=True)
        self._thread.start()

    def wait(self) -> str | _Unreadable:
        self._thread.join(max(0.0, self._ends_at - time.monotonic()))
        return self.outcome

    def _run(self) -> None:
        try:
            self.outcome = self._read(self._name, self._ends_at)
        except _Unreadable as error:
            self.outcome = error
        except Exception as error:  # noqa: BLE001  only its kind: no text of a library's is trusted with a secret
            self.outcome = _Unreadable(f"could not be read ({type(error).__name__})")


@functools.cache
def shared_reader() -> SecretReader:
    """This process's own."""
    return SecretReader()


class _Clients:
    """Builds clients. The credentials are kept: finding them asks the metadata server."""

    def __init__(self) -> None:
        self._credentials: Any = None

    def client(self) -> Client:
        import google.auth
        from google.cloud.secretmanager_v1 import SecretManagerServiceClient
        from google.cloud.secretmanager_v1.services.secret_manager_service.transports import (
            SecretManagerServiceGrpcTransport as Transport,
        )

        # The library logs whole answers, secrets and all, where
        # GOOGLE_SDK_PYTHON_LOGGING_SCOPE asks for it.
        logging.getLogger(Transport.__module__).setLevel(logging.INFO)
        if self._credentials is None:
            self._credentials, _ = google.auth.default(scopes=Transport.AUTH_SCOPES)
        channel = Transport.create_channel(
            SecretManagerServiceClient.DEFAULT_ENDPOINT,
            credentials=self._credentials,
            options=[
                ("grpc.use_local_subchannel_pool", 1)
            ],  # or a new channel takes over the old one's back-off
        )
        return SecretManagerServiceClient(transport=Transport(channel=channel))


_NO_CREDENTIALS = (
    "can't be read without Google credentials; on Google Cloud the function's service account is "
    f"used and needs {ROLE}, elsewhere run: gcloud auth application-default login"
)
_ADVICE = {
    "PERMISSION_DENIED": (
        "may not be read by the function's service account (or is not there); grant the account "
        f"{ROLE}: gcloud secrets add-iam-policy-binding {{secret}} --project={{project}} "
        f"--member=serviceAccount:ACCOUNT --role={ROLE}"
    ),
    "NOT_FOUND": (
        "is not there; create the secret (gcloud secrets create {secret} --project={project} "
        "--data-file=FILE) or, if it has no such version, add one (gcloud secrets versions add "
        "{secret} --project={project} --data-file=FILE), and grant the function's service "
        f"account {ROLE}"
    ),
    "FAILED_PRECONDITION": (
        "is disabled or destroyed; enable the version (gcloud secrets versions enable VERSION "
        "--secret={secret} --project={project}) or add a new one (gcloud secrets versions add "
        "{secret} --project={project} --data-file=FILE)"
    ),
    "UNAUTHENTICATED": _NO_CREDENTIALS,
}


def _faults(
    names: Sequence[SecretName], outcomes: Mapping[str, str | _Unreadable]
) -> Iterator[str]:
    """Absence is no fault where another name of the same requirement was read."""
    one_is_read = any(name.alternative and isinstance(outcomes[name.name], str) for name in names)
    for name in names:
        outcome = outcomes[name.name]
        if isinstance(outcome, _Unreadable) and not (
            name.alternative and one_is_read and outcome.absent
        ):
            yield f"{name.place}: {name.name} {outcome}"


def _content(path: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise _Unreadable(
            f"is not there; mount the secret: gcloud run deploy --set-secrets={path}=SECRET:latest"
        ) from None
    except PermissionError:
        raise _Unreadable(
            "may not be read by this process; for a mounted secret grant the function's service "
            f"account {ROLE}"
        ) from None
    except OSError as error:
        raise _Unreadable(f"could not be read ({type(error).__name__})") from None
    if len(data) > MOST_BYTES:
        raise _Unreadable(f"is larger than {MOST_BYTES} bytes, which no secret is")
    return data


def crc32c(data: bytes) -> int:
    """The checksum that Secret Manager sends with each value (Castagnoli's polynomial,
    RFC 3720 appendix B.4)."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF
