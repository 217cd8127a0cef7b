import json
import re
import subprocess
import tomllib
from datetime import UTC, datetime
from decimal import Decimal
from importlib import metadata

import pathspec
import pytest

from tests.support.instruments import BTC_USD
from tests.support.project import ROOT
from tests.support.row_by_row import row_by_row
from webhook_core.intake import parse
from webhook_core.intake.authentication import verify
from webhook_core.intake.credentials import token_credential
from webhook_core.intake.field_names import sort_fields
from webhook_core.settings.reading import VARIABLES, read_settings
from webhook_core.settings.strategies import read as read_strategies
from webhook_core.trading import planner
from webhook_core.trading.from_alert import order_intent
from webhook_core.trading.orders import OrderType
from webhook_core.trading.plans import Plan
from webhook_core.trading.rules import TradingRules
from webhook_core.web.messages import HttpRequest

EXAMPLES = ROOT / "examples"
NOW = datetime(2026, 2, 18, 14, 30, 2, tzinfo=UTC)
TOKEN = "token-0123456789abcdef"
PINE_KINDS = {kind for kind in OrderType if kind in ("market", "limit") or kind.takes_trigger}
ORDER_FILES = {str(kind): EXAMPLES / f"{kind.replace('-', '_')}.json" for kind in OrderType}

EXPANDED = {
    "ticker": "BTCUSD", "exchange": "KRAKEN", "strategy.order.action": "buy",
    "strategy.order.contracts": "0.001",
    "strategy.order.price": "60000.5", "strategy.order.id": "Long",
    "strategy.market_position": "long",
    "strategy.market_position_size": "0.001", "strategy.prev_market_position": "flat",
    "strategy.prev_market_position_size": "0", "interval": "60", "time": "2026-02-18T14:00:00Z",
    "timenow": "2026-02-18T14:30:01Z",
}  # fmt: skip


def requirements(name):
    """What is asked for, without the hashes."""
    text = (ROOT / name).read_text("utf-8").replace("\\\n", " ")
    rows = [row.partition("#")[0].partition(" --hash=")[0].strip() for row in text.splitlines()]
    return [row for row in rows if row]


def parsed(body):
    """Through the real proof and the real parser."""
    document = (
        body.encode() if isinstance(body, str) else json.dumps({**body, "token": TOKEN}).encode()
    )
    request = HttpRequest("POST", "/", {}, {}, document, "127.0.0.1", NOW)
    return parse.parse(
        verify(request, [token_credential(TOKEN, "t")], NOW, anonymous_allowed=False)
    )


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_is_pinned(name):
    pinned = [row for row in requirements(name) if row != "-r requirements.txt"]
    assert pinned
    assert [
        row for row in pinned if not re.fullmatch(r"[A-Za-z0-9_.-]+==[0-9][0-9a-z.]*", row)
    ] == []
    names = [row.split("==")[0].lower() for row in pinned]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_has_the_hashes_of_its_files(name):
    """One without would refuse the whole install, and so would one of a package
    that is not named."""
    text = (ROOT / name).read_text("utf-8").replace("\\\n", " ")
    asked = [row for row in text.splitlines() if "==" in row and not row.startswith("#")]
    assert len(asked) == len([row for row in requirements(name) if "==" in row])
    assert [
        row for row in asked if not re.fullmatch(r"\S+==\S+(\s+--hash=sha256:[0-9a-f]{64})+", row)
    ] == []


def licences_of(package):
    return [file for file in metadata.files(package) if re.match("(?i)licen[cs]e.*txt", file.name)]


def test_krakenex_comes_with_its_licence():
    """LGPL-3.0: whoever gets the image gets the text."""
    texts = {file.name: file.read_text("utf-8") for file in licences_of("krakenex")}
    assert "GNU LESSER GENERAL PUBLIC LICENSE" in texts["LICENSE.txt"]
    assert "GNU GENERAL PUBLIC LICENSE" in texts["LICENSE-GPLv3.txt"]


def test_what_pyproject_asks_for_is_among_the_pinned_and_old_enough():
    pinned = dict(row.lower().split("==") for row in requirements("requirements.txt"))
    for asked in tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"][
        "dependencies"
    ]:
        name, least = asked.split(">=")
        assert [int(part) for part in pinned[name].split(".")] >= [
            int(part) for part in least.split(".")
        ], name


def example_variables():
    rows = (ROOT / ".env.example").read_text("utf-8").splitlines()
    return dict(
        match.groups() for row in rows if (match := re.fullmatch(r"# ([A-Z][A-Z0-9_]+)=(.*)", row))
    )


def test_the_example_environment_names_every_variable_and_no_other():
    assert set(example_variables()) == set(VARIABLES)
    rows = (ROOT / ".env.example").read_text("utf-8").splitlines()
    assert [row for row in rows if row and not row.startswith("#")] == []


@row_by_row
@pytest.mark.parametrize("name", sorted(set(VARIABLES) - {"ALLOWED_SYMBOLS", "MAX_ORDER_COST"}))
def test_the_example_environment_shows_the_default(name):
    text = example_variables()[name]
    assert read_settings({name: text}, read_file=lambda _: "") == read_settings(
        {}, read_file=lambda _: None
    )


def test_the_example_environment_is_read_by_a_shell(tmp_path):
    lines = [f"{name}={text}" for name, text in example_variables().items()]
    (tmp_path / ".env").write_text("\n".join(lines), "utf-8")
    script = (
        f"set -eu; set -a; . {tmp_path}/.env; printf %s "
        '"$MAX_ORDER_COST|$PAPER_BALANCES|$LEDGER_URL"'
    )
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "500 USD|USD=10000,BTC=1|sqlite:///.state/ledger.db"


def uploaded():
    spec = pathspec.GitIgnoreSpec.from_lines(
        (ROOT / ".gcloudignore").read_text("utf-8").splitlines()
    )
    kept = {"main.py", "requirements.txt", "strategies.toml"}
    files = [
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "webhook_core").rglob("*")
        if path.is_file()
    ]
    elsewhere = [
        "tests/unit/project/test_files.py", "tests/__init__.py", "examples/demo.py", "README.md",
        ".env", ".git/config",
        ".state/ledger.db", "webhook_core/__pycache__/x.cpython-311.pyc", "pyproject.toml",
        ".venv/bin/python",
    ]  # fmt: skip
    return {name for name in {*kept, *files, *elsewhere} if not spec.match_file(name)}, files


def test_the_upload_is_what_the_function_needs_and_nothing_else():
    sent, files = uploaded()
    needed = {name for name in files if "__pycache__" not in name}
    assert {"webhook_core/kraken/asset_pairs.json", "webhook_core/kraken/known_pairs.csv"} <= needed
    assert sent == needed | {"main.py", "requirements.txt", "strategies.toml"}


@row_by_row
@pytest.mark.parametrize(("kind", "path"), ORDER_FILES.items())
def test_there_is_an_example_for_every_order_type_and_it_is_one(kind, path):
    alert = parsed(json.loads(path.read_text("utf-8")))
    assert alert.order_type == kind
    assert (alert.stop_price is not None) == alert.order_type.takes_trigger
    assert alert.warnings == ()
    wanted = order_intent(alert, TradingRules().size)
    planned = planner.plan(wanted, BTC_USD, TradingRules(), BTC_USD.as_of)
    assert isinstance(planned, Plan)
    assert planned.notes == ()


@pytest.mark.parametrize(
    ("kind", "price", "trigger"),
    [("stop-loss-limit", "54500", "55000"), ("take-profit-limit", "69800", "70000")],
)
def test_the_examples_have_trigger_and_limit_the_right_way_round(kind, price, trigger):
    """A sell that is triggered must take less than the trigger, or it would rest where it
    was meant to sell."""
    alert = parsed(json.loads(ORDER_FILES[kind].read_text("utf-8")))
    assert (alert.price, alert.stop_price) == (Decimal(price), Decimal(trigger))


def expanded(template, **changes):
    values = {**EXPANDED, **changes}
    return re.sub(r"\{\{([^}]+)\}\}", lambda match: values[match[1]], template)


def test_the_tradingview_template_becomes_an_alert():
    template = (
        (EXAMPLES / "tradingview_alert.json")
        .read_text("utf-8")
        .replace("put the value of WEBHOOK_TOKEN here", TOKEN)
    )
    assert template.count("{{") == template.count('"{{') == template.count('}}"')
    alert = parsed(expanded(template))
    assert (alert.symbol, alert.side, alert.volume, alert.price) == (
        "BTCUSD",
        "buy",
        Decimal("0.001"),
        Decimal("60000.5"),
    )
    assert (alert.fired_at, alert.id) == (datetime(2026, 2, 18, 14, 30, 1, tzinfo=UTC), None)
    assert alert.warnings == ()


def test_two_fills_in_one_second_differ_in_the_tradingview_template():
    template = (EXAMPLES / "tradingview_alert.json").read_text("utf-8")
    assert expanded(template) != expanded(template, **{"strategy.order.id": "Long 2"})
    assert expanded(template) != expanded(template, **{"strategy.market_position_size": "0.002"})


def test_the_template_whose_token_was_not_replaced_is_no_valid_token():
    text = json.loads((EXAMPLES / "tradingview_alert.json").read_text("utf-8"))["token"]
    assert "WEBHOOK_TOKEN" in text


def test_the_pine_strategy_sends_fields_that_are_known():
    source = (EXAMPLES / "strategy.pine").read_text("utf-8")
    names = re.findall(r'[fF]ield\("(\w+)"', source)
    assert {
        "id",
        "fired_at",
        "symbol",
        "side",
        "order_type",
        "volume",
        "price",
        "stop_price",
        "stop_loss",
        "action",
    } <= set(names)
    assert sort_fields(dict.fromkeys(names, "1")).unknown == []
    (options,) = re.findall(r"options = \[(.*?)\]", source)
    assert re.findall(r'"([^"]+)"', options) == [
        str(kind) for kind in OrderType if kind in PINE_KINDS
    ]
    assert "str.format(" not in re.sub(r"//.*", "", source)


def test_the_example_strategies_file_is_accepted():
    env = dict.fromkeys(("TREND_BTC_TOKEN", "REVERSION_SECRET_NEW", "REVERSION_SECRET_OLD"), TOKEN)
    found = read_strategies(
        (EXAMPLES / "strategies.toml").read_text("utf-8"), "strategies.toml", env
    )
    assert found.faults == ()
    assert found.variables == set(env) | {"NAME", "TREND_BTC_NOTIFY"}
    assert list(found.strategies) == ["my-strategy", "trend-btc", "mean-reversion"]


def test_the_licence_names_its_authors():
    assert "The tradingview-kraken-webhook authors" in (ROOT / "LICENSE").read_text("utf-8")


@pytest.mark.parametrize("target", ["demo", "serve", "test", "check", "bench", "venv"])
def test_the_makefile_has_the_target(target):
    done = subprocess.run(
        ["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_ci_script_is_a_script():
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    subprocess.run(["bash", "-n", str(script)], check=True)


def test_the_pine_indicator_sends_fields_that_are_known_and_no_placeholder():
    """TradingView fills in none in what alert() sends."""
    source = (EXAMPLES / "indicator.pine").read_text("utf-8")
    names = re.findall(r'field\("(\w+)"', source)
    assert {"id", "fired_at", "symbol", "action", "market_position", "market_position_size"} <= set(
        names
    )
    assert sort_fields(dict.fromkeys(names, "1")).unknown == []
    code = "\n".join(line for line in source.splitlines() if not line.startswith("//"))
    assert "{{" not in code
