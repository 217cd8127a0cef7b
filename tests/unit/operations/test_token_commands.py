"""token new, narrow, show, check and revoke."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from tests.support.scoped_tokens import KEYS, OLD_KEY, narrowed, scoped
from webhook_core.operations.cli import cli

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MAKE = [
    "new", "--strategy", "trend-btc", "--pairs", "BTC/USD", "--sides", "buy", "--actions",
    "order,close", "--types",
    "market", "--max-cost", "200 USD", "--orders-per-day", "20", "--from", "tradingview",
    "--expires", "2027-03-31",
]  # fmt: skip


@pytest.fixture
def run(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("webhook_core.operations.commands.token._now", lambda: NOW)

    def invoke(*arguments, keys=KEYS, typed=None, **env):
        named = {"WEBHOOK_TOKEN_KEYS": keys, "REVOKED_TOKENS": "", **env}
        return CliRunner().invoke(cli, ["token", *arguments], env=named, input=typed)

    return invoke


def made(result):
    assert result.exit_code == 0, result.output
    return result.stdout.strip()


def test_new_prints_a_token_that_check_takes_and_show_reads(run):
    token = made(run(*MAKE))
    head, *caveats, signature = token.split("~")
    assert head.startswith("tk1.k2.")
    assert head.endswith(".trend-btc")
    assert (
        "~".join(caveats) == "p=BTC/USD~x=order,close~s=buy~o=market~c=200USD~n=20~i=tv~e=20270331"
    )
    assert len(signature) == 43
    checked = run("check", token)
    assert checked.exit_code == 0
    for said in (
        "trend-btc",
        "2027-03-31",
        "order, close",
        "BTC/USD",
        "200 USD",
        "20",
        "52.89.214.238",
    ):
        assert said in checked.stdout
        assert said in run("show", token, keys="").stdout
    assert token not in checked.output


@pytest.mark.parametrize(
    ("pairs", "unknown"),
    [
        ("BTC/USD,ETH/EUR", []),
        ("XBTUSD,SUI/USD", []),  # a packaged one, and one of the records
        ("BTC/UDS", ["BTC/UDS"]),
        ("BTC/USD,BITCOIN/USD,NOPE/EUR", ["BITCOIN/USD", "NOPE/EUR"]),
    ],
)
def test_a_pair_that_nobody_knows_is_warned_of(run, pairs, unknown):
    result = run("new", "--strategy", "s", "--expires", "2027-03-31", "--pairs", pairs)
    assert made(result).startswith("tk1.")
    warned = [line for line in result.stderr.splitlines() if line.startswith("Warning")]
    assert len(warned) == len(unknown)
    for pair, line in zip(unknown, warned, strict=True):
        assert f"has {pair}:" in line


def test_no_two_tokens_share_an_id(run):
    assert made(run(*MAKE)) != made(run(*MAKE))


def test_narrow_needs_no_key_and_reads_standard_input(run):
    token = made(run(*MAKE))
    child = made(run("narrow", token, "--actions", "close", keys=""))
    assert child == narrowed(token, "x=close")
    assert child == made(run("narrow", "-", "--actions", "close", keys="", typed=f"{token}\n"))
    assert run("check", child).exit_code == 0
    assert "actions\tclose\n" in run("check", child).stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Say what to take away"),
        (["--actions", "read"], "contradict"),
        (["--actions", "close,read"], "does not allow read"),
        (["--sides", "sell"], "contradict"),
        (["--pairs", "ETH/USD"], "contradict"),
        (["--expires", "2029-01-01"], "a year at most"),
        (["--pairs", ",".join(f"A{n}/USD" for n in range(20))], "200 characters"),
    ],
)
def test_what_would_not_narrow_is_refused(run, arguments, said):
    result = run("narrow", made(run(*MAKE)), *arguments)
    assert result.exit_code == 2
    assert said in result.output


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--strategy", "trend btc", "strategy"),
        ("--strategy", "", "strategy"),
        ("--expires", "2026-11-21", "must be from"),
        ("--expires", "2028-01-01", "a year at most"),
        ("--expires", "soon", "no day"),
        ("--actions", "buy", "there is no action 'buy'"),
        ("--sides", "long", "not known"),
        ("--types", "spot", "not known"),
        ("--max-cost", "200", "not known"),
        ("--max-cost", "200 USD,300 USD", "twice"),
        ("--orders-per-day", "0", "from 1 to 9999"),
        ("--pairs", "BTC USD", "caveat"),
        ("--from", "example.com", "not known"),
        ("--key", "k9", "no key of that id"),
    ],
)
def test_an_option_that_says_nothing_is_refused(run, option, value, said):
    result = run(*MAKE, option, value)
    assert result.exit_code == 2
    assert said in result.output
    assert "Traceback" not in result.output


def test_the_strategy_has_to_be_one_of_the_file(run, tmp_path):
    (tmp_path / "strategies.toml").write_text("[trend]\n")
    result = run(*MAKE)
    assert result.exit_code == 2
    assert "it has trend" in result.output


def test_without_keys_new_and_check_say_how_to_make_one(run):
    result = run(*MAKE, keys="")
    assert result.exit_code == 1
    assert "openssl rand -base64 32" in result.output
    assert run("check", scoped(), keys="").exit_code == 1


@pytest.mark.parametrize(
    ("token", "env", "said"),
    [
        (scoped(key=OLD_KEY), {}, "was not signed"),
        (scoped(), {"REVOKED_TOKENS": "a7f3"}, "REVOKED_TOKENS"),
        (scoped("e=20261121"), {}, "has expired"),
        (scoped("z=1"), {}, "unknown caveat"),
        ("nonsense", {}, "no scoped token"),
    ],
)
def test_check_says_why_a_token_is_not_taken(run, token, env, said):
    result = run("check", token, **env)
    assert result.exit_code == 1
    assert said in result.output


def test_revoke_says_what_to_set_and_keeps_what_is_revoked(run):
    assert run("revoke", scoped(), keys="").stdout == "REVOKED_TOKENS=a7f3\n"
    assert (
        run("revoke", "a7f3", REVOKED_TOKENS="b2,b1,a7f3").stdout == "REVOKED_TOKENS=a7f3,b1,b2\n"
    )
    assert run("revoke", "tk1.nothing").exit_code == 2
