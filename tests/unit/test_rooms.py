"""The house: rooms in the order in which an alert walks through them, and imports that only lead down.

What breaks a rule today is listed under it. Such a list may only shrink: a fault that is gone and still listed fails too.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "webhook_core"
MOST_LINES = 250
MOST_AT_THE_ROOT = 44
"""Today; 12 once every room has its folder."""

FLOORS = (
    {"errors", "events", "clock", "value"},
    {"findings", "trading"},
    {"intake", "ledger"},
    {"venue"},
    {"settings"},
    {"planning", "kraken", "cloud", "reconciling"},
    {"sending"},
    {"web"},
    {"story"},
    {"application"},
    {"instance"},
    {"bootstrap"},
    {"operations", "main"},
    {"__main__", ""},
)
"""The rooms of webhook_core from the ground up. Those of one floor do not know each other; "" is webhook_core itself."""

MOVING = {
    **dict.fromkeys(("ports",), "venue"),
    **dict.fromkeys(("alerts",), "story"),
    **dict.fromkeys(("configuration", "env_values", "masking", "secret_names", "secret_values"), "settings"),
    **dict.fromkeys(("settings_rules", "strategies"), "settings"),
    **dict.fromkeys(("changes", "market", "own_orders", "pair_rules", "reading", "workings"), "planning"),
    **dict.fromkeys(("fills", "ledger.reconcile", "ledger.reconcile_rounds", "ledger.reconcile_walk"), "reconciling"),
    **dict.fromkeys(("firing", "legs", "submission"), "sending"),
    **dict.fromkeys(("answers", "delivery", "failed_proofs", "gate", "http_messages", "operators", "outcome"), "web"),
    **dict.fromkeys(("intake.client_address", "intake.trace_context"), "web"),
    **dict.fromkeys(("cli", "commands", "doctor", "doctor_alert", "doctor_ledger", "doctor_venue"), "operations"),
    **dict.fromkeys(("listing",), "ledger"),
    **dict.fromkeys(("replay",), "operations"),
}
"""Modules that do not stand in their room yet."""

CIRCLES: set[frozenset[str]] = {
    frozenset(
        [
            "changes",
            "firing",
            "legs",
            "market",
            "own_orders",
            "planning.believed",
            "planning.one_moment",
            "planning.resting_exits",
            "planning.resting_orders",
            "planning.unlisted_orders",
            "reading",
            "workings",
        ]
    ),
    frozenset(
        [
            "intake.alert",
            "intake.kinds",
            "intake.legs",
            "intake.order_alert",
            "intake.order_changes",
            "intake.position_alerts",
            "intake.quantities",
        ]
    ),
    frozenset(["kraken.diagnosis", "kraken.market_data", "kraken.venue"]),
    frozenset(["kraken.paper.arguments", "kraken.paper.closing", "kraken.paper.matching", "kraken.paper.views"]),
    frozenset(["settings", "settings_rules"]),
    frozenset(["trading.changes", "trading.intents"]),
}
CLIMBS: set[tuple[str, str]] = {
    ("intake.authentication", "http_messages"),
    ("ledger.firestore", "ports"),
    ("ledger.firestore_calls", "ports"),
    ("ledger.firestore_documents", "ports"),
    ("ledger.firestore_turns", "ports"),
    ("ledger.memory", "ports"),
    ("ledger.sqlite", "ports"),
    ("ledger.time_left", "ports"),
    ("ledger.turns", "ports"),
    ("listing", "ports"),
    ("own_orders", "legs"),
    ("reading", "submission"),
}

SIDEWAYS: set[tuple[str, str]] = {
    ("planning.resting_orders", "fills"),
    ("planning.unlisted_orders", "ledger.reconcile"),
}
TOO_LONG: set[str] = {
    "alerts",
    "bootstrap",
    "kraken.venue",
    "ledger.entry",
    "ledger.serial",
    "ledger.sqlite",
    "own_orders",
    "ports",
    "replay",
    "settings",
    "strategies",
    "trading.orders",
}
WIRE_WORDS: set[str] = {
    "changes",
    "commands.orders",
    "fills",
    "ledger.reconcile",
    "ledger.unfinished",
    "own_orders",
    "planning.believed",
    "planning.one_moment",
    "planning.resting_exits",
    "planning.unlisted_orders",
    "trading.drafts",
    "trading.open_orders",
    "trading.orders",
    "trading.sent_orders",
    "workings",
}


CONTRACT = {"ledger.contract", "ports"}
STORES = ("ledger.firestore", "ledger.memory", "ledger.sqlite")
OF_KRAKEN = frozenset(
    {
        *("txid", "ordertype", "oflags", "price2", "cl_ord_id", "order_qty", "limit_price", "trigger_price"),
        *("displayvol", "display_qty", "starttm", "expiretm", "stptype", "timeinforce", "viqc", "fcib"),
        *("fciq", "close[ordertype]", "close[price]", "close[price2]"),
    }
)
"""What Kraken alone calls so (docs.kraken.com, add-order, cancel-order, amend-order)."""


def files() -> dict[str, Path]:
    """Every module by its dotted name."""
    found = [*(ROOT / PACKAGE).rglob("*.py"), ROOT / "main.py"]
    return {_dotted(path): path for path in sorted(found)}


def _dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(name: str, path: Path, source: str, known: Iterable[str]) -> set[str]:
    """What a module imports of the known ones, wherever the import stands and whatever it is for."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    return {one for node in ast.walk(ast.parse(source)) for one in _imported(node, package) if one in known} - {name}


def _imported(node: ast.AST, package: str) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
        base = ".".join([*above, *([node.module] if node.module else [])])
        for alias in node.names:
            yield f"{base}.{alias.name}"
        yield base


def circles(graph: Mapping[str, set[str]]) -> set[frozenset[str]]:
    """Every set of modules each of which reaches all the others (Tarjan)."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: set[frozenset[str]] = set()

    def visit(module: str) -> None:
        order[module] = low[module] = len(order)
        stack.append(module)
        for other in graph.get(module, ()):
            if other not in order:
                visit(other)
            if other in stack:
                low[module] = min(low[module], low[other])
        if low[module] == order[module]:
            at = stack.index(module)
            if len(stack) - at > 1:
                found.add(frozenset(stack[at:]))
            del stack[at:]

    for module in graph:
        if module not in order:
            visit(module)
    return found


FILES = files()
GRAPH = {
    short.removeprefix(f"{PACKAGE}."): {
        other.removeprefix(f"{PACKAGE}.")
        for other in imports(short, path, path.read_text("utf-8"), FILES)
        if other != PACKAGE and FILES[other].name != "__init__.py"
    }
    for short, path in FILES.items()
}


def room(module: str) -> str:
    for moving, target in MOVING.items():
        if module == moving or module.startswith(f"{moving}."):
            return target
    return "" if module == PACKAGE else module.split(".", maxsplit=1)[0]


def floor(module: str) -> int:
    found = [number for number, rooms in enumerate(FLOORS) if room(module) in rooms]
    assert found, f"{module} stands in no room of FLOORS"
    return found[0]


def _climbs() -> set[tuple[str, str]]:
    return {(low, high) for low, used in GRAPH.items() for high in used if floor(low) < floor(high)}


def _sideways() -> set[tuple[str, str]]:
    return {
        (one, other)
        for one, used in GRAPH.items()
        for other in used
        if floor(one) == floor(other) and room(one) != room(other)
    }


def in_store(module: str) -> bool:
    return module.startswith(STORES)


def code_strings(tree: ast.AST) -> Iterator[str]:
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.value


def test_imports_are_seen_wherever_they_stand() -> None:
    source = (
        "from typing import TYPE_CHECKING\nimport a.b\nif TYPE_CHECKING:\n    from a.c import x\n"
        "def f():\n    from a import d\n    from . import e\n    from .e import y\n"
    )
    known = {"a", "a.b", "a.c", "a.d", "a.e", "a.self"}
    assert imports("a.self", Path("a/self.py"), source, known) == {"a", "a.b", "a.c", "a.d", "a.e"}


def test_a_circle_is_found_through_any_number_of_modules() -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": {"e"}, "e": set(), "f": {"g"}, "g": {"f", "a"}}
    assert circles(graph) == {frozenset("abc"), frozenset("fg")}


def test_files_import_each_other_in_no_circle() -> None:
    assert circles(GRAPH) == CIRCLES


def test_no_room_imports_one_that_stands_higher() -> None:
    assert _climbs() == CLIMBS


def test_rooms_of_one_floor_do_not_know_each_other() -> None:
    assert _sideways() == SIDEWAYS


def test_paper_takes_nothing_from_trading_and_kraken_of_the_ledger_its_contract_alone() -> None:
    seen = [(one, other) for one, used in GRAPH.items() for other in used]
    assert not [pair for pair in seen if pair[0].startswith("kraken.paper") and room(pair[1]) in ("trading", "intake")]
    assert {other for one, other in seen if room(one) == "kraken" and room(other) == "ledger"} <= CONTRACT


@pytest.mark.parametrize("rooms", [("kraken",), ("cloud",)])
def test_only_bootstrap_names_what_stands_outside(rooms: tuple[str, ...]) -> None:
    named = {one for one, used in GRAPH.items() for other in used if room(other) in rooms and room(one) not in rooms}
    assert named <= {"bootstrap"}


def test_only_bootstrap_names_a_store() -> None:
    named = {one for one, used in GRAPH.items() for other in used if in_store(other) and not in_store(one)}
    assert named == {"bootstrap"}


def test_no_file_is_longer_than_a_reader_keeps_in_mind() -> None:
    long = {name for name, path in FILES.items() if len(path.read_text("utf-8").splitlines()) > MOST_LINES}
    assert {name.removeprefix(f"{PACKAGE}.") for name in long} == TOO_LONG


def test_few_files_stand_at_the_root() -> None:
    assert len(list((ROOT / PACKAGE).glob("*.py"))) == MOST_AT_THE_ROOT


def test_krakens_words_stand_where_kraken_is_spoken_to() -> None:
    """What a sender may call a field is for intake to say, and some of it is called as Kraken does."""
    speaking = {
        name
        for name, path in FILES.items()
        if not OF_KRAKEN.isdisjoint(code_strings(ast.parse(path.read_text("utf-8"))))
    }
    names = {name.removeprefix(f"{PACKAGE}.") for name in speaking}
    names -= {"trading.kraken_fields"}
    assert {name for name in names if room(name) not in ("kraken", "intake")} == WIRE_WORDS


def test_what_is_said_to_move_is_still_there() -> None:
    assert {name for name in MOVING if f"{PACKAGE}.{name}" not in FILES} == set()
