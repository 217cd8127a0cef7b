"""Secret Manager in this process: the real client and gRPC, on loopback.

A test changes versions and faults as it goes.

In a test::

    with SecretManager() as manager:
        manager.add("WEBHOOK_TOKEN", "first version")
        manager.fail("KRAKEN_API_KEY", grpc.StatusCode.PERMISSION_DENIED)
        manager.reader().read([SecretName("WEBHOOK_TOKEN", name("WEBHOOK_TOKEN"))], 1.0)
"""

from __future__ import annotations

import threading
from concurrent import futures
from typing import Any

import grpc
from google.cloud import secretmanager_v1 as sm
from google.cloud.secretmanager_v1.services.secret_manager_service import transports

from webhook_core.cloud.secrets import SecretReader, crc32c

PROJECT = "my-project-1"
SERVICE = "google.cloud.secretmanager.v1.SecretManagerService"
NO_PROXY = [("grpc.enable_http_proxy", 0), ("grpc.use_local_subchannel_pool", 1)]


def name(secret: str, version: str | int = "latest") -> str:
    return f"projects/{PROJECT}/secrets/{secret}/versions/{version}"


def client_on(port: int) -> sm.SecretManagerServiceClient:
    channel = grpc.insecure_channel(f"127.0.0.1:{port}", NO_PROXY)
    return sm.SecretManagerServiceClient(
        transport=transports.SecretManagerServiceGrpcTransport(channel=channel)
    )


class SecretManager:
    """``accesses``: the names that were asked for, in order. ``connections``: how many
    clients were built."""

    def __init__(self, port: int = 0) -> None:
        self.accesses: list[str] = []
        self.connections = 0
        self.crc_error = 0
        self._versions: dict[str, list[bytes | grpc.StatusCode]] = {}
        self._faults: dict[str, grpc.StatusCode] = {}
        self._slow: dict[str, threading.Event] = {}
        method = grpc.unary_unary_rpc_method_handler(
            self._access,
            sm.AccessSecretVersionRequest.deserialize,
            sm.AccessSecretVersionResponse.serialize,
        )
        self._server = grpc.server(futures.ThreadPoolExecutor(8))
        self._server.add_generic_rpc_handlers(
            [grpc.method_handlers_generic_handler(SERVICE, {"AccessSecretVersion": method})]
        )
        self.port = self._server.add_insecure_port(f"127.0.0.1:{port}")

    def __enter__(self) -> SecretManager:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        for released in self._slow.values():
            released.set()
        self._server.stop(grace=None).wait()

    def add(self, secret: str, value: str | bytes) -> None:
        """A new version; ``latest`` is it from now on."""
        data = value.encode() if isinstance(value, str) else value
        self._versions.setdefault(secret, []).append(data)

    def disable(self, secret: str, version: int) -> None:
        self._versions[secret][version - 1] = grpc.StatusCode.FAILED_PRECONDITION

    def fail(self, secret: str, status: grpc.StatusCode | None) -> None:
        """Every access of it ends with this status; None: no longer."""
        self._faults.pop(secret, None)
        if status is not None:
            self._faults[secret] = status

    def hang(self, secret: str) -> None:
        """No access of it is answered while the server runs."""
        self._slow[secret] = threading.Event()

    def client(self) -> sm.SecretManagerServiceClient:
        self.connections += 1
        return client_on(self.port)

    def reader(self) -> SecretReader:
        return SecretReader(self.client)

    def _access(self, request: Any, context: grpc.ServicerContext) -> Any:
        self.accesses.append(request.name)
        path, _, asked = request.name.rpartition("/versions/")
        secret = path.rpartition("/")[2]
        if secret in self._slow:
            self._slow[secret].wait()
        if secret in self._faults:
            context.abort(self._faults[secret], f"about {request.name}")
        versions = self._versions.get(secret, [])
        number = len(versions) if asked == "latest" else int(asked)
        if not path.startswith(f"projects/{PROJECT}/") or not 1 <= number <= len(versions):
            context.abort(grpc.StatusCode.NOT_FOUND, f"about {request.name}")
        data = versions[number - 1]
        if isinstance(data, grpc.StatusCode):
            context.abort(data, f"about {request.name}")
        payload = sm.SecretPayload(data=data, data_crc32c=crc32c(data) ^ self.crc_error)
        return sm.AccessSecretVersionResponse(name=f"{path}/versions/{number}", payload=payload)
