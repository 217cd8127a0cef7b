"""A host's addresses, in bounded time. The system's own look-up can't be cut short, so it runs in a
thread that is left behind.

While a look-up of a name hangs, whoever else wants it waits for the same one: a resolver that is
silent holds one thread, not one for each order.
"""

from __future__ import annotations

import os
import socket
import threading

_Key = tuple[int, str, int]
"""A fork does not go on with its parent's threads, so the process is a part of it."""
_in_hand: dict[_Key, _LookUp] = {}
_guard = threading.Lock()


def addresses(host: str, port: int, seconds: float) -> list[str]:
    """In the resolver's order, each once. Raises OSError: socket.gaierror for a name without any,
    TimeoutError."""
    look_up = _started((os.getpid(), host, port))
    if not look_up.done.wait(seconds):
        raise TimeoutError("the name was not resolved in time")
    if look_up.error is not None:
        raise look_up.error
    return look_up.found


def _started(key: _Key) -> _LookUp:
    with _guard:
        look_up = _in_hand.get(key)
        if look_up is None:
            look_up = _LookUp(key)
            try:
                look_up.start()
            except RuntimeError as error:
                raise OSError("no thread could be started") from error
            _in_hand[key] = look_up
        return look_up


class _LookUp(threading.Thread):
    """``found`` or ``error`` is set once it is ``done``."""

    def __init__(self, key: _Key) -> None:
        super().__init__(name="name-look-up", daemon=True)
        self.done = threading.Event()
        self.found: list[str] = []
        self.error: OSError | None = None
        self._key = key

    def run(self) -> None:
        _, host, port = self._key
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            self.found = list(dict.fromkeys(str(address[0]) for *_, address in found))
        except OSError as error:
            self.error = error
        except UnicodeError:  # a part of the name is empty or too long
            self.error = socket.gaierror(socket.EAI_NONAME, "no such name")
        finally:
            with _guard:
                _in_hand.pop(self._key, None)
            self.done.set()
