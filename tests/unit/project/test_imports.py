"""Imports point one way: values and errors <- intake, trading, ledger.entry <- ports <-
application; adapters implement ports."""

import ast
import functools
import json
import subprocess
import sys

import pytest

from tests.support.project import ROOT
from tests.support.row_by_row import row_by_row

TOKEN = "token-of-the-tests-0123"
PACKAGE = ROOT / "webhook_core"

IO = {
    "requests",
    "urllib3",
    "krakenex",
    "google",
    "grpc",
    "flask",
    "functions_framework",
    "sqlite3",
    "time",
    "os",
    "socket",
}
NETWORK_AND_STORE = {"requests", "urllib3", "krakenex", "google", "grpc", "sqlite3"}
VALUES = ("webhook_core.errors", "webhook_core.web.messages", "webhook_core.value")
ADAPTERS = (
    "webhook_core.cloud.json_lines",
    "webhook_core.cloud.log_search",
    "webhook_core.cloud.logs",
    "webhook_core.cloud.secrets",
    "webhook_core.kraken",
    "webhook_core.ledger.firestore",
    "webhook_core.ledger.sqlite.ledger",
    "webhook_core.ledger.sqlite.documents",
    "webhook_core.ledger.sqlite.entries",
    "webhook_core.ledger.sqlite.commits",
    "webhook_core.ledger.sqlite.errors",
    "webhook_core.ledger.sqlite.file",
    "webhook_core.ledger.sqlite.in_memory",
    "webhook_core.ledger.sqlite.mark",
    "webhook_core.ledger.sqlite.notes",
    "webhook_core.ledger.sqlite.schema",
    "webhook_core.ledger.sqlite.present",
    "webhook_core.network.name_look_up",
    "webhook_core.network.wire",
)
COMPOSITION = (
    "webhook_core.bootstrap",
    "webhook_core.ledger.opening",
    "webhook_core.operations.at_terminal",
)


def name_of(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


SOURCES = {name_of(path): path for path in sorted([*PACKAGE.rglob("*.py"), ROOT / "main.py"])}


def imports_in(tree):
    """Every imported module, wherever it stands; ``from a import b`` counts as a.b if
    that is a module of ours."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            for alias in node.names:
                joined = f"{node.module}.{alias.name}"
                yield joined if joined in SOURCES else node.module


@functools.cache
def _everywhere_and_at_the_top(name):
    tree = ast.parse(SOURCES[name].read_text("utf-8"))
    top = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    return frozenset(imports_in(tree)), frozenset(imports_in(ast.Module(top, [])))


def imported(name):
    return _everywhere_and_at_the_top(name)[0]


def imported_at_the_top(name):
    return _everywhere_and_at_the_top(name)[1]


def inside(name, packages):
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def modules_in(*packages):
    found = [name for name in SOURCES if inside(name, packages)]
    assert found, f"nothing is called {packages} any more"
    return found


PURE = modules_in(
    "webhook_core.intake",
    "webhook_core.trading",
    "webhook_core.ledger.entry",
    "webhook_core.ledger.takes",
    "webhook_core.kraken.outcomes",
    "webhook_core.kraken.refusals",
)


def test_the_reader_of_imports_sees_them_all():
    tree = ast.parse(
        "import os.path\nfrom webhook_core import errors\ndef f():\n    from google.cloud import "
        "firestore\n"
    )
    assert set(imports_in(tree)) == {"os.path", "webhook_core.errors", "google.cloud"}


@row_by_row
@pytest.mark.parametrize("module", PURE)
def test_a_pure_room_does_no_io(module):
    assert not {name for name in imported(module) if name.split(".")[0] in IO}


@row_by_row
@pytest.mark.parametrize("module", PURE)
def test_a_pure_room_imports_only_pure_rooms_and_values(module):
    allowed = (
        *VALUES,
        "webhook_core.intake",
        "webhook_core.trading",
        "webhook_core.ledger.entry",
        "webhook_core.ledger.takes",
        "webhook_core.kraken.outcomes",
        "webhook_core.kraken.refusals",
    )
    assert not {
        name
        for name in imported(module)
        if inside(name, ["webhook_core"]) and not inside(name, allowed)
    }


@row_by_row
@pytest.mark.parametrize("module", modules_in("webhook_core.trading"))
def test_trading_knows_nothing_of_where_an_alert_came_from(module):
    assert not {
        name
        for name in imported(module)
        if inside(name, ["webhook_core"]) and not inside(name, (*VALUES, "webhook_core.trading"))
    }


@pytest.mark.parametrize(
    "module", modules_in("webhook_core.errors", "webhook_core.web.messages", "webhook_core.events")
)
def test_values_and_errors_stand_at_the_bottom(module):
    """What HTTP itself refuses is an error too; what their classes are made of is below them."""
    named = {name for name in imported(module) if inside(name, ["webhook_core"])}
    errors = {"webhook_core.errors"} if module == "webhook_core.web.messages" else set()
    assert named <= {"webhook_core.value"} | errors


@pytest.mark.parametrize("port", ["webhook_core.venue", "webhook_core.ledger.contract"])
def test_ports_name_values_only(port):
    values = (
        "webhook_core.trading",
        "webhook_core.clock",
        "webhook_core.ledger.entry",
        "webhook_core.ledger.takes",
        "webhook_core.ledger.unfinished",
    )
    named = {name for name in imported(port) if inside(name, ["webhook_core"])}
    assert not {name for name in named if not inside(name, (*VALUES, *values))}


@row_by_row
@pytest.mark.parametrize("module", modules_in("webhook_core.kraken.paper"))
def test_the_paper_kraken_takes_nothing_from_trading(module):
    """So that planner and paper check each other."""
    assert not {
        name
        for name in imported(module)
        if inside(name, ["webhook_core.trading", "webhook_core.intake"])
    }


def test_only_the_composition_names_adapters():
    """Adapters may use each other's parts within their own room."""
    named = {
        (module, name)
        for module in SOURCES
        if module not in COMPOSITION and not inside(module, ADAPTERS)
        for name in imported(module)
        if inside(name, ADAPTERS) and name != "webhook_core.kraken.outcomes"
    }
    assert named == set()


@row_by_row
@pytest.mark.parametrize("module", modules_in(*ADAPTERS))
def test_an_adapter_does_not_know_the_application(module):
    above = (
        "webhook_core.application",
        *COMPOSITION,
        "webhook_core.settings.settings",
        "webhook_core.intake",
        "main",
    )
    assert not {name for name in imported(module) if inside(name, above)}


@row_by_row
@pytest.mark.parametrize("module", sorted(set(SOURCES) - set(modules_in(*ADAPTERS))))
def test_the_network_and_the_stores_are_the_adapters_business(module):
    assert not {name for name in imported(module) if name.split(".")[0] in NETWORK_AND_STORE}


@row_by_row
@pytest.mark.parametrize("module", SOURCES)
def test_googles_libraries_are_imported_where_they_are_first_needed(module):
    assert not {name for name in imported_at_the_top(module) if inside(name, ["google", "grpc"])}


COSTLY = {("typing", "NamedTuple"), ("dataclasses", "dataclass"), ("dataclasses", "replace")}


def makes_costly_classes(path):
    """typing's NamedTuple and dataclasses write and compile the methods of each class anew:
    that was 7 % of a cold start, where webhook_core.value's are made in a tenth of it."""
    return path.name != "value.py" and any(
        (node.module, alias.name) in COSTLY
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    )


@pytest.mark.parametrize("on_google_cloud", [False, True])
def test_a_cold_start_loads_nothing_that_a_plain_alert_does_not_need(on_google_cloud, tmp_path):
    """Milliseconds are measured by make bench; this says what must never come back. pydantic's
    models alone are 50 ms."""
    script = (
        "import json, sys, flask, main; from werkzeug.test import EnvironBuilder\n"
        f"SENDER = {{'token': {TOKEN!r}}} if {on_google_cloud} else {{}}\n"
        "alert = json.dumps({'symbol': 'BTCUSD', 'side': 'buy', 'volume': '0.01', 'price': "
        "'60000', 'id': '1', **SENDER})\n"
        "post = EnvironBuilder('/webhook/tradingview', method='POST', data=alert)\n"
        "assert main.webhook(flask.Request(post.get_environ())).status_code == 200\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    env = {
        "LEDGER_URL": f"sqlite:///{tmp_path}/ledger.db",
        "LOG_LEVEL": "ERROR",
        "PYTHONPATH": str(ROOT),
    }
    env |= {"K_SERVICE": "bridge", "WEBHOOK_TOKEN": TOKEN} if on_google_cloud else {}
    done = subprocess.run(
        [sys.executable, "-c", script], env=env, cwd=tmp_path, check=True, capture_output=True
    )
    loaded = set(json.loads(done.stdout))
    unneeded = {"pydantic.main", "pydantic.types", "asyncio", "tomllib", "zoneinfo"}
    unneeded |= {"grpc", "google.auth", "google.cloud.firestore", "google.cloud.logging"}
    rare = (
        "account",
        "known_pairs",
        "listed_orders",
        "market_data",
        "change_replies",
        "public_kraken",
    )
    unneeded |= {f"webhook_core.kraken.{name}" for name in rare}
    rare = (
        "actions",
        "leg_fields",
        "market_position",
        "open_order_alerts",
        "position_alerts",
        "quantities",
    )
    rare += ("nets", "measures", "misspelt", "refused_names", "words", "dialects")
    unneeded |= {f"webhook_core.intake.{module}" for module in rare}
    unneeded |= {"webhook_core.intake.dialects.registry", "webhook_core.web.first_readings"}
    unneeded |= {"webhook_core.trading.sent_orders", "webhook_core.trading.appraisal"}
    unneeded |= {"apprise", "webhook_core.notify", "webhook_core.settings.notify_values"}
    unneeded |= {"webhook_core.sending.missed", "webhook_core.sending.missed_legs"}
    assert loaded & unneeded == set()
    costly = {name for name in loaded & SOURCES.keys() if makes_costly_classes(SOURCES[name])}
    assert costly == set()
    assert {"webhook_core.kraken.paper.engine", "sqlite3", "pydantic_core"} <= loaded


def third_parties():
    return (
        {name.split(".")[0] for module in SOURCES for name in imported(module)}
        - set(sys.stdlib_module_names)
        - {"webhook_core", "main"}
    )


def test_every_library_that_is_imported_is_asked_for():
    import tomllib

    asked = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    names = {requirement.split(">=")[0].replace("-", "_") for requirement in asked}
    names |= {"google", "grpc"} if "google_cloud_secret_manager" in names else set()
    # Each pydantic asks for exactly one version of it.
    names |= {"pydantic_core"} if "pydantic" in names else set()
    assert third_parties() - names == set()
