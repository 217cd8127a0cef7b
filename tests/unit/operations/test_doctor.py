"""What the doctor says about a deployment: in paper mode, and against Kraken on loopback.

It places nothing.
"""

from __future__ import annotations

import base64
import json
import socket
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.support import kraken_faults as faults
from tests.support.fake_venue import FakeVenue
from tests.support.faked_function import Function
from tests.support.kraken_server import KEY, SECRET, KrakenServer
from tests.support.memory_ledger import MemoryLedger
from tests.support.scoped_tokens import KEYS
from webhook_core.clock import Budget
from webhook_core.errors import LedgerUnavailable, VenueUnavailable
from webhook_core.events import LOGGER
from webhook_core.findings import Finding, Verdict, guarded
from webhook_core.journal.hourly import Hourly, lost_document
from webhook_core.kraken.client import KrakenClient
from webhook_core.kraken.packaged_pairs import snapshot
from webhook_core.ledger.contract import Document
from webhook_core.ledger.sqlite.ledger import SqliteLedger
from webhook_core.operations import doctor as checks
from webhook_core.operations import doctor_alert
from webhook_core.operations.cli import cli
from webhook_core.operations.doctor_ledger import check_ledger
from webhook_core.risk import loss_figures
from webhook_core.settings.reading import VARIABLES, read_settings
from webhook_core.trading.instruments import to_document
from webhook_core.trading.rules import Loss
from webhook_core.web.messages import HttpResponse

TOKEN = "token-of-the-doctor-0123"
STANDARD = "whsec_" + base64.b64encode(bytes(range(32))).decode()
SIGNING = "signing-5f0c1de2a7b94c38d1e6"
NEEDED = (
    "modify-trades",
    "close-trades",
    "query-open-trades",
    "query-closed-trades",
    "query-funds",
)
FORBIDDEN = ("withdraw-funds", "add-withdraw-address", "update-withdraw-address")
OPERATOR = "operator-of-the-doctor-0123"


class SkewedClock:
    """The system's, some seconds ahead or behind."""

    def __init__(self, seconds):
        self._skew = timedelta(seconds=seconds)

    def now(self):
        return datetime.now(UTC) + self._skew

    def monotonic(self):
        return time.monotonic()

    def sleep(self, seconds):
        time.sleep(seconds)


@pytest.fixture(autouse=True)
def a_machine_of_its_own(monkeypatch, tmp_path):
    """No variable of ours, no strategies.toml, and the log as it was afterwards."""
    for name in (*VARIABLES, "K_SERVICE", "GOOGLE_CLOUD_PROJECT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    before = LOGGER.handlers[:], LOGGER.level, LOGGER.propagate
    yield
    LOGGER.handlers[:], LOGGER.propagate = before[0], before[2]
    LOGGER.setLevel(before[1])


def run(env, *options):
    result = CliRunner().invoke(cli, ["doctor", *options], env=env, catch_exceptions=False)
    assert "Traceback" not in result.output
    return result


def examined(env):
    """The findings by name; of several of one name the worst."""
    result = run(env, "--json")
    found = {}
    for finding in sorted(
        json.loads(result.stdout)["findings"], key=lambda each: each["verdict"] == "fail"
    ):
        found[finding["name"]] = finding
    failed = any(finding["verdict"] == "fail" for finding in found.values())
    assert result.exit_code == int(failed)
    return found


def verdicts(found, *but):
    return {
        name: finding["verdict"]
        for name, finding in found.items()
        if finding["verdict"] != "ok" and name not in but
    }


@pytest.fixture
def paper(tmp_path):
    """On a ledger that is there, as after the first alert."""
    ledger = SqliteLedger(tmp_path / "ledger.db")
    ledger.entries()
    ledger.close()
    return {"WEBHOOK_TOKEN": TOKEN, "LEDGER_URL": f"sqlite:///{tmp_path}/ledger.db"}


@pytest.fixture
def kraken():
    with KrakenServer(nonce_window=10**10) as server:
        server.engine.mark_price("XBTUSD", Decimal(60000))
        yield server


@pytest.fixture
def live(paper, kraken):
    return live_on(kraken.url, paper)


def live_on(url, paper):
    return paper | {
        "TRADING_MODE": "live",
        "KRAKEN_API_URL": url,
        "KRAKEN_API_KEY": KEY,
        "KRAKEN_API_SECRET": SECRET,
        "ALLOWED_SYMBOLS": "BTC/USD,ETH/USD",
        "MAX_ORDER_COST": "500 USD",
    }


def store_rules(env, age):
    """Rules that were read from Kraken that long ago."""
    rules = [rule._replace(as_of=datetime.now(UTC) - age)
             for rule in snapshot()]  # fmt: skip
    ledger = SqliteLedger(env["LEDGER_URL"].removeprefix("sqlite:///"))
    assert ledger.write("pair-rules", to_document(rules), None)
    ledger.close()


# -- all is well -----------------------------------------------------------------------------------


def test_in_paper_mode_everything_is_well(paper):
    result = run(paper, "--strict")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[-1].endswith(" ok, 0 warnings, 0 failures")
    assert all(line.startswith("OK    ") for line in lines[:-1])
    assert {"OK    paper Kraken status: online", "OK    WEBHOOK_TOKEN: *** (environment)"} <= set(
        lines
    )
    assert [
        line
        for line in lines
        if line.startswith(
            "OK    alert: buy 0.00005 BTC/USD, proved by WEBHOOK_TOKEN[0]: 200 validated"
        )
    ]


def test_live_with_fresh_rules_everything_is_well(live):
    store_rules(live, timedelta(hours=1))
    result = run(live, "--strict")
    assert result.exit_code == 0, result.stdout
    assert "paper Kraken" not in result.stdout
    assert "OK    pairs of ALLOWED_SYMBOLS: BTC/USD, ETH/USD" in result.stdout.splitlines()


def test_nothing_is_placed_and_no_entry_is_written(live, kraken):
    run(live)
    assert kraken.orders() == []
    assert [call.params.get("validate") for call in kraken.calls_of("AddOrder")] == ["true"]
    ledger = SqliteLedger(live["LEDGER_URL"].removeprefix("sqlite:///"))
    assert ledger.entries().entries == []
    assert "checked_at" in ledger.read("doctor").text
    ledger.close()


def test_a_warning_fails_only_where_it_is_asked_to(live):
    found = run(live)
    assert found.exit_code == 0
    assert ", 1 warnings, 0 failures" in found.stdout
    assert run(live, "--strict").exit_code == 1


def test_the_second_run_is_as_good_as_the_first(paper):
    assert run(paper, "--strict").exit_code == 0
    assert run(paper, "--strict").exit_code == 0


def test_the_log_stays_quiet_unless_it_is_asked_for(live, kraken):
    kraken.engine.key.permissions = frozenset(NEEDED) - {"modify-trades"}
    assert run(live).stderr == ""
    assert "422 rejected" in run(live | {"LOG_LEVEL": "WARNING"}).stderr


# -- settings --------------------------------------------------------------------------------------


def test_every_fault_of_the_settings_is_shown_and_nothing_else_is_checked(paper):
    result = run(paper | {"TRADING_MODE": "live", "REQUEST_BUDGET_SECONDS": "soon"})
    assert result.exit_code == 1
    said = [line.split(":")[0] for line in result.stdout.splitlines()]
    assert set(said[:-2]) == {
        "FAIL  REQUEST_BUDGET_SECONDS", "FAIL  KRAKEN_API_KEY", "FAIL  KRAKEN_API_SECRET",
        "FAIL  ALLOWED_SYMBOLS",
        "FAIL  MAX_ORDER_COST",
    }  # fmt: skip
    assert said[-2] == "FAIL  everything else"


def test_what_holds_by_default_is_shown_as_such(paper):
    found = examined(paper | {"REQUEST_BUDGET_SECONDS": "2"})
    assert found["TRADING_MODE"]["found"] == "paper (default)"
    assert found["REQUEST_BUDGET_SECONDS"]["found"] == "2 (environment)"
    assert "ALERT_MAX_AGE_SECONDS" not in found


def test_a_server_that_trusts_everybody_is_a_warning(paper):
    found = examined(paper | {"WEBHOOK_TOKEN": ""})
    assert verdicts(found) == {"NO AUTHENTICATION": "warn"}
    assert "without any proof: 200 validated" in found["alert"]["found"]


# -- secrets ---------------------------------------------------------------------------------------


def strategy_file(tmp_path):
    (tmp_path / "strategies.toml").write_text(
        '[trend]\ntoken = "token-of-a-strategy-0123"\nallowed_symbols = ["SOL/USD", "ETH/USD"]\n'
    )


@pytest.mark.parametrize("options", [(), ("--json",)])
@pytest.mark.parametrize("level", ["", "DEBUG"])
def test_no_secret_is_in_any_line(live, kraken, tmp_path, options, level):
    strategy_file(tmp_path)
    kraken.script("SystemStatus", faults.errors([f"EService:Unavailable {TOKEN}"]))
    kraken.script("GetApiKeyInfo", faults.errors([f"EAPI:Invalid key:{KEY}/{SECRET}"]))
    env = live | {
        "WEBHOOK_SECRET": f"{SIGNING},{STANDARD}",
        "OPERATOR_TOKEN": OPERATOR,
        "LOG_LEVEL": level,
    }
    result = run(env, *options)
    assert "EAPI:Invalid key:***/***" in result.stdout
    for secret in (
        TOKEN,
        SIGNING,
        STANDARD,
        STANDARD.removeprefix("whsec_"),
        OPERATOR,
        KEY,
        SECRET,
        "token-of-a-strategy-0123",
    ):
        assert secret not in result.output, secret


def test_no_secret_is_in_the_faults_of_the_settings(live):
    result = run(
        live
        | {
            "KRAKEN_API_SECRET": "no-base64!",
            "WEBHOOK_SECRET": TOKEN,
            "OPERATOR_TOKEN": "short-secret",
        }
    )
    assert result.exit_code == 1
    for secret in ("no-base64!", TOKEN, "short-secret", KEY):
        assert secret not in result.output, secret


@pytest.mark.parametrize("ending", ["", "\n"])
def test_a_secret_in_a_file_is_read_and_its_place_is_shown(live, tmp_path, ending):
    (tmp_path / "key").write_text(SECRET + ending)
    (tmp_path / "token").write_text(TOKEN)
    env = live | {
        "KRAKEN_API_SECRET": f"file:{tmp_path}/key",
        "WEBHOOK_TOKEN": f"{TOKEN}-newer, file:{tmp_path}/token",
    }
    found = examined(env)
    assert verdicts(found) == {"pair rules": "warn"}
    assert found["KRAKEN_API_KEY"]["found"] == "*** (environment)"
    assert found["KRAKEN_API_SECRET"]["found"] == f"*** (file:{tmp_path}/key)"
    assert found["WEBHOOK_TOKEN"]["found"] == f"*** (environment, file:{tmp_path}/token)"
    assert (
        "2 readable: WEBHOOK_TOKEN[0] (token), WEBHOOK_TOKEN[1] (token)"
        in found["secrets of senders"]["found"]
    )
    assert TOKEN not in str(found)
    assert SECRET not in str(found)


def test_secrets_that_can_not_be_read_are_all_named(live, tmp_path):
    (tmp_path / "blank").write_text(" ")
    found = examined(
        live
        | {"KRAKEN_API_SECRET": f"file:{tmp_path}/none", "WEBHOOK_TOKEN": f"file:{tmp_path}/blank"}
    )
    assert set(found) == {"KRAKEN_API_SECRET", "WEBHOOK_TOKEN", "everything else"}
    assert f"file:{tmp_path}/none is not there" in found["KRAKEN_API_SECRET"]["found"]
    assert "503 not_configured" in found["WEBHOOK_TOKEN"]["advice"]


def test_a_secret_that_was_looked_for_in_secret_manager_shows_its_name(live):
    place = "projects/my-project/secrets/{}/versions/latest"
    values = {
        "KRAKEN_API_KEY": KEY,
        "KRAKEN_API_SECRET": SECRET,
        "WEBHOOK_TOKEN": TOKEN,
        "WEBHOOK_SECRET": "",
    }
    env = {name: text for name, text in live.items() if name not in values} | {
        "GCP_PROJECT_ID": "my-project"
    }
    settings = read_settings(
        env, values={place.format(name): text for name, text in values.items()}
    )
    assert settings.unread == ()
    found = {finding.name: finding.found for finding in checks._settings(settings, env)}
    for name in ("KRAKEN_API_KEY", "KRAKEN_API_SECRET", "WEBHOOK_TOKEN"):
        assert found[name] == f"*** (Secret Manager: {place.format(name)})"
    assert "WEBHOOK_SECRET" not in found


def test_a_secret_that_is_read_but_can_not_be_used_is_named_without_its_text(live, tmp_path):
    (tmp_path / "key").write_text("no-base64!")
    result = run(live | {"KRAKEN_API_SECRET": f"file:{tmp_path}/key"})
    assert result.exit_code == 1
    assert result.stdout.startswith("FAIL  KRAKEN_API_SECRET: ")
    assert "no-base64!" not in result.output


# -- Kraken ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("permission", FORBIDDEN)
def test_a_key_that_can_withdraw_is_refused(live, kraken, permission):
    kraken.engine.key.permissions = frozenset({*NEEDED, permission})
    found = examined(live)
    assert verdicts(found, "pair rules") == {"Kraken key permissions": "fail"}
    assert found["Kraken key permissions"]["found"].endswith(permission)
    assert "make a new key without it" in found["Kraken key permissions"]["advice"]


@pytest.mark.parametrize("permission", NEEDED)
def test_a_permission_that_is_missing_is_named(live, kraken, permission):
    kraken.engine.key.permissions = frozenset(NEEDED) - {permission}
    found = examined(live)
    assert found["Kraken key permissions"]["verdict"] == "fail"
    assert found["Kraken key permissions"]["found"] == f"missing: {permission}"


def test_a_key_that_may_not_trade_fails_the_alert_too(live, kraken):
    kraken.engine.key.permissions = frozenset({"query-funds", "withdraw-funds"})
    found = examined(live)
    assert "EGeneral:Permission denied" in found["alert"]["found"]
    lines = [line for line in run(live).stdout.splitlines() if "key permissions" in line]
    assert [line[:4] for line in lines] == ["FAIL", "FAIL"]


@pytest.mark.parametrize(
    ("wrong", "error", "advice"),
    [
        ({"KRAKEN_API_KEY": "another-key"}, "EAPI:Invalid key", "copy the API key again"),
        (
            {"KRAKEN_API_SECRET": "b3RoZXI="},
            "EAPI:Invalid signature",
            "does not belong to this API key",
        ),
    ],
)
def test_a_wrong_key_or_secret_is_told_apart(live, wrong, error, advice):
    found = examined(live | wrong)
    assert verdicts(found, "pair rules") == {"Kraken key": "fail", "alert": "fail"}
    assert error in found["Kraken key"]["found"]
    assert advice in found["Kraken key"]["advice"]


@pytest.mark.parametrize(
    ("skew", "verdict", "side"),
    [
        (0, "ok", ""),
        (3.2, "warn", "behind"),
        (-3.2, "warn", "ahead of"),
        (8, "fail", "behind"),
        (-8, "fail", "ahead of"),
    ],
)
def test_a_clock_that_is_off_is_said(paper, skew, verdict, side):
    with KrakenServer(nonce_window=10**10, clock=SkewedClock(skew)) as kraken:
        kraken.engine.mark_price("XBTUSD", Decimal(60000))
        found = examined(live_on(kraken.url, paper))["Kraken clock"]
    assert found["verdict"] == verdict
    assert side in found["found"]


@pytest.mark.parametrize(
    ("kraken_is_ahead", "deadline_s", "verdict", "refused"),
    [
        (0, 10, "ok", ""),
        (0, 6, "ok", ""),
        (3, 6, "warn", "orders"),
        (5, 6, "fail", "every order"),
        (9, 10, "fail", "every order"),
        (7, 10, "fail", "orders"),
        (6.2, 20, "fail", ""),
        (3.2, 30, "warn", ""),
        (-2.5, 60, "fail", "every order"),
        (-1, 58, "ok", ""),
        (-3.2, 30, "warn", ""),
    ],
)
def test_a_clock_by_which_kraken_refuses_deadlines_is_said_with_what_comes_of_it(
    paper, kraken_is_ahead, deadline_s, verdict, refused
):
    with KrakenServer(nonce_window=10**10, clock=SkewedClock(kraken_is_ahead)) as kraken:
        kraken.engine.mark_price("XBTUSD", Decimal(60000))
        found = examined(live_on(kraken.url, paper) | {"ORDER_DEADLINE_SECONDS": str(deadline_s)})[
            "Kraken clock"
        ]
    assert found["verdict"] == verdict
    assert (f"it refuses {refused}," in found["found"]) is bool(refused)
    assert (
        "clock.off" in found["found"],
        f"ORDER_DEADLINE_SECONDS={deadline_s}" in found["found"],
    ) == (bool(refused),) * 2
    assert ("NTP" in found["advice"]) is (verdict != "ok")


def test_an_unreachable_kraken_stops_no_other_check(paper):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    found = examined(live_on(f"http://127.0.0.1:{port}", paper))
    assert verdicts(found, "pair rules") == {
        "Kraken status": "fail", "Kraken clock": "fail", "Kraken key": "fail", "alert": "fail",
    }  # fmt: skip
    assert "KRAKEN_API_URL" in found["Kraken status"]["advice"]
    assert found["pairs of ALLOWED_SYMBOLS"]["verdict"] == "ok"


@pytest.mark.parametrize(
    ("status", "verdict"),
    [("online", "ok"), ("post_only", "warn"), ("limit_only", "warn"), ("maintenance", "fail"),
        ("cancel_only", "fail"),
     ("resting", "warn")],
)  # fmt: skip
def test_the_status_of_kraken_is_judged(live, kraken, status, verdict):
    kraken.script(
        "SystemStatus", faults.raw(json.dumps({"error": [], "result": {"status": status}}).encode())
    )
    found = examined(live)["Kraken status"]
    assert found["verdict"] == verdict
    assert status in found["found"]


@pytest.mark.parametrize("endpoint", ["SystemStatus", "Time", "GetApiKeyInfo"])
@pytest.mark.parametrize(
    "fault",
    [
        faults.raw(b"<html>"),
        faults.status(520),
        faults.reset_before(),
        faults.raw(b'{"error": [], "result": {}}'),
    ],
    ids=["no JSON", "520", "reset", "empty"],
)
def test_an_answer_that_can_not_be_read_is_no_crash(live, kraken, endpoint, fault):
    kraken.script(endpoint, fault)
    found = examined(live)
    name = {"SystemStatus": "status", "Time": "clock", "GetApiKeyInfo": "key"}[endpoint]
    whole = {text: finding for text, finding in found.items() if text.startswith(f"Kraken {name}")}
    assert {finding["verdict"] for finding in whole.values()} & {"fail", "warn"}
    assert "the check itself broke" not in str(found)


# -- the key's facts -------------------------------------------------------------------------------


def key_info(kraken, **facts):
    """One answer as Kraken documents it, in camelCase."""
    whole = {
        "apiKeyName": "bridge", "apiKey": KEY, "nonce": "1", "nonceWindow": "10000000000",
        "permissions": list(NEEDED),
        "iban": "", "validUntil": "0", "queryFrom": "0", "queryTo": "0", "ipAllowlist": [], **facts,
    }  # fmt: skip
    kraken.script("GetApiKeyInfo", faults.raw(json.dumps({"error": [], "result": whole}).encode()))


def in_days(days):
    return str(int(time.time()) + days * 86400)


@pytest.mark.parametrize(
    ("facts", "name", "expected"),
    [
        ({}, "Kraken key", ("ok", "valid, named bridge")),
        ({}, "Kraken key expiry", ("ok", "never expires")),
        ({"validUntil": ""}, "Kraken key expiry", ("ok", "never expires")),
        ({"validUntil": in_days(90)}, "Kraken key expiry", ("ok", "expires on 2")),
        ({"validUntil": int(in_days(3))}, "Kraken key expiry", ("warn", "expires on 2")),
        ({"validUntil": in_days(-1)}, "Kraken key expiry", ("fail", "expired on 2")),
        ({"validUntil": "1e29"}, "Kraken key expiry", ("fail", "is no time")),
        ({"validUntil": "1e999999"}, "Kraken key expiry", ("fail", "is no time")),
        ({"validUntil": "-5"}, "Kraken key expiry", ("fail", "is no time")),
        ({"validUntil": "soon"}, "Kraken key expiry", ("fail", "is no time")),
        ({}, "Kraken key addresses", ("ok", "any address")),
        ({"ipAllowlist": ["192.0.2.1", "192.0.2.9"]}, "Kraken key addresses",
            ("ok", "only from 192.0.2.1, 192.0.2.9")),
        ({"queryTo": in_days(9)}, "Kraken key history", ("warn", "only to 2")),
        ({"queryFrom": in_days(-9)}, "Kraken key history", ("warn", "only from 2")),
        ({"permissions": None}, "Kraken key permissions", ("fail", "does not list them")),
        ({"permissions": [*NEEDED, "earn-funds"]}, "Kraken key permissions",
            ("ok", "not needed: earn-funds")),
        ({}, "Kraken nonce window", ("ok", "which is 10 s")),
        ({"nonceWindow": 0}, "Kraken nonce window", ("warn", "0: requests that overtake")),
        ({"nonceWindow": "10000"}, "Kraken nonce window", ("warn", "only 0.00001 s")),
        ({"nonceWindow": None}, "Kraken nonce window", ("warn", "does not say")),
        ({}, "Kraken nonce", ("ok", "largest")),
        ({"nonce": str(2**63)}, "Kraken nonce",
            ("fail", "9223372036854775808, which is larger than ours")),
        ({"nonce": None}, "Kraken nonce", ("warn", "does not say")),
    ],
)  # fmt: skip
def test_every_fact_of_the_key_is_judged(live, kraken, facts, name, expected):
    verdict, words = expected
    key_info(kraken, **facts)
    found = examined(live)[name]
    assert (found["verdict"], words in found["found"]) == (verdict, True), found
    assert bool(found["advice"]) == (verdict != "ok")


def test_a_key_without_query_dates_has_no_line_about_them(live):
    assert "Kraken key history" not in examined(live)


def test_the_advice_about_the_nonce_window_has_the_number(live, kraken):
    kraken.engine.key.nonce_window = 0
    found = examined(live)
    assert found["Kraken nonce window"]["verdict"] == "warn"
    assert "10000000000" in found["Kraken nonce window"]["advice"]


def test_a_key_that_was_used_with_larger_nonces_is_explained(live, kraken):
    other = KrakenClient(KEY, SECRET, kraken.url)
    session = other._private.take(Budget.start(kraken.clock, 5), 1.0)
    session._api._nonce = lambda: 2**63
    other._private.give_back(session, 1.0)
    assert other.private("GetApiKeyInfo", {}, Budget.start(kraken.clock, 5)).document["error"] == []
    found = examined(live)
    assert "EAPI:Invalid nonce" in found["Kraken key"]["found"]
    assert "make a new key" in found["Kraken key"]["advice"]


def test_a_nonce_that_the_running_function_overtook_is_no_fault(live, kraken):
    kraken.script("GetApiKeyInfo", faults.errors(["EAPI:Invalid nonce"]))
    assert examined(live)["Kraken key"]["verdict"] == "ok"
    assert len(kraken.calls_of("GetApiKeyInfo")) == 2


# -- the ledger ------------------------------------------------------------------------------------


def test_a_ledger_that_can_not_be_written_stops_no_other_check(live, tmp_path):
    (tmp_path / "file").touch()
    found = examined(live | {"LEDGER_URL": f"sqlite:///{tmp_path}/file/ledger.db"})
    assert verdicts(found) == {"ledger": "fail", "pair rules": "fail"}
    assert "LEDGER_URL" in found["ledger"]["advice"]
    assert found["alert"]["verdict"] == "ok"


def test_the_paper_book_points_to_the_ledger_that_it_lives_in(paper, tmp_path):
    (tmp_path / "file").touch()
    found = examined(paper | {"LEDGER_URL": f"sqlite:///{tmp_path}/file/ledger.db"})
    assert found["ledger"]["verdict"] == found["paper Kraken key"]["verdict"] == "fail"
    assert "ledger" in found["paper Kraken key"]["advice"]


@pytest.mark.parametrize("mode", ["paper", "live"])
@pytest.mark.parametrize("path", ["typo.db", "no/such/folder/ledger.db"])
def test_a_ledger_that_is_not_there_yet_is_a_warning_and_none_is_made(
    request, mode, path, tmp_path
):
    env = request.getfixturevalue(mode)
    for file in tmp_path.glob("ledger.db*"):
        file.unlink()
    found = examined(env | {"LEDGER_URL": f"sqlite:///{tmp_path}/{path}"})
    assert verdicts(found, "pair rules") == {"ledger": "warn"}
    assert f"There is no ledger at {tmp_path}/{path}" in found["ledger"]["found"]
    assert "right only if no alert has come yet" in found["ledger"]["advice"]
    assert found["LEDGER_URL"]["found"].startswith(f"sqlite:///{tmp_path}/{path}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["", "[trend]\ntoken = 'x'\n"])
def test_a_file_that_is_no_ledger_fails_and_is_left_alone(paper, tmp_path, text):
    (tmp_path / "other").write_text(text)
    found = examined(paper | {"LEDGER_URL": f"sqlite:///{tmp_path}/other"})
    assert verdicts(found) == {"ledger": "fail"}
    assert "that file is something else" in found["ledger"]["found"]
    assert (tmp_path / "other").read_text() == text


def test_a_ledger_in_memory_is_a_warning(paper):
    assert verdicts(examined(paper | {"LEDGER_URL": "memory://"})) == {"ledger": "warn"}


@dataclass
class TroubledStore(MemoryLedger):
    """``failures`` of the next reads, ``slow_s`` for each write, ``others``: somebody else writes
    after us, so often."""

    clock: object = None
    failures: int = 0
    slow_s: float = 0.0
    others: int = 0
    tries: int = field(default=0)

    def __post_init__(self):
        super().__init__()

    def read(self, name):
        if self.failures:
            self.failures -= 1
            raise LedgerUnavailable("not yet connected")
        stored = super().read(name)
        return stored and (
            Document("another text", stored.version) if self.tries <= self.others else stored
        )

    def write(self, name, text, before):
        self.tries += 1
        self.clock.sleep(self.slow_s)
        return super().write(name, text, before)


@pytest.mark.parametrize(
    ("trouble", "verdict", "words"),
    [
        ({}, "ok", "written in 0.0 ms"),
        ({"slow_s": 0.9}, "warn", "written in 900.0 ms"),
        ({"failures": 2}, "ok", "written in"),
        ({"failures": 9}, "fail", "not yet connected"),
        ({"others": 2}, "ok", "written in"),
        ({"others": 9}, "fail", "not what is read back"),
    ],
)
def test_the_ledger_is_written_read_back_and_timed(trouble, verdict, words):
    store = TroubledStore(**trouble)
    function = Function(env={"LEDGER_URL": "sqlite:///never.db"}, store=store)
    store.clock = function.clock
    (finding,) = guarded("ledger", lambda: check_ledger(function.application), lambda _: "advice")
    assert (finding.verdict, words in finding.found) == (verdict, True), finding


def ledger_file(env):
    return Path(env["LEDGER_URL"].removeprefix("sqlite:///"))


def test_a_ledger_that_has_gone_fails_and_the_advice_begins_a_new_one(paper):
    assert run(paper).exit_code == 0
    ledger_file(paper).unlink()
    found = examined(paper)["ledger"]
    assert (found["verdict"], "gone" in found["found"]) == ("fail", True)
    assert "python -m webhook_core doctor --new-ledger" in found["advice"]
    assert not ledger_file(paper).exists()
    begun = run(paper, "--new-ledger")
    assert (begun.exit_code, "is the ledger from now on" in begun.stdout) == (0, True)
    assert run(paper).exit_code == 0


def test_beginning_anew_shows_the_id_and_leaves_a_ledger_that_is_there_alone(paper):
    run(paper)
    first = run(paper, "--new-ledger", "--json")
    (ledger, named) = json.loads(first.stdout)["findings"]
    assert "nothing was changed" in ledger["found"]
    assert run(paper | {"LEDGER_ID": named["found"][:32]}).exit_code == 0
    assert run(paper, "--new-ledger", "--json").stdout == first.stdout


def test_an_id_of_another_ledger_fails_and_beginning_anew_says_which_to_set(paper):
    run(paper)
    other = paper | {"LEDGER_ID": "0123456789abcdef" * 2}
    assert "LEDGER_ID" in examined(other)["ledger"]["found"]
    begun = run(other, "--new-ledger", "--strict")
    assert (begun.exit_code, "set LEDGER_ID=" in begun.stdout) == (1, True)


def test_a_file_that_is_no_ledger_is_not_begun_in_and_says_what_to_do(paper):
    ledger_file(paper).write_text("my diary")
    begun = run(paper, "--new-ledger")
    assert (begun.exit_code, "move it away" in begun.stdout) == (1, True)
    assert ledger_file(paper).read_text() == "my diary"


@pytest.mark.parametrize(
    "env", [{"LEDGER_URL": "memory://"}, {"LEDGER_URL": "nonsense"}, {"LEDGER_ID": "x"}]
)
def test_there_is_nothing_to_begin_without_a_ledger_that_lasts(paper, env):
    assert run(paper | env, "--new-ledger").exit_code == 1


@pytest.mark.parametrize(
    ("ledger_id", "expected"), [("", ["LEDGER_ID", "ledger"]), ("ab" * 16, ["ledger"])]
)
def test_in_live_a_firestore_without_a_named_id_is_warned_of(ledger_id, expected):
    live = {
        "TRADING_MODE": "live", "ALLOWED_SYMBOLS": "*", "MAX_ORDER_COST": "none",
        "KRAKEN_API_KEY": KEY,
        "KRAKEN_API_SECRET": SECRET, "LEDGER_URL": "firestore://my-project-1",
        "LEDGER_ID": ledger_id,
    }  # fmt: skip
    findings = list(check_ledger(Function(env=live).application))
    assert [finding.name for finding in findings] == expected
    assert [finding.verdict for finding in findings[:-1]] == ["warn"] * (len(expected) - 1)


# -- pair rules and the alert ----------------------------------------------------------------------


def test_stale_pair_rules_are_a_warning_and_the_way_to_new_ones(live):
    found = examined(live)
    assert found["pair rules"]["verdict"] == "warn"
    assert "pairs --refresh" in found["pair rules"]["advice"]
    store_rules(live, timedelta(hours=30))
    assert "30.0 h ago" in examined(live)["pair rules"]["found"]


def test_a_document_of_pair_rules_that_can_not_be_read_counts_as_none(live):
    ledger = SqliteLedger(live["LEDGER_URL"].removeprefix("sqlite:///"))
    assert ledger.write("pair-rules", "no document", None)
    ledger.close()
    assert verdicts(examined(live)) == {"pair rules": "warn"}


def test_an_allowed_symbol_that_names_no_pair_is_named(live):
    found = examined(live | {"ALLOWED_SYMBOLS": "BTC/USD,NOPE/USD"})
    assert verdicts(found, "pair rules") == {"pairs of ALLOWED_SYMBOLS": "fail"}
    assert "'NOPE/USD' is not a known pair" in found["pairs of ALLOWED_SYMBOLS"]["found"]
    assert found["alert"]["verdict"] == "ok"


def test_no_allowed_symbol_that_names_a_pair_fails_the_alert_too(live):
    found = examined(live | {"ALLOWED_SYMBOLS": "NOPE/USD"})
    assert found["alert"]["verdict"] == "fail"
    assert "NOPE/USD" in found["alert"]["found"]


def test_the_pairs_of_a_strategy_are_checked_and_its_alert_uses_one(paper, tmp_path):
    strategy_file(tmp_path)
    found = examined(paper | {"WEBHOOK_TOKEN": "", "ALLOWED_SYMBOLS": "BTC/USD,ETH/USD"})
    assert verdicts(found) == {}
    assert found["strategies"]["found"] == "trend (strategies.toml)"
    assert found["pairs of allowed_symbols of trend"]["found"] == "SOL/USD, ETH/USD"
    # The one that both lists have.
    assert "ETH/USD, proved by strategies.toml [trend] token[0]" in found["alert"]["found"]


def test_limits_that_allow_no_order_at_all_fail_the_alert(live):
    found = examined(live | {"MAX_ORDER_COST": "1 USD"})
    assert verdicts(found, "pair rules") == {"alert": "fail"}
    assert "422 order_denied: MAX_ORDER_COST" in found["alert"]["found"]
    assert "MAX_ORDER_COST" in found["alert"]["advice"]


@pytest.mark.parametrize("secret", [SIGNING, STANDARD], ids=["X-Signature", "Standard Webhooks"])
def test_an_alert_is_signed_where_senders_sign(paper, secret):
    found = examined(paper | {"WEBHOOK_TOKEN": "", "WEBHOOK_SECRET": secret})
    assert verdicts(found) == {}
    assert "proved by WEBHOOK_SECRET[0]: 200 validated" in found["alert"]["found"]


@pytest.mark.parametrize(("mode", "warned"), [(0o600, False), (0o640, True), (0o644, True)])
def test_a_ledger_that_others_can_read_is_warned_of(paper, mode, warned):
    Path(paper["LEDGER_URL"].removeprefix("sqlite:///")).chmod(mode)
    found = examined(paper)
    assert verdicts(found) == ({"who reads the ledger": "warn"} if warned else {})


@pytest.mark.parametrize(
    ("env", "warned"), [({}, ["ALLOWED_IPS"]), ({"TRUSTED_PROXY_HOPS": "0"}, [])]
)
def test_a_list_that_nobody_vouches_for_is_warned_of(paper, env, warned):
    found = examined(paper | {"ALLOWED_IPS": "tradingview"} | env)
    assert [*verdicts(found)] == warned
    assert all(found[name]["advice"] for name in warned)


@pytest.mark.parametrize("hops", ["0", "2"])
def test_the_alert_comes_from_an_address_that_may_call(paper, hops):
    found = examined(paper | {"ALLOWED_IPS": "tradingview", "TRUSTED_PROXY_HOPS": hops})
    assert verdicts(found) == {}


def test_the_smallest_order_is_worth_the_least_cost(live, kraken):
    store_rules(live, timedelta(hours=1))
    kraken.engine.mark_price("XBTUSD", Decimal(3))
    found = examined(live)
    assert found["alert"]["verdict"] == "ok", found["alert"]
    # 0.5 USD at 3, rounded up to the lot.
    assert found["alert"]["found"].startswith("buy 0.16666667 BTC/USD")


def test_no_price_is_made_up_for_a_real_kraken(paper):
    with KrakenServer(nonce_window=10**10) as kraken:
        env = live_on(kraken.url, paper)
        assert "Kraken's ticker has none" in examined(env)["alert"]["found"]
        assert examined(env | {"MAX_ORDER_COST": "none"})["alert"]["verdict"] == "ok"


@pytest.mark.parametrize(("seconds", "verdict"), [(1.9, Verdict.OK), (2.1, Verdict.WARN)])
def test_an_answer_that_comes_too_late_for_tradingview_is_a_warning(seconds, verdict):
    validated = HttpResponse(200, json.dumps({"code": "validated", "error": None}).encode())
    assert doctor_alert._judge("an alert", validated, seconds).verdict is verdict


class Elsewhere(FakeVenue):
    """Another exchange, which can say what is wrong with it."""

    name = "Elsewhere"
    says = (Finding("status", Verdict.OK, "open"),)

    def diagnose(self, deadline_s):
        yield from self.says


class Silent(Elsewhere):
    def diagnose(self, deadline_s):
        raise VenueUnavailable("no connection")


class Broken(Elsewhere):
    def diagnose(self, deadline_s):
        raise AttributeError(TOKEN)


@pytest.mark.parametrize(
    ("venue", "mode", "finding"),
    [
        (FakeVenue, "paper", ("venue", "warn")),
        (FakeVenue, "live", ("venue", "warn")),
        (Elsewhere, "paper", ("paper Elsewhere status", "ok")),
        (Elsewhere, "live", ("Elsewhere status", "ok")),
        (Silent, "live", ("venue", "fail")),
        (Broken, "live", ("venue", "fail")),
    ],
)
def test_another_venue_says_what_it_can_and_the_rest_is_checked_all_the_same(
    live, monkeypatch, venue, mode, finding
):
    name, verdict = finding
    monkeypatch.setattr(checks.bootstrap, "open_venue", lambda *_: venue(rules=list(snapshot())))
    found = examined(live | {"TRADING_MODE": mode})
    assert found[name]["verdict"] == verdict
    assert not [other for other in found if "Kraken" in other]
    assert (found["ledger"]["verdict"], found["alert"]["verdict"]) == ("ok", "ok")
    assert TOKEN not in json.dumps(found)


def test_kraken_is_named_as_it_was(live, paper):
    assert {"Kraken status", "Kraken clock", "Kraken key"} <= set(examined(live))
    assert {"paper Kraken status", "paper Kraken clock", "paper Kraken key"} <= set(examined(paper))


def test_a_bug_in_the_doctor_itself_is_no_traceback(paper, monkeypatch):
    def broken(_settings):
        raise RuntimeError(TOKEN)

    monkeypatch.setattr(checks.bootstrap, "build", broken)
    result = run(paper)
    assert result.exit_code == 1
    assert "FAIL  everything else: the check itself broke (RuntimeError)" in result.stdout
    assert TOKEN not in result.output


def test_a_check_that_breaks_is_one_failure_without_its_text():
    def breaks():
        raise RuntimeError(TOKEN)

    (finding,) = guarded("this", breaks, str)
    assert finding.verdict is Verdict.FAIL
    assert "RuntimeError" in finding.found
    assert TOKEN not in str(finding)


def written_losses(env, age_s):
    """As if reconcile had counted them so long ago."""
    now = datetime.now(UTC)
    loss = Loss(
        now - timedelta(seconds=age_s),
        now.replace(hour=0, minute=0, second=0, microsecond=0),
        {},
        {},
        {},
    )
    ledger = SqliteLedger(env["LEDGER_URL"].removeprefix("sqlite:///"))
    ledger.write("daily-loss/paper/default", loss_figures.to_text({"": loss}), None)
    ledger.close()


@pytest.mark.parametrize(
    ("age_s", "verdict", "advice"),
    [
        (None, "warn", "POST /reconcile"),
        (150, "warn", "POST /reconcile"),
        (-60, "warn", "clock"),
        (5, "ok", ""),
    ],
    ids=["never", "old", "ahead", "fresh"],
)
def test_figures_of_a_daily_limit_that_are_not_of_now_are_a_warning(paper, age_s, verdict, advice):
    if age_s is not None:
        written_losses(paper, age_s)
    found = examined(paper | {"MAX_DAILY_LOSS": "100 USD", "DAY_BEGINS": "00:00 UTC"})
    assert found["daily loss"]["verdict"] == verdict
    assert found["alert"]["verdict"] == verdict
    assert advice in found["daily loss"]["advice"]


def test_records_that_could_not_be_written_are_a_warning(paper):
    assert "records of alerts" not in examined(paper)
    lost, now = Hourly(lost_document("paper", "default")), datetime.now(UTC)
    ledger = SqliteLedger(paper["LEDGER_URL"].removeprefix("sqlite:///"))
    for hours in (1, 2, 24 * 8):
        lost.count(now - timedelta(hours=hours))
    lost.store(ledger, now - timedelta(days=90))
    ledger.close()
    found = examined(paper)["records of alerts"]
    assert found["verdict"] == "warn"
    assert found["found"].startswith(f"The records of up to 2 alerts since {now:%Y-}")
    assert "history.not_kept" in found["advice"]


def test_a_scoped_token_is_recommended_where_there_are_plain_ones_alone(paper):
    assert "token new" in examined(paper)["tokens"]["found"]
    assert "tokens" not in examined(paper | {"WEBHOOK_TOKEN_KEYS": KEYS})
    assert "tokens" not in examined({**paper, "WEBHOOK_TOKEN": "", "WEBHOOK_SECRET": STANDARD})
