"""The Quay, a spot exchange on loopback: tickets of bids and offers, at once or at a price.

Its words are its own on purpose: no field, no kind of order, no status and no refusal is called as
Kraken calls it. Times are milliseconds since 1970, amounts texts.
"""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

KEY = "key-of-the-quay-0123456789"
ZERO = Decimal(0)
FEE = Decimal("0.001")
MARKETS = {
    "BTC-USD": {
        "coin": "BTC", "money": "USD", "price_step": "0.1", "size_places": 6,
        "least_size": "0.0001", "least_value": "1", "doors": "open",
    }
}  # fmt: skip


class Refused(Exception):
    """What the exchange will not do, in its own words."""

    def __init__(self, status: int, word: str) -> None:
        super().__init__(word)
        self.status = status


@dataclass
class Quay:
    """``heard`` are the tickets as they came in; ``loses_replies`` is how many of the next tickets
    are taken and not answered for."""

    now_ms: Callable[[], int]
    prices: dict[str, Decimal] = field(default_factory=lambda: {"BTC-USD": Decimal(60000)})
    owned: dict[str, Decimal] = field(
        default_factory=lambda: {"USD": Decimal(10000), "BTC": Decimal(1)}
    )
    tickets: dict[str, dict[str, Any]] = field(default_factory=dict)
    deals: list[dict[str, Any]] = field(default_factory=list)
    heard: list[dict[str, str]] = field(default_factory=list)
    loses_replies: int = 0
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    def place(self, asked: dict[str, str], *, tries: bool = False) -> dict[str, Any]:
        """A ticket; ``tries``: only whether it would be taken."""
        market = MARKETS.get(asked["market"])
        if market is None:
            raise Refused(404, "no_such_market")
        if int(asked.get("void_after", "0") or 0) and self.now_ms() > int(asked["void_after"]):
            raise Refused(422, "came_too_late")
        price, bids = self.prices[asked["market"]], asked["direction"] == "bid"
        at = Decimal(asked["at"]) if "at" in asked else None
        size = Decimal(asked["size"])
        if asked["size_counts"] == "money":
            size = (size / (at or price)).quantize(Decimal("0.000001"))
        if size < Decimal(str(market["least_size"])):
            raise Refused(422, "too_small")
        asset, needed = (market["money"], size * (at or price)) if bids else (market["coin"], size)
        if needed > self._free(str(asset)):
            raise Refused(422, "purse_is_short")
        if tries:
            return {}
        self.heard.append(dict(asked))
        ticket = {
            "ticket": f"Q-{next(self._numbers)}", "tag": asked["tag"], "market": asked["market"],
            "direction": asked["direction"], "style": asked["style"], "size": size, "at": at,
            "done": ZERO, "paid": ZERO, "fee": ZERO, "stage": "working", "entered": self.now_ms(),
            "left": None,
        }  # fmt: skip
        self.tickets[ticket["ticket"]] = ticket
        self._match(ticket)
        return ticket

    def move(self, market: str, price: Decimal) -> None:
        """The market trades there now."""
        self.prices[market] = price
        for ticket in self.tickets.values():
            self._match(ticket)

    def working(self, number: str) -> dict[str, Any]:
        ticket = self.tickets.get(number)
        if ticket is None or ticket["stage"] != "working":
            raise Refused(404, "no_such_ticket")
        return ticket

    def withdraw(self, number: str) -> dict[str, Any]:
        ticket = self.working(number)
        ticket.update(stage="withdrawn", left=self.now_ms())
        return ticket

    def change(self, number: str, asked: dict[str, str]) -> dict[str, Any]:
        ticket = self.working(number)
        ticket.update({name: Decimal(text) for name, text in asked.items()})
        self._match(ticket)
        return ticket

    def purse(self) -> dict[str, dict[str, str]]:
        return {
            asset: {"owned": str(amount), "reserved": str(amount - self._free(asset))}
            for asset, amount in self.owned.items()
        }

    def _free(self, asset: str) -> Decimal:
        held = ZERO
        for ticket in self.tickets.values():
            if ticket["stage"] == "working":
                market = MARKETS[ticket["market"]]
                if ticket["direction"] == "bid" and market["money"] == asset:
                    held += ticket["size"] * ticket["at"]
                elif ticket["direction"] == "offer" and market["coin"] == asset:
                    held += ticket["size"]
        return self.owned.get(asset, ZERO) - held

    def _match(self, ticket: dict[str, Any]) -> None:
        """All of it, once the market is where it wants to be."""
        market, price = MARKETS[ticket["market"]], self.prices[ticket["market"]]
        bids, at = ticket["direction"] == "bid", ticket["at"]
        if ticket["stage"] != "working" or (at and (price > at if bids else price < at)):
            return
        size, sign = ticket["size"], 1 if bids else -1
        cost = size * price
        fee, now = cost * FEE, self.now_ms()
        self.owned[str(market["coin"])] += sign * size
        self.owned[str(market["money"])] -= sign * cost + fee
        ticket.update(done=size, paid=cost, fee=fee, stage="done", left=now)
        self.deals.append(
            {"deal": f"D-{len(self.deals) + 1}", "ticket": ticket["ticket"], "fee": fee,
             "market": ticket["market"], "direction": ticket["direction"], "size": size,
             "price": price, "when": now}
        )  # fmt: skip


class QuayServer:
    """The exchange behind HTTP on loopback; ``quay`` is what stands behind it."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self.quay = Quay(now_ms)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self.quay))
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        )
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> QuayServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def answer(  # noqa: PLR0911  a window each
    quay: Quay, method: str, path: str, query: dict[str, str], body: Any
) -> Any:
    """What the exchange says to one request. Raises Refused."""
    match method, path.strip("/").split("/"):
        case "GET", ["markets"]:
            return MARKETS
        case "GET", ["prices"]:
            return {code: str(price) for code, price in quay.prices.items()}
        case "GET", ["purse"]:
            return quay.purse()
        case "GET", ["deals"]:
            span = range(int(query["after"]) + 1, int(query["until"]) + 1)
            return [deal for deal in quay.deals if deal["when"] in span]
        case "GET", ["tickets"]:
            return [
                ticket
                for ticket in quay.tickets.values()
                if (ticket["stage"] == "working") is (query["working"] == "yes")
                and query.get("tag") in (None, ticket["tag"])
            ]
        case "GET", ["tickets", number]:
            return [quay.tickets[number]] if number in quay.tickets else []
        case "POST", ["tickets"]:
            return quay.place(body, tries="try" in query)
        case "DELETE", ["tickets", number]:
            return quay.withdraw(number)
        case "PATCH", ["tickets", number]:
            return quay.change(number, body)
    raise Refused(404, "no_such_window")


def _handler(quay: Quay) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Quiet."""

        def _serve(self) -> None:
            url = urlsplit(self.path)
            length = int(self.headers.get("content-length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            try:
                if self.headers.get("Quay-Key") != KEY:
                    raise Refused(401, "who_are_you")
                said, status = answer(
                    quay, self.command, url.path, dict(parse_qsl(url.query)), body
                ), 200  # fmt: skip
            except Refused as refusal:
                said, status = {"refused": [str(refusal)]}, refusal.status
            if self.command != "GET" and quay.loses_replies:
                quay.loses_replies -= 1
                self.close_connection = True
                return
            content = json.dumps(said, default=str).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = do_PATCH = _serve  # noqa: N815  http.server names them so

    return Handler
