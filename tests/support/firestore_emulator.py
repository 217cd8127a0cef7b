"""Google's own Firestore emulator, started as a child of the tests on a free loopback port."""

from __future__ import annotations

import atexit
import functools
import http.client
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

_JAR = Path("platform/cloud-firestore-emulator/cloud-firestore-emulator.jar")
_MAIN = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"
_START_S = 60.0
PORT_OF_THE_RUN = "TESTS_FIRESTORE_PORT"
"""Where the one is that several processes of the tests share."""


class FirestoreEmulator:
    """Can be stopped, frozen and started again on its port.

    A start forgets everything: it keeps its data in memory.
    """

    def __init__(self, jar: Path, port: int | None = None) -> None:
        self._jar = jar
        self._process: subprocess.Popen[bytes] | None = None
        self.port = port or free_port()

    @property
    def environment(self) -> dict[str, str]:
        """For whoever builds a client: gRPC would ask a proxy even for loopback."""
        return {"FIRESTORE_EMULATOR_HOST": f"127.0.0.1:{self.port}", "no_grpc_proxy": "127.0.0.1"}

    def start(self) -> None:
        self.launch()
        try:
            self.wait()
        except RuntimeError:
            self.stop()
            raise

    def launch(self) -> None:
        """It answers a few seconds later."""
        arguments = [
            "-Duser.language=en",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            str(self._jar),
            _MAIN,
            "start",
        ]
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  as long as the process
        # A call to it may take 0.8 s: it goes before the tests, which keep this machine busy. Who
        # may not ask for that is told so, and it starts all the same.
        self._process = subprocess.Popen(
            ["nice", "-n", "-10", "java", *arguments, "--host=127.0.0.1", f"--port={self.port}"],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )

    def wait(self) -> None:
        """Until it answers, whoever launched it."""
        ends_at = time.monotonic() + _START_S
        while not _answers_ok(self.port):
            ended = self._process is not None and self._process.poll() is not None
            if ended or time.monotonic() > ends_at:
                raise RuntimeError(f"the Firestore emulator did not start: {self._said()}")
            time.sleep(0.05)

    def _said(self) -> str:
        if self._process is None:
            return "another process launched it"
        self._log.seek(0)
        return self._log.read()[-2000:].decode(errors="replace")

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
            self._log.close()

    def freeze(self) -> None:
        """It still takes connections (the kernel does) and never answers.

        Returns once every thread of it stands still.
        """
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        os.waitpid(self._process.pid, os.WUNTRACED)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)


@functools.cache
def shared_emulator() -> FirestoreEmulator:
    """One for the whole run, killed at its end: that of ``PORT_OF_THE_RUN``, or this process's.

    A fresh project id per test keeps the tests apart.
    """
    if PORT_OF_THE_RUN in os.environ:
        emulator = new_emulator(int(os.environ[PORT_OF_THE_RUN]))
        emulator.wait()
        return emulator
    emulator = new_emulator()
    emulator.start()
    atexit.register(emulator.stop)
    return emulator


def is_installed() -> bool:
    return shutil.which("java") is not None and _find_jar() is not None


def new_emulator(port: int | None = None) -> FirestoreEmulator:
    """Not started.

    Skips the test where java or the emulator is missing, unless REQUIRE_FIRESTORE_EMULATOR is 1.
    """
    jar = _find_jar() if is_installed() else None
    if jar is None:
        reason = (
            "needs java and Google's Firestore emulator (gcloud components install "
            "cloud-firestore-emulator)"
        )
        if os.environ.get("REQUIRE_FIRESTORE_EMULATOR") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return FirestoreEmulator(jar, port)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@functools.cache
def _find_jar() -> Path | None:
    known = [
        Path("/usr/lib/google-cloud-sdk"),
        Path("/usr/share/google-cloud-sdk"),
        Path.home() / "google-cloud-sdk",
    ]
    for root in known:
        if (root / _JAR).is_file():
            return root / _JAR
    root = _gcloud_root()  # last: gcloud takes most of a second to say it
    return root / _JAR if root is not None and (root / _JAR).is_file() else None


def _gcloud_root() -> Path | None:
    gcloud = shutil.which("gcloud")
    if gcloud is None:
        return None
    command = [gcloud, "info", "--format=value(installation.sdk_root)"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    return Path(answer.stdout.strip()) if answer.stdout.strip() else None


def _answers_ok(port: int) -> bool:
    # Unlike urllib it asks no proxy.
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", "/")
        return connection.getresponse().read().strip() == b"Ok"
    except OSError:
        return False
    finally:
        connection.close()
