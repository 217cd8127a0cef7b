"""One request: a path, a method, a query, headers, and a body with or without a proof."""

from __future__ import annotations

import base64
import hashlib
import io
from datetime import datetime
from random import Random
from typing import Any, NamedTuple
from urllib.parse import quote

from tests.fuzz import alerts, proofs
from tests.fuzz.secrets import OPERATOR, TOKEN

ALERT_PATHS = (
    "/",
    "/webhook/tradingview",
    "/webhook/tradingview/",
    "/webhook/tradingview/validate",
)
OTHER_PATHS = (
    "/webhook/health",
    "/account",
    "/orders",
    "/reconcile",
    "/nothing",
    "/webhook",
    "//",
    "/.env",
    "/orders/1",
)
CERTIFICATE = hashlib.sha256(b"the certificate that is pinned").digest()
BALANCERS = ("203.0.113.9", "2001:db8::7")
METHODS = ("GET", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE", "BREW", "post")
NOISE = {
    "x-forwarded-for": ["52.89.214.238", "6.6.6.6, 52.89.214.238, 34.120.0.9",
    "::ffff:52.89.214.238", "fe80::1%eth0", "unknown", ",,,", "\xff"],
    "x-request-id": ["r-1", "x" * 64, "x" * 65, "a b", "\xff", "", TOKEN, "../x"],
    "origin": ["https://app.example.com", "null", "*", "https://evil.example"],
    "content-type": ["application/json", "multipart/form-data; boundary=x",
    "application/x-www-form-urlencoded", "text/plain; charset=utf-16"],
    "content-encoding": ["gzip", "br"],
    "transfer-encoding": ["chunked"],
    "script-name": ["/webhook"],
    "x-http-method-override": ["POST", "DELETE"],
    "x-original-url": ["/orders"],
    "traceparent": ["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "x", "00-0-0-0"],
    "x-cloud-trace-context": ["105445aa7843bc8bf206b12000100000/1;o=1", "/;", "\xff"],
    "cookie": ["a=b; c", "\xff=\xff"],
    "x-client-cert-present": ["true", "true", "true", "false", "true, true", "TRUE", "1"],
    "x-client-cert-hash": [
        CERTIFICATE.hex(), CERTIFICATE.hex(), base64.b64encode(CERTIFICATE).decode().rstrip("="),
        "0" * 64,
        f"{CERTIFICATE.hex()}, {CERTIFICATE.hex()}", "x",
    ],
    "expect": ["100-continue"],
    "x-anything": ["x" * 8000],
}  # fmt: skip


class Request(NamedTuple):
    how: str
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    may_trade: bool
    may_operate: bool
    peer: str

    @property
    def is_alert(self) -> bool:
        path = self.path.rstrip("/") or "/"
        known = path in {each.rstrip("/") or "/" for each in ALERT_PATHS}
        return self.method == "POST" and (known or self.has_token_in_path)

    @property
    def has_token_in_path(self) -> bool:
        return "/tk1." in self.path

    def environ(self) -> dict[str, Any]:
        """As a server hands it on (PEP 3333: texts of latin-1)."""
        environ: dict[str, Any] = {
            "REQUEST_METHOD": self.method, "PATH_INFO": self.path, "QUERY_STRING": self.query,
            "SERVER_NAME": "x", "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(self.body), "REMOTE_ADDR": self.peer,
            "CONTENT_LENGTH": str(len(self.body)),
        }  # fmt: skip
        for name, text in self.headers.items():
            key = name.upper().replace("-", "_")
            environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = text.encode("utf-8").decode(
                "latin-1"
            )
        return environ


def request(dice: Random, number: int, now: datetime) -> Request:
    proof = proofs.proved(dice, alerts.alert(dice, number, now), now)
    headers = {**_noise(dice), **proof.headers}
    method, path = "POST", proof.path or dice.choice(ALERT_PATHS)
    if proof.path is None and dice.random() < 0.25:
        method, path = dice.choice(["GET", "POST"]), dice.choice(OTHER_PATHS)
        if dice.random() < 0.5:
            headers["authorization"] = f"Bearer {OPERATOR}"
    if dice.random() < 0.05:
        method = dice.choice(METHODS)
    if proof.path is None and dice.random() < 0.05:
        path = dice.choice(
            [
                path.upper(),
                f"{path}//",
                f"/{path}",
                f"{path}\xff",
                f"{path};x",
                path[:-1],
                f"{path}%2f",
                "*",
                "",
            ]
        )
    query = _query(dice) if dice.random() < 0.3 else ""
    peer = dice.choice(["127.0.0.1", "::1", "fe80::1%eth0", "203.0.113.9", "", "2001:db8::7"])
    may_operate = headers.get("authorization") == f"Bearer {OPERATOR}"
    return Request(
        proof.how, method, path, query, headers, proof.body, proof.may_trade, may_operate, peer
    )


def _noise(dice: Random) -> dict[str, str]:
    names = dice.sample([*NOISE], dice.choice([0, 0, 1, 2, 5]))
    if dice.random() < 0.5:
        names += ["x-client-cert-present", "x-client-cert-hash"]
    return {
        name: dice.choice(
            [*NOISE[name], dice.choice(alerts.TEXTS).encode("utf-8", "replace").decode()]
        )
        for name in names
    }


def _query(dice: Random) -> str:
    pairs = []
    for _ in range(dice.randrange(1, 4)):
        name = dice.choice(
            [
                "limit",
                "state",
                "cursor",
                "strategy",
                "since",
                "alert",
                "symbol",
                "token",
                "x",
                "\xff",
            ]
        )
        text = dice.choice(
            [
                *alerts.TEXTS,
                *alerts.WORDS,
                "1",
                "0",
                "201",
                "ACCEPTED",
                "12h",
                "9" * 5000,
                "MjAyNg==",
            ]
        )
        encoded = (
            quote(text.encode("utf-8", "replace"))
            if dice.random() < 0.7
            else text.encode("utf-8", "replace").decode("latin-1")
        )
        pairs.append(f"{name}={encoded}")
    return dice.choice(["&", ";", "&&"]).join(pairs)
