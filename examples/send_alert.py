#!/usr/bin/env python3
"""Send an alert as TradingView would, or signed: python examples/send_alert.py examples/market.json

WEBHOOK_SECRET (the first of the list) signs: a whsec_… secret as Standard Webhooks, any other as
X-Signature. Without it WEBHOOK_TOKEN goes into the body, which is all that TradingView can do. An
id and the time are filled in where the file has none. Needs nothing but Python.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import ipaddress
import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import urlsplit, urlunsplit

ROUTE = "/webhook/tradingview"
SCOPED = "tk1."
STRATEGY_FIELDS = ("strategy_name", "strategy")
SECRET_FIELDS = ("token", "secret", "passphrase")


class NoRedirects(urllib.request.HTTPRedirectHandler):
    """Like TradingView: an answer that points elsewhere is a failure."""

    def redirect_request(self, *_: Any) -> None:
        return None


def main() -> int:
    options = arguments()
    alert = read_alert(options.file)
    if options.strategy:
        alert = {name: alert[name] for name in alert if name not in STRATEGY_FIELDS}
        alert["strategy_name"] = options.strategy
    body, headers = prove(fill_in(alert), use_token=options.token)
    url = target(options.url, validate=options.validate)
    statuses = [post(url, body, headers) for _ in range(2 if options.twice else 1)]
    return 0 if all(200 <= status < 300 for status in statuses) else 1


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Send one alert to the bridge and print its answer."
    )
    parser.add_argument("file", type=Path, help="a JSON file such as examples/market.json")
    parser.add_argument(
        "--url", default=f"http://127.0.0.1:8080{ROUTE}", help="default: %(default)s"
    )
    parser.add_argument(
        "--strategy", metavar="NAME", help="send it as this strategy of strategies.toml"
    )
    parser.add_argument(
        "--validate", action="store_true", help="only have the order checked, at the validate route"
    )
    parser.add_argument(
        "--twice", action="store_true", help="send the same bytes again, as TradingView resends"
    )
    parser.add_argument(
        "--token", action="store_true", help="use WEBHOOK_TOKEN even if WEBHOOK_SECRET is set"
    )
    return parser.parse_args()


def read_alert(path: Path) -> dict[str, Any]:
    """Numbers with a point become texts: a float would change them, and the bridge reads both."""
    try:
        alert = json.loads(path.read_text("utf-8"), parse_float=str)
    except OSError as error:
        raise SystemExit(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise SystemExit(f"{path}: is not JSON: {error}") from None
    if not isinstance(alert, dict):
        raise SystemExit(f"{path}: must hold one JSON object")
    return alert


def fill_in(alert: dict[str, Any]) -> dict[str, Any]:
    """Add what TradingView would: the firing time, and an id where the file has none."""
    own = {
        "id": f"send-alert-{uuid.uuid4()}",
        "fired_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    for name, value in own.items():
        if "{{" in str(alert.get(name, "{{")):
            alert[name] = value
    left = [
        f"{name}: {value}"
        for name, value in alert.items()
        if name not in SECRET_FIELDS and "{{" in str(value)
    ]
    if left:
        raise SystemExit(
            "Only TradingView fills in placeholders; write values in their place:\n  "
            + "\n  ".join(left)
            + "\nWhat it would do: .venv/bin/python -m webhook_core explain FILE"
        )
    return alert


def prove(alert: dict[str, Any], *, use_token: bool) -> tuple[bytes, dict[str, str]]:
    """The body as it is sent, and its headers."""
    secret, token = (
        newest(os.environ.get(name, "")) for name in ("WEBHOOK_SECRET", "WEBHOOK_TOKEN")
    )
    scoped = [text for name in SECRET_FIELDS if str(text := alert.get(name)).startswith(SCOPED)]
    bare = {name: value for name, value in alert.items() if name not in SECRET_FIELDS}
    headers = {"Content-Type": "application/json; charset=utf-8"}
    if scoped:  # whose scope shall be tried
        return encode({"token": scoped[0], **bare}), headers
    if token and (use_token or not secret):
        return encode({"token": token, **bare}), headers
    body = encode(bare)
    if use_token:
        raise SystemExit("--token needs WEBHOOK_TOKEN")
    if not secret:
        show("Neither WEBHOOK_SECRET nor WEBHOOK_TOKEN is set: sent without any proof.", sys.stderr)
        return body, headers
    return body, headers | signature(secret, body)


def newest(secrets: str) -> str:
    """Of a list with commas; a scoped token has commas of its own."""
    secrets = secrets.strip()
    return secrets if secrets.startswith(SCOPED) else secrets.split(",")[0].strip()


def encode(alert: dict[str, Any]) -> bytes:
    return json.dumps(alert, ensure_ascii=False).encode()


def signature(secret: str, body: bytes) -> dict[str, str]:
    """X-Signature: hex HMAC-SHA256 of the body.

    Standard Webhooks: base64 of that of id.time.body (standardwebhooks.com).
    """
    if not secret.startswith("whsec_"):
        return {
            "X-Signature": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        }
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError:
        raise SystemExit("WEBHOOK_SECRET: what follows whsec_ must be base64") from None
    message_id, timestamp = f"msg_{uuid.uuid4().hex}", str(int(time.time()))
    signed = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": "v1," + base64.b64encode(signed).decode(),
    }


def target(url: str, *, validate: bool) -> str:
    """A bare function URL means the webhook's route there."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SystemExit(f"--url {url}: must begin with http:// or https://")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        show("Sent over plain http: whoever is in between can read and change it.", sys.stderr)
    path = parts.path.rstrip("/") or ROUTE
    if validate and not path.endswith("/validate"):
        path += "/validate"
    return urlunsplit(parts._replace(path=path))


def is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def post(url: str, body: bytes, headers: dict[str, str]) -> int:
    """Print status and answer; the status, 0 without an answer."""
    handlers: list[urllib.request.BaseHandler] = [NoRedirects()]
    if is_loopback(urlsplit(url).hostname or ""):
        handlers.append(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(url, body, headers, method="POST")  # noqa: S310  target() lets only http through
    try:
        with urllib.request.build_opener(*handlers).open(request, timeout=30) as answer:
            status, text = answer.status, answer.read()
    except urllib.error.HTTPError as answer:
        with answer:
            status, text = answer.code, answer.read()
    except OSError as error:
        show(f"No answer from {url}: {getattr(error, 'reason', error)}", sys.stderr)
        return 0
    show(f"HTTP {status}")
    show(readable(text))
    return int(status)


def readable(text: bytes) -> str:
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except ValueError:
        return text.decode("utf-8", "replace")


def show(text: str, stream: TextIO | None = None) -> None:
    """A line of standard output or of ``stream``. Who has stopped reading, as ``head`` does, misses
    the rest."""
    stream = stream or sys.stdout
    try:
        print(text, file=stream, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


if __name__ == "__main__":
    sys.exit(main())
