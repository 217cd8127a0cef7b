"""A function that is set up wrongly does not start, and says everything that is wrong in one go."""

from __future__ import annotations

import subprocess

import pytest

from tests.support.project import ROOT
from tests.support.served_function import WAIT_S, base_environment, command, free_port


@pytest.fixture
def start(evidence, tmp_path):
    """Exit status and what was said, with these variables and no others."""

    def run(**env):
        # A strategies.toml of whoever runs the tests must not count.
        (tmp_path / "none.toml").touch()
        process = subprocess.run(
            command(free_port()), cwd=ROOT,
            env=base_environment() | {"STRATEGIES_FILE": str(tmp_path / "none.toml")} | env,
            capture_output=True, timeout=WAIT_S, check=False,
        )  # fmt: skip
        said = process.stdout + process.stderr
        evidence.note("a start that was refused", said)
        assert b"Traceback" not in said
        return process.returncode, process.stderr.decode()

    return run


def faults_of(said):
    """One line each, beginning with the variable."""
    return {line.split(":")[0].strip() for line in said.splitlines() if line.startswith("  ")}


def test_production_without_a_proof_of_the_sender_does_not_start(start):
    status, said = start(ENVIRONMENT="production")
    assert status == 1
    assert faults_of(said) == {"WEBHOOK_TOKEN"}
    assert "ENVIRONMENT=production" in said


def test_on_google_cloud_production_is_the_default(start):
    status, said = start(K_SERVICE="webhook", GOOGLE_CLOUD_PROJECT="my-project-1")
    assert status == 1
    assert faults_of(said) == {"WEBHOOK_TOKEN"}


def test_live_without_anything_names_everything_that_it_needs(start):
    status, said = start(TRADING_MODE="live")
    assert status == 1
    assert faults_of(said) == {
        "WEBHOOK_TOKEN",
        "KRAKEN_API_KEY",
        "KRAKEN_API_SECRET",
        "ALLOWED_SYMBOLS",
        "MAX_ORDER_COST",
    }


@pytest.mark.parametrize(
    "missing",
    ["KRAKEN_API_KEY", "KRAKEN_API_SECRET", "WEBHOOK_TOKEN", "ALLOWED_SYMBOLS", "MAX_ORDER_COST"],
)
def test_live_without_one_of_its_conditions_does_not_start(missing, start, evidence):
    whole = {
        "TRADING_MODE": "live", "KRAKEN_API_KEY": evidence.secrets.kraken_key,
        "KRAKEN_API_SECRET": evidence.secrets.kraken_secret,
        "WEBHOOK_TOKEN": evidence.secrets.token,
        "ALLOWED_SYMBOLS": "BTC/USD", "MAX_ORDER_COST": "500 USD",
    }  # fmt: skip
    status, said = start(**{name: text for name, text in whole.items() if name != missing})
    assert status == 1
    assert faults_of(said) == {missing}


@pytest.mark.parametrize("ledger", ["sqlite:///ledger.db", "memory://"])
def test_live_on_google_cloud_needs_a_ledger_that_outlives_the_instance(ledger, start, evidence):
    status, said = start(
        K_SERVICE="webhook", TRADING_MODE="live", KRAKEN_API_KEY=evidence.secrets.kraken_key,
        KRAKEN_API_SECRET=evidence.secrets.kraken_secret, WEBHOOK_TOKEN=evidence.secrets.token,
        ALLOWED_SYMBOLS="BTC/USD", MAX_ORDER_COST="500 USD", LEDGER_URL=ledger,
    )  # fmt: skip
    assert status == 1
    assert faults_of(said) == {"LEDGER_URL"}


def test_every_fault_is_in_one_message_and_no_secret_is_in_it(start, evidence):
    secrets = evidence.secrets
    status, said = start(
        TRADING_MODE="real",
        WEBHOOK_TOKEN=f"{secrets.token},{secrets.strategy_token}",
        WEBHOOK_SECRET=secrets.token,
        OPERATOR_TOKEN=secrets.strategy_token,
        KRAKEN_API_KEY=f"{secrets.kraken_key} {secrets.kraken_key}",
        KRAKEN_API_SECRET=f"!{secrets.kraken_secret}",
        KRAKEN_API_URL=f"https://user:{secrets.kraken_key}@api.kraken.com",
        LEDGER_URL="mysql://localhost",
        MAX_ORDER_COST="much",
        ORDER_DEADLINE_SECONDS="5",
        RATE_LIMIT_PER_MINUTE="0",
        MAX_ORDER_COSTS="1 USD",
        CORS_ORIGINS="https://app.example.com/path",
    )
    assert status == 1
    assert faults_of(said) == {
        "TRADING_MODE", "WEBHOOK_SECRET[0]", "OPERATOR_TOKEN", "KRAKEN_API_KEY",
        "KRAKEN_API_SECRET", "KRAKEN_API_URL",
        "LEDGER_URL", "MAX_ORDER_COST", "ORDER_DEADLINE_SECONDS", "RATE_LIMIT_PER_MINUTE",
        "MAX_ORDER_COSTS", "CORS_ORIGINS",
    }  # fmt: skip
    assert "did you mean MAX_ORDER_COST?" in said
    assert evidence.leaks(files=[]) == []


def test_a_strategies_file_at_fault_does_not_start_and_keeps_its_secrets(start, evidence, tmp_path):
    path = tmp_path / "strategies.toml"
    path.write_text(
        (
            f'[trend]\ntoken = "{evidence.secrets.strategy_token}"\nvolumes = "1"\n[other]\ntoken '
            "= "
            '"env:NOT_SET"\n'
        ),
        "utf-8",
    )
    status, said = start(STRATEGIES_FILE=str(path))
    assert status == 1
    assert "[trend] volumes" in said
    assert "[other] token" in said
    assert evidence.leaks(files=[]) == []
