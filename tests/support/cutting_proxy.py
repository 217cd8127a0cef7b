"""A TCP proxy on loopback whose connections can lose their answers, go
silent, or not come about."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass

_GRACE_S = 0.3
"""How long a request may take to have its effect before the cut."""


@dataclass(eq=False)
class _Link:
    client: socket.socket
    server: socket.socket
    silent: bool = False

    def cut(self) -> None:
        for end in (self.client, self.server):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


class CuttingProxy:
    """Forwards to ``port``.

    What is done to its connections is done to those that exist; later ones
    work, but in an outage.
    """

    def __init__(self, port: int) -> None:
        self._target = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._links: list[_Link] = []
        self._armed = False
        self._outage = ""
        self._threads: list[threading.Thread] = []
        self.cuts = 0
        self.connections = 0
        self._spawn(self._accept)

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def cut_next_request(self) -> None:
        """The next bytes of a client reach the server; its answer reaches nobody,
        and the connection ends."""
        self._armed = True

    def silence(self) -> None:
        """Nothing passes any more in what is connected now, and nobody is told: as after an
        instance was frozen."""
        for link in self._links:
            link.silent = True

    @contextlib.contextmanager
    def outage(self, *, silent: bool) -> Iterator[None]:
        """Until the end of the block nothing gets through on any connection, old or new: all are
        silent, or all are cut."""
        self._outage = "silent" if silent else "cut"
        try:
            if silent:
                self.silence()
            else:
                for link in self._links:
                    link.cut()
            yield
        finally:
            self._outage = ""

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for link in self._links:
            link.cut()
        for thread in self._threads:
            thread.join(5)
        for link in self._links:
            link.client.close()
            link.server.close()

    def _spawn(self, target, *arguments) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            if self._outage == "cut":
                client.close()
                continue
            try:
                link = _Link(
                    client, socket.create_connection(self._target), silent=self._outage == "silent"
                )
            except OSError:
                client.close()
                continue
            self._links.append(link)
            self._spawn(self._upstream, link)
            self._spawn(self._downstream, link)

    def _upstream(self, link: _Link) -> None:
        with contextlib.suppress(OSError):
            while data := link.client.recv(65536):
                if link.silent:
                    continue
                if self._armed:
                    self._armed = False
                    self.cuts += 1
                    link.silent = True
                    # The rest of the request may come in pieces: everything goes up,
                    # nothing comes down.
                    threading.Timer(_GRACE_S, link.cut).start()
                    link.server.sendall(data)
                    while more := link.client.recv(65536):
                        link.server.sendall(more)
                    return
                link.server.sendall(data)
        link.cut()

    def _downstream(self, link: _Link) -> None:
        with contextlib.suppress(OSError):
            while data := link.server.recv(65536):
                if not link.silent:
                    link.client.sendall(data)
        if not link.silent:
            link.cut()
