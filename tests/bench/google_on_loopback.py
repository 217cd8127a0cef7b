"""Google on loopback, in a process of its own, for a function that is not changed for it:
environment variables only.

Three things that an instance on Google Cloud has around it: the metadata server (the account's
access token), Secret Manager behind TLS, and a way to it. gRPC is sent through a CONNECT proxy,
which leads every host to the one service here; its certificate is trusted because
GRPC_DEFAULT_SSL_ROOTS_FILE_PATH names it. So the function's own client finds its credentials,
shakes hands and reads secrets as it does in the cloud, only without distance.

    with google_on_loopback(folder, {"WEBHOOK_TOKEN": "…"}) as environment: …
"""

from __future__ import annotations

import contextlib
import json
import selectors
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent import futures
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

PROJECT = "bench-project"
HOST = "secretmanager.googleapis.com"
ACCOUNT = {
    "email": f"bridge@{PROJECT}.iam.gserviceaccount.com",
    "aliases": ["default"],
    "scopes": [],
}
ACCESS_TOKEN = {"access_token": "an-access-token", "expires_in": 3599, "token_type": "Bearer"}
SERVICE = "google.cloud.secretmanager.v1.SecretManagerService"


def secret_name(secret: str) -> str:
    return f"projects/{PROJECT}/secrets/{secret}/versions/latest"


@contextlib.contextmanager
def google_on_loopback(folder: Path, secrets: dict[str, str]) -> Iterator[dict[str, str]]:
    """The variables of a function that is to find it.

    ``secrets``: values by the names of their secrets.
    """
    roots = folder / "roots.pem"
    command = [
        sys.executable,
        "-m",
        "tests.bench.google_on_loopback",
        str(roots),
        json.dumps(secrets),
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        here = f"127.0.0.1:{int(process.stdout.readline())}"
        yield {
            "GCE_METADATA_HOST": here,
            "GCE_METADATA_IP": here,
            "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": str(roots),
            "grpc_proxy": f"http://{here}",
            "no_grpc_proxy": "127.0.0.1",
        }
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def certificate() -> tuple[bytes, bytes]:
    """A key and its own certificate for Secret Manager's host, valid for a day, both as PEM."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    encoding, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    return key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain), made.public_bytes(
        encoding
    )


def secret_manager(secrets: dict[str, str], key: bytes, certificate: bytes) -> tuple[Any, int]:
    """The running server and its port."""
    import grpc
    from google.cloud import secretmanager_v1 as sm

    from webhook_core.cloud.secrets import crc32c

    def access(request: Any, context: Any) -> Any:
        value = secrets.get(request.name.split("/")[3])
        if value is None:
            context.abort(grpc.StatusCode.NOT_FOUND, request.name)
        data = value.encode()
        return sm.AccessSecretVersionResponse(
            name=request.name, payload=sm.SecretPayload(data=data, data_crc32c=crc32c(data))
        )

    method = grpc.unary_unary_rpc_method_handler(
        access, sm.AccessSecretVersionRequest.deserialize, sm.AccessSecretVersionResponse.serialize
    )
    server = grpc.server(futures.ThreadPoolExecutor(8))
    server.add_generic_rpc_handlers(
        [grpc.method_handlers_generic_handler(SERVICE, {"AccessSecretVersion": method})]
    )
    port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([(key, certificate)]))
    server.start()
    return server, port


class Metadata(BaseHTTPRequestHandler):
    """The metadata server (docs.cloud.google.com/compute/docs/metadata), and the
    proxy to ``port``."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # an answer is one packet: no 40 ms of waiting that Google's own doesn't have
    port = 0

    def do_GET(self) -> None:
        path = (
            self.path.partition("?")[0]
            .removeprefix("/computeMetadata/v1/")
            .replace(ACCOUNT["email"], "default")
        )
        answers = {
            "project/project-id": PROJECT,
            "universe/universe-domain": "googleapis.com",
            "instance/service-accounts/default/": ACCOUNT,
            "instance/service-accounts/default/token": ACCESS_TOKEN,
        }
        answer = answers.get(path, "")
        is_text = isinstance(answer, str)
        body = (answer if is_text else json.dumps(answer)).encode()
        self.send_response(200)
        self.send_header("Metadata-Flavor", "Google")
        self.send_header("Content-Type", "application/text" if is_text else "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_CONNECT(self) -> None:
        self.close_connection = True
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", self.port)) as server,
        ):
            self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            self.wfile.flush()
            server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            tunnel(self.connection, server)

    def log_message(self, *_: object) -> None:
        """Quiet."""


def tunnel(one: socket.socket, other: socket.socket) -> None:
    """Whatever either says to the other, until one of them has nothing more to say.

    Raises OSError.
    """
    with selectors.DefaultSelector() as selector:
        selector.register(one, selectors.EVENT_READ, other)
        selector.register(other, selectors.EVENT_READ, one)
        while True:
            for ready, _ in selector.select():
                data = ready.fileobj.recv(65536)
                if not data:
                    return
                ready.data.sendall(data)


def main(roots: str, secrets: str) -> None:
    key, public = certificate()
    Path(roots).write_bytes(public)
    server, Metadata.port = secret_manager(json.loads(secrets), key, public)
    with ThreadingHTTPServer(("127.0.0.1", 0), Metadata) as metadata:
        metadata.daemon_threads = True
        print(metadata.server_address[1], flush=True)
        metadata.serve_forever()
    server.stop(grace=None)


if __name__ == "__main__":
    main(*sys.argv[1:])
