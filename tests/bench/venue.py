"""The fastest Kraken there can be, in a process of its own: every AddOrder gets a txid,
every Ticker a price.

It costs the same for us and for bare krakenex, so that the difference between the two is ours.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection


@contextlib.contextmanager
def venue() -> Iterator[int]:
    """Its port on loopback."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.venue"], stdout=subprocess.PIPE, text=True
    )
    try:
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def calls(port: int) -> int:
    """How many requests it has had."""
    connection = HTTPConnection("127.0.0.1", port)
    connection.request("GET", "/calls")
    count = json.loads(connection.getresponse().read())
    connection.close()
    return int(count)


class Kraken(asyncio.Protocol):
    count = 0

    def connection_made(self, transport):
        self.transport, self.received = transport, b""

    def data_received(self, data):
        self.received += data
        head, separator, body = self.received.partition(b"\r\n\r\n")
        if not separator:
            return
        lengths = [
            line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")
        ]
        if lengths and len(body) < int(lengths[0].split(b":")[1]):
            return
        self.received = b""
        self.answer(head.split(b" ")[1])

    def answer(self, path):
        if path == b"/calls":
            document = Kraken.count
        else:
            Kraken.count += 1
            document = {"error": [], "result": self.result(path)}
        text = json.dumps(document).encode()
        self.transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
            % (len(text), text)
        )

    @staticmethod
    def result(path):
        if b"Ticker" in path:
            return {"XXBTZUSD": {"c": ["60000.00000", "0.1"]}}
        return {
            "descr": {"order": "buy 0.01000000 XBTUSD @ market"},
            "txid": [f"O{Kraken.count:05d}-BENCH-KRAKEN"],
        }


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Kraken, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
