"""What make serve runs: the function on this machine, until Ctrl-C. Says where it listens and what
to type next.

It becomes functions-framework, the server of a Cloud Function, and leaves a child behind that
speaks once that answers."""

from __future__ import annotations

import argparse
import errno
import json
import os
import shlex
import signal
import socket
import sys
import time
import tomllib
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
EXAMPLE = "my-strategy"
HOST = "127.0.0.1"
USUAL_PORT = 8080
START_S = 60
TRIED = 50


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve the function on this machine.")
    parser.add_argument("--port", default=str(USUAL_PORT), help="default: %(default)s")
    port = read_port(parser.parse_args().port)
    problem = what_is_in_the_way(port)
    if problem:
        sys.exit(
            f"Port {port} {problem}: name another one, as in: make serve PORT={free_port(port)}"
        )
    server = os.getpid()
    if os.fork() == 0:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C reaches both
        speak_once_it_answers(server, port)
        os._exit(0)
    options = [
        "--target",
        "webhook",
        "--source",
        str(PROJECT / "main.py"),
        "--host",
        HOST,
        "--port",
        str(port),
    ]
    os.execv(sys.executable, [sys.executable, "-m", "functions_framework", *options])  # noqa: S606


def read_port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text[:9]) < 65536):
        sys.exit(
            f"PORT={text} is no port: write a number from 1 to 65535, as in: make serve PORT=8090"
        )
    return int(text)


def what_is_in_the_way(port: int) -> str:
    """Empty if the server will be able to listen there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server itself
        try:
            probe.bind((HOST, port))
            probe.listen()
        except OSError as error:
            reasons = {errno.EADDRINUSE: "is taken", errno.EACCES: "is not yours to take"}
            return reasons.get(error.errno or 0, f"can't be used ({error.strerror})")
    return ""


def free_port(port: int) -> int:
    first = max(port + 1, USUAL_PORT)
    candidates = range(first, min(first + TRIED, 65536))
    return next((each for each in candidates if not what_is_in_the_way(each)), USUAL_PORT)


def speak_once_it_answers(server: int, port: int) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until and os.getppid() == server:
        mode = mode_of(port)
        if mode:
            print("\n".join(advice(port, mode)), flush=True)
            return
        time.sleep(0.1)


def mode_of(port: int) -> str | None:
    """paper, validate or live, which health tells no stranger; None if nobody answers yet."""
    connection = HTTPConnection(HOST, port, timeout=2)
    try:
        connection.request("GET", "/webhook/health")
        json.loads(connection.getresponse().read())
        return os.environ.get("TRADING_MODE", "").strip().lower() or "paper"
    except (OSError, HTTPException, ValueError):
        return None
    finally:
        connection.close()


def advice(port: int, mode: str) -> list[str]:
    url = f"http://{HOST}:{port}"
    sender = first_alert()
    sender += " --validate" if mode == "live" else " --twice"
    if port != USUAL_PORT:
        sender += f" --url {url}/webhook/tradingview"
    own = Path(sys.executable)
    python = own.relative_to(Path.cwd()) if own.is_relative_to(Path.cwd()) else own
    command = f"{shlex.quote(str(python))} -m webhook_core"
    typed = [sender, f"{command} reconcile", f"{command} orders"]
    if Path(".env").is_file():
        typed.insert(0, "set -a; . ./.env; set +a")
    real = "REAL MONEY: " if mode == "live" else ""
    return [
        f"{real}listening on {url} in {mode} mode; Ctrl-C ends it. Next, in another terminal:",
        *(f"    {line}" for line in typed),
    ]


def first_alert() -> str:
    """What sends one that the strategies take: market.json as it stands where they have its name
    or there are none, else as the first of them, and with its own proof where it has one."""
    tables = strategies()
    name = EXAMPLE if EXAMPLE in tables else next(iter(tables), EXAMPLE)
    table = tables.get(name, {})
    own = next((field for field in ("token", "secret") if table.get(field)), None)
    command = "python3 examples/send_alert.py examples/market.json"
    if name != EXAMPLE or own:
        command += f" --strategy {shlex.quote(name)}"
    if own is None:
        return command
    newest = table[own][0] if isinstance(table[own], list) else table[own]
    variable = str(newest).removeprefix("env:").strip()
    value = f'"${variable}"' if variable != newest else shlex.quote(f"THE_{own.upper()}_OF_{name}")
    return f"WEBHOOK_{own.upper()}={value} {command}{' --token' * (own == 'token')}"


def strategies() -> dict[str, dict[str, Any]]:
    """The tables of strategies.toml. None where it can't be read, which the server says itself."""
    path = Path(PROJECT, os.environ.get("STRATEGIES_FILE", "").strip() or "strategies.toml")
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return {
        name: table
        for name, table in document.items()
        if isinstance(table, dict) and name != "notify"
    }


if __name__ == "__main__":
    main()
