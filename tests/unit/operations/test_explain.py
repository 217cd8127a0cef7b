"""explain: a message tried on paper, told in sentences, with an exit status for a build."""

from __future__ import annotations

import base64
import hashlib
import json
import os

import pytest
from click.testing import CliRunner

from tests.support.dialects import EXAMPLES
from tests.support.project import ROOT
from webhook_core.events import LOGGER
from webhook_core.operations.cli import cli

TOKEN = "token-of-the-tests-0123456789abcdef"
GOOD = {
    "token": TOKEN, "fired_at": "{{timenow}}", "symbol": "{{ticker}}",
    "side": "{{strategy.order.action}}",
    "contracts": "{{strategy.order.contracts}}", "price": "{{close}}",
    "order_id": "{{strategy.order.id}}",
}  # fmt: skip
STRATEGIES = """
[trend]
token = "env:NOT_SET_HERE"
allowed_symbols = ["ETH/USD"]
volume = "0.02"
"""


@pytest.fixture(autouse=True)
def logger_as_it_was():
    before = LOGGER.level
    yield
    LOGGER.setLevel(before)


@pytest.fixture
def explain(monkeypatch, tmp_path):
    """Run in an environment of its own; ``env`` are its variables."""

    def run(message, *options: str, **env: str):
        for name in [*os.environ]:
            if name.isupper() and name not in ("PATH", "HOME", "LANG"):
                monkeypatch.delenv(name)
        monkeypatch.chdir(tmp_path)  # where no strategies.toml is
        for name, text in env.items():
            monkeypatch.setenv(name, text)
        text = message if isinstance(message, str) else json.dumps(message)
        result = CliRunner().invoke(cli, ["explain", "-", *options], input=text)
        assert result.exception is None or isinstance(result.exception, SystemExit)
        assert TOKEN not in result.output
        return result

    return run


def without(*names: str, **changes: object) -> dict[str, object]:
    return {name: value for name, value in {**GOOD, **changes}.items() if name not in names}


def test_a_good_message_is_told_as_an_entry_and_as_an_exit(explain):
    result = explain(GOOD)
    assert result.exit_code == 0
    delivered = "The answer is 200 accepted. TradingView shows it as delivered."
    assert result.output.count(delivered) == 2
    for text in (
        "== As an entry ==",
        "== As an exit ==",
        "contracts is volume: 0.01",
        "pair=XXBTZUSD, type=buy, ordertype=market, volume=0.01",
        "pair=XXBTZUSD, type=sell, ordertype=market, volume=0.01",
        "VOLUME_ZERO (kraken) holds.",
    ):
        assert text in result.output


LATER = [
    ("no fired_at", without("fired_at"), "It has no firing time"),
    ("nothing tells them apart", without("order_id", "contracts", volume="0.01"),
        "Two firings of one second"),
    ("the bar's volume", without("contracts", quantity="{{volume}}"),
        "{{volume}} is what the whole market traded"),
    ("a placeholder of nobody", without(note="{{stratgy.order.id}}"),
        "no placeholder {{stratgy.order.id}}"),
    ("without quotes", json.dumps(GOOD).replace('"{{close}}"', "{{close}}"),
        "stands without quotes"),
    ("a stop and a plain exit", without(stop_loss="2%"),
        "the stop or the take profit of the entry holds"),
    ("an id that is none", without(id="{{strategy.order.id}}"), "id is the same as the order id"),
    ("an id of a second", without(id="{{ticker}}-{{timenow}}"), "have the same id"),
    ("an id of a bar", without(id="{{ticker}}/{{time}}"), "have the same id"),
    ("an id for ever", without(id="trend-1"), "Its id has no time in it"),
    ("an order's id for ever", without(id="{{strategy.order.id}}-1"), "Its id has no time in it"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "message", "said"), LATER, ids=[row[0] for row in LATER])
def test_what_will_bite_later_is_said_and_fails_only_a_strict_run(explain, what, message, said):
    """The size is within what the paper account buys, so that nothing else is wrong."""
    rich = {"PAPER_BALANCES": "USD=10000000,BTC=100"}
    result = explain(message, **rich)
    assert (said in result.output, result.exit_code) == (True, 0), result.output
    assert explain(message, "--strict", **rich).exit_code == 1


@pytest.mark.parametrize(
    "text",
    ["{{strategy.order.id}}/{{timenow}}", "{{time}} {{strategy.order.contracts}} {{strategy.prev_m"
     "arket_position_size}}", "{{strategy.order.alert_message}}trend-7", "{{plot_0}}"],
)  # fmt: skip
def test_an_id_that_tells_firings_apart_bites_nobody(explain, text):
    result = explain(without(id=text), "--strict")
    assert "id" not in result.output.partition("bite later")[2], result.output


def test_from_which_size_on_a_cap_refuses_the_scripts_own_is_said_and_is_no_fault(explain):
    result = explain(GOOD, "--strict", MAX_ORDER_COST="1000 USD")
    assert result.exit_code == 0, result.output
    said = "above 0.01666667 it is refused: MAX_ORDER_COST is 1000 USD, at 60000."
    assert said in result.output
    assert "it is refused" not in explain(without("contracts", volume="0.01"),
        MAX_ORDER_COST="1000 USD").output  # fmt: skip


def test_a_plain_sell_is_told_what_may_stand_in_its_way_and_is_no_fault(explain):
    sell = {"fired_at": "{{timenow}}", "symbol": "BTCUSD", "side": "sell", "volume": "0.01",
            "id": "{{timenow}}{{plot_0}}"}  # fmt: skip
    result = explain(sell, "--strict")
    assert (result.exit_code, "send action close, which frees it" in result.output) == (0, True)
    for other in ({"side": "buy"}, {"order_type": "limit", "price": "70000"}):
        assert "which frees it" not in explain(sell | other).output


SWITCHES = [
    ({"action": "pause"}, 0, "No alert of strategy default trades until", "200 pausing"),
    ({"action": "pause", "scope": "all"}, 0, "No alert of every strategy trades", "200 pausing"),
    ({"action": "resume"}, 1, "RESUME_NOT_ALLOWED", "403 out_of_scope"),
]


@pytest.mark.parametrize(("message", "status", "said", "answer"), SWITCHES, ids=str)
def test_a_pause_is_told_as_what_it_is(explain, message, status, said, answer):
    result = explain({"fired_at": "{{timenow}}", "id": "p{{timenow}}{{plot_0}}", **message})
    assert (result.exit_code, said in result.output) == (status, True), result.output
    assert f"The answer is {answer}" in result.output


def test_a_file_is_read_as_standard_input_is(explain, tmp_path):
    path = tmp_path / "message.json"
    path.write_text("\ufeff" + json.dumps(GOOD), "utf-8")
    explain(GOOD)  # in its environment
    shown = CliRunner().invoke(cli, ["explain", str(path)])
    assert (shown.exit_code, "200 accepted" in shown.output) == (0, True), shown.output
    assert CliRunner().invoke(cli, ["explain", "missing.json"]).exit_code == 2


def test_a_close_frees_its_stop_and_nothing_bites(explain):
    message = {
        "fired_at": "{{timenow}}",
        "symbol": "BTCUSD",
        "action": "close",
        "id": "x-{{timenow}}-1",
    }
    result = explain(message, "--position", "0.25", "--strict")
    assert "volume=0.25" in result.output
    assert "type=sell" in result.output


CROSSTRADE = "key=k;command=CLOSEPOSITION;instrument=BTCUSD;"


@pytest.mark.parametrize(
    ("options", "says", "volume"),
    [
        ((), "", "1"),
        (("--position", "0.25"), "", "0.25"),
        (("--position", "0.25", "--strategy", "trend"), '[trend]\nclose = "own"', "0.25"),
        (("--position", "0.25", "--strategy", "trend"), '[trend]\nclose = "all"', "0.25"),
    ],
)
def test_another_tools_close_says_whose_it_sells(explain, tmp_path, options, says, volume):
    (tmp_path / "strategies.toml").write_text(says, "utf-8")
    output = explain(CROSSTRADE, *options).output
    assert f"volume={volume}" in output
    is_own = '"all"' not in says
    assert ("what this strategy bought and has not sold" in output) == is_own, output


@pytest.mark.parametrize("given", ["0", "0.0"])
@pytest.mark.parametrize("balances", [(), ("--balances", "USD=10000,BTC=2")])
def test_a_position_of_zero_is_flat(explain, given, balances):
    message = {"action": "close", "symbol": "BTC/USD", "fired_at": "{{timenow}}", "id": "x-1"}
    result = explain(message, "--position", given, *balances)
    assert result.exit_code == 0, result.output
    assert "The answer is 200 no_action" in result.output


@pytest.mark.parametrize("scope", ["strategy", "all"])
def test_a_close_of_a_scope_is_told_as_orders_of_its_own(explain, scope):
    message = {"action": "close", "scope": scope, "fired_at": "{{timenow}}", "id": "x-1"}
    result = explain(message, "--position", "0.25")
    assert result.exit_code == 0
    told = "each is closed by an order of its own: 0.25 BTC in BTC/USD of strategy default."
    assert told in result.output
    assert "The answer is 200 accepted." in result.output


REFUSED = [
    ("a field", without(sied="buy"), {}, "400 alert_malformed", "sied"),
    ("a cap", GOOD, {"MAX_ORDER_COST": "100 USD"}, "422 order_denied", "above the cap of 100 USD"),
    ("a pair", GOOD | {"symbol": "ETHUSD"}, {"ALLOWED_SYMBOLS": "BTC/USD"}, "422 order_denied",
        "ALLOWED_SYMBOLS"),
    ("no JSON", "buy now", {}, "400 alert_malformed", "not valid JSON"),
    ("another tool's syntax", "e=kraken s=btcusd b=buy q=0.01 t=market", {},
     "400 alert_malformed", "This is Autoview syntax"),
    ("a stale one", GOOD | {"fired_at": "{{time}}"}, {}, "401 alert_stale", "{{timenow}}"),
    ("another tool's short",
        {"action": "ENTER_SHORT", "instrument": "BTCUSD", "signalToken": TOKEN}, {},
     "400 alert_malformed", "trade long only"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("message", "env", "answer", "why"),
    [row[1:] for row in REFUSED],
    ids=[row[0] for row in REFUSED],
)
def test_a_refusal_is_told_with_its_reason_and_what_tradingview_does(
    explain, message, env, answer, why
):
    result = explain(message, **env)
    assert result.exit_code == 1
    assert f"! The answer is {answer}" in result.output, result.output
    assert why in result.output
    assert "does not send it again" in result.output


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.title)
def test_the_message_of_another_tool_is_told_in_our_fields(explain, example):
    result = explain(example.message.replace("YOUR-TOKEN", TOKEN), PAPER_BALANCES="USD=10000,BTC=1")
    assert "It is read as a message of " in result.output
    assert "In our own fields: {" in result.output
    assert result.exit_code == 0, result.output


def test_the_proof_is_named_and_a_strategys_own_goes_before_one_for_all(explain, tmp_path):
    path = tmp_path / "strategies.toml"
    path.write_text('[trend]\ntoken = "env:TREND_TOKEN"\n', "utf-8")
    own = explain(GOOD, STRATEGIES_FILE=str(path), TREND_TOKEN=TOKEN)
    assert "for strategy trend." in own.output
    wide = explain(GOOD, WEBHOOK_TOKEN=TOKEN)
    assert "WEBHOOK_TOKEN[0], for every strategy." in wide.output
    assert "WEBHOOK_TOKEN may trade every allowed pair" in wide.output
    unknown = explain(GOOD, WEBHOOK_TOKEN="another-" + "0" * 32)
    assert "is answered 401 unless it is one of TREND_TOKEN" in unknown.output
    assert "So proved: The answer is 200 accepted" in unknown.output
    assert unknown.exit_code == 0
    assert explain(GOOD, "--strict", WEBHOOK_TOKEN="another-" + "0" * 32).exit_code == 1


def test_what_a_comment_names_is_no_variable_and_an_address_to_tell_proves_nobody(
    explain, tmp_path
):
    text = '# "env:NAME" reads the variable NAME\n[trend]\nsecret = ["env:NEW", "env:OLD"]\n'
    text += 'notify = ["env:TOLD"]\n'
    (tmp_path / "strategies.toml").write_text(text, "utf-8")
    said = explain(GOOD, WEBHOOK_TOKEN="another-" + "0" * 32)
    assert "is answered 401 unless it is one of NEW, OLD, which" in said.output


def test_what_was_not_checked_is_said_once(explain):
    assert "PAIR_STATUS (kraken) was not checked: what Kraken said" in explain(GOOD).output


KEYED = {"WEBHOOK_TOKEN": "another-" + "0" * 32}
SIGNED = {"WEBHOOK_SECRET": "signs-" + "0" * 32}
SCOPED = {
    "WEBHOOK_TOKEN_KEYS": "k1:"
    + base64.b64encode(hashlib.sha256(b"a key of the tests").digest()).decode()
}
PLACEHOLDER = "put the value of WEBHOOK_TOKEN here"
UNPROVED = [
    ("a wrong token", GOOD, KEYED),
    ("the placeholder of the examples", GOOD | {"token": PLACEHOLDER}, KEYED),
    ("a variable that nobody replaced", GOOD | {"token": "${WEBHOOK_TOKEN}"}, KEYED),
    ("an empty token", GOOD | {"token": ""}, KEYED),
    ("no text", GOOD | {"token": 12345678901234567}, KEYED),
    ("two of them", GOOD | {"secret": "another-" + "0" * 32}, KEYED),
    ("a wrong one beside a secret that signs", GOOD, KEYED | SIGNED),
    ("a plain one where scoped ones are asked", GOOD, SCOPED),
    ("a scoped one of nobody", GOOD | {"token": "tk1.k2.x.y~z"}, SCOPED | KEYED),
    ("another tool's", {"action": "ENTER_LONG", "instrument": "BTCUSD", "signalToken": TOKEN},
        KEYED),
]  # fmt: skip


@pytest.mark.parametrize(
    ("message", "env"), [row[1:] for row in UNPROVED], ids=[row[0] for row in UNPROVED]
)
def test_a_message_that_proves_nothing_has_one_answer_and_fails(explain, message, env):
    for strict in ((), ("--strict",)):
        result = explain(message, *strict, **env)
        assert result.exit_code == 1
        assert "! The answer is 401 unauthenticated" in result.output, result.output
        assert "200" not in result.output.replace("USD=10000", "")
        assert "does not send it again" in result.output


PERHAPS = [
    ("it has no token yet", without("token"), KEYED, "401 unless a token of this environment"),
    ("nor may the URL", without("token"), SCOPED | KEYED, "401 unless a token of this environment"),
    ("it may be signed", without("token"), SIGNED | KEYED, "its sender signs it"),
    ("only signatures prove anything", GOOD, SIGNED, "its sender signs it"),
    ("its URL may prove it", without("token"), SCOPED | KEYED | {"ALLOW_TOKEN_IN_URL": "true"},
        "its URL holds a scoped token"),
    ("a secret stands elsewhere", GOOD,
        {"WEBHOOK_TOKEN": "projects/p/secrets/t/versions/latest"}, "WEBHOOK_TOKEN can't be read"),
    ("a placeholder where nothing is set", GOOD | {"token": PLACEHOLDER}, {},
        "The message proves nothing: the token is still the placeholder of the example"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("message", "env", "said"), [row[1:] for row in PERHAPS], ids=[row[0] for row in PERHAPS]
)
def test_what_may_be_proved_elsewhere_is_said_and_is_no_refusal(explain, message, env, said):
    result = explain(message, **env)
    assert (said in result.output, result.exit_code) == (True, 0), result.output
    assert "answer is 401" not in result.output


def test_what_is_wrong_behind_a_wrong_proof_is_said_too(explain):
    result = explain(GOOD | {"symbol": "ETHUSD"}, ALLOWED_SYMBOLS="BTC/USD", **KEYED)
    assert result.output.count("! The answer is 401 unauthenticated") == 2
    assert "Once that is mended: The answer is 422 order_denied" in result.output


def test_a_strategy_brings_its_pair_and_its_size_and_its_secret_is_not_needed(explain, tmp_path):
    path = tmp_path / "strategies.toml"
    path.write_text(STRATEGIES, "utf-8")
    result = explain(
        without("contracts"), "--strategy", "trend", "--price", "3000", STRATEGIES_FILE=str(path)
    )
    assert result.exit_code == 0, result.output
    assert "pair=XETHZUSD, type=buy, ordertype=market, volume=0.02" in result.output


def test_what_was_typed_wrong_is_no_traceback(explain):
    for options in (
        ("--price", "-1"),
        ("--price", "x"),
        ("--balances", "USD=x"),
        ("--price", "0"),
        ("--position", "-0.1"),
        ("--position", "x"),
    ):
        result = explain(GOOD, *options)
        assert result.exit_code in (1, 2), result.output
        assert "Error" in result.output
    assert explain("x" * 70000).exit_code == 2


@pytest.mark.parametrize("strategy", ["trend", "trand"])
def test_a_strategy_that_the_settings_lack_is_said(explain, tmp_path, strategy):
    path = tmp_path / "strategies.toml"
    path.write_text(STRATEGIES, "utf-8")
    result = explain(GOOD, "--strategy", strategy, STRATEGIES_FILE=str(path))
    said = "! strategies.toml has no strategy trand" in result.output
    assert said == (strategy == "trand"), result.output


# -- a month


HEADINGS = [
    "Trade #,Type,Signal,Date/Time,Price USD,Contracts,Profit USD",
    "Trade #,Type,Date and time,Signal,Price USD,Position size (qty),Net P&L USD",
    "Trade #,Type,Signal,Date and time,Price USD,Size (qty),Net P&L USD",
]
ROWS = [
    (1, "Exit long", "Close", "2026-02-02 10:00", "61000", "0.01"),
    (1, "Entry long", "Long", "2026-02-01 10:00", "60000", "0.01"),
    (2, "Entry long", "Long", "2026-02-03 10:00", "60000", "5"),
    (2, "Exit long", "Close", "2026-02-04 10:00", "61000", "5"),
]


def listed(tmp_path, heading: str, rows=ROWS) -> str:
    names = heading.split(",")
    at = next(names.index(name) for name in names if name.startswith("Date"))
    path = tmp_path / "trades.csv"
    lines = []
    for trade, kind, signal, time, price, size in rows:
        middle = [time, signal] if at == 2 else [signal, time]
        lines.append(",".join(map(str, [trade, kind, *middle, price, size, ""])))
    path.write_text("\ufeff" + "\n".join([heading, *lines]) + "\n", "utf-8")
    return str(path)


@pytest.mark.parametrize("heading", HEADINGS, ids=["old", "new", "newer"])
def test_a_month_is_played_and_what_would_have_been_refused_is_listed(explain, tmp_path, heading):
    result = explain(GOOD, "--month", listed(tmp_path, heading))
    assert result.exit_code == 1
    assert "2 of 4 would have been refused: 2 order_rejected." in result.output, result.output
    assert "2026-02-03 10:00:00\t2\tbuy 5\t60000\torder_rejected" in result.output


def test_a_month_tells_of_exits_that_sold_what_their_trade_never_bought(explain, tmp_path):
    rows = [(1, kind, signal, f"2026-02-0{day} 10:00", "60000", "0.9") for kind, signal, day in
            (("Entry long", "Long", 1), ("Exit long", "Close", 2))]  # fmt: skip
    result = explain(GOOD, "--month", listed(tmp_path, HEADINGS[0], rows))
    assert "The exit of trade 1 was traded though its entry was refused" in result.output
    assert "begins with 1 BTC, 10000 USD and ends with 0.1000000000 BTC" in result.output


def test_a_month_that_all_would_have_been_taken_ends_well_with_its_balances(explain, tmp_path):
    result = explain(GOOD, "--month", listed(tmp_path, HEADINGS[0], ROWS[:2]))
    assert (result.exit_code, "None of 2" in result.output) == (0, True), result.output
    # 10000 - 600 - 4.80 + 610 - 4.88
    assert "10000.3200 USD" in result.output


def test_fills_of_one_second_are_two_alerts(explain, tmp_path):
    rows = [(n, "Entry long", "Long", "2026-02-01 10:00", "60000", "0.01") for n in (1, 2)]
    result = explain(GOOD, "--month", listed(tmp_path, HEADINGS[0], rows))
    assert "1.0200000000 BTC" in result.output, result.output


def test_a_trade_that_is_still_open_has_no_exit_to_play(explain, tmp_path):
    """TradingView lists one all the same: with the signal Open, in some versions as its time."""
    for signal, at in (("Open", "2026-02-09 10:00"), ("Open", "Open"), ("", "Open")):
        still = [(7, "Exit long", signal, at, "61000", "0.01")]
        result = explain(GOOD, "--month", listed(tmp_path, HEADINGS[0], [*ROWS[:2], *still]))
        assert "None of 2" in result.output, result.output
        assert "Trade 7 is still open" in result.output


def test_a_list_with_decimal_commas_is_parted_by_semicolons(explain, tmp_path):
    path = tmp_path / "komma.csv"
    rows = [
        "1;Exit long;Zu;2026-02-02 10:00;61000,00;0,01",
        "1;Entry long;A;2026-02-01 10:00;60.000,00;0.01",
    ]
    path.write_text("\n".join([HEADINGS[0].replace(",", ";"), *rows]), "utf-8")
    result = explain(GOOD, "--month", str(path))
    assert "10000.3200 USD" in result.output, result.output


@pytest.mark.parametrize("price", ["60000", "60000.00", "60,000.00", "60.000,00", "60000,00"])
def test_a_list_that_is_parted_by_tabs_is_read_alike(explain, tmp_path, price):
    path = tmp_path / "tabs.csv"
    rows = [(*(price if cell == "60000" else cell for cell in row), "") for row in ROWS[:2]]
    assert any(price in row for row in rows)
    lines = [HEADINGS[0].replace(",", "\t"), *("\t".join(map(str, row)) for row in rows)]
    path.write_text("\n".join(lines), "utf-8")
    result = explain(GOOD, "--month", str(path))
    assert "10000.3200 USD" in result.output, result.output


@pytest.mark.parametrize(
    ("price", "size"),
    [("60000.00", "0.010"), ('"60,000"', "0.01"), ('"60,000.00"', "0.01"),
     ('"60000,00"', '"0,01"'), ('"60.000,00"', '"0,010"'), ("60 000", "0.01")],
)  # fmt: skip
def test_a_list_that_is_parted_by_commas_has_its_numbers_read_as_they_are_meant(
    explain, tmp_path, price, size
):
    rows = [(number, *cells[:-2], price if cells[-2] == "60000" else cells[-2], size)
            for number, *cells in ROWS[:2]]  # fmt: skip
    result = explain(GOOD, "--month", listed(tmp_path, HEADINGS[0], rows))
    assert "10000.3200 USD" in result.output, result.output


def test_a_trade_without_an_exit_row_is_still_open(explain, tmp_path):
    rows = [*ROWS[:2], (7, "Entry long", "Long", "2026-02-09 10:00", "60000", "0.01")]
    result = explain(GOOD, "--month", listed(tmp_path, HEADINGS[0], rows))
    assert "None of 3" in result.output, result.output
    assert "Trade 7 is still open" in result.output


@pytest.mark.parametrize(
    ("kind", "signal"),
    [("Exit long", "Margin call"), ("Margin call", ""), ("Margin call long", "Margin call"),
     ("Exit Long", "Close entry(s) order Long"), ("EXIT LONG", "Close position order")],
)  # fmt: skip
def test_a_margin_call_is_an_exit(explain, tmp_path, kind, signal):
    rows = [(1, kind, signal, *ROWS[0][3:]), ROWS[1]]
    result = explain(GOOD, "--month", listed(tmp_path, HEADINGS[0], rows))
    assert (result.exit_code, "10000.3200 USD" in result.output) == (0, True), result.output


def test_a_list_as_windows_writes_it_is_read_alike(explain, tmp_path):
    path = tmp_path / "trades.csv"
    lines = [HEADINGS[2], *(",".join([*map(str, row), ""]) for row in ROWS[:2]), ""]
    quoted = [",".join(f'"{cell}"' for cell in line.split(",")) for line in lines if line]
    path.write_bytes(("\ufeff" + "\r\n".join(quoted) + "\r\n\r\n").encode())
    result = explain(GOOD, "--month", str(path))
    assert "10000.3200 USD" in result.output, result.output


def test_shorts_of_a_list_are_told_to_have_no_order_here(explain, tmp_path):
    rows = [
        (4, "Entry short", "Short", "2026-02-01 10:00", "60000", "0.01"),
        (4, "Exit short", "Cover", "2026-02-02 10:00", "59000", "0.01"),
    ]
    message = (ROOT / "examples" / "tradingview_alert.json").read_text("utf-8")
    result = explain(message, "--month", listed(tmp_path, HEADINGS[0], rows))
    assert "2 would have been answered no_action, without an order: of trade 4." in result.output
    assert "10000.0000 USD" in result.output


def test_a_month_under_a_wrong_token_is_refused_as_a_whole(explain, tmp_path):
    result = explain(GOOD, "--month", listed(tmp_path, HEADINGS[0], ROWS[:2]), **KEYED)
    assert (result.exit_code, "All of 2 would have been refused" in result.output) == (1, True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        (f"{HEADINGS[0]}\n", "has no trade"),
        ("PK\x03\x04", "is an Excel file: export the list as CSV"),
        ("Trade-Nr.,Typ,Datum und Uhrzeit,Signal,Preis USD,Menge\n", "set to English"),
        ("a,b\n1,2\n", "has no column for trade, type, at, price, size"),
        (f"{HEADINGS[0]}\n1,Sideways,x,2026-02-01 10:00,1,1,\n", "Line 2: the type"),
        (f"{HEADINGS[0]}\n1,Entry long,x,yesterday,1,1,\n", "Line 2: the time"),
        (f"{HEADINGS[0]}\n1,Entry long,x,2026-02-01 10:00,NaN,1,\n", "Line 2: the price"),
        (f"{HEADINGS[0]}\n1,Entry long,x,2026-02-01 10:00,1,-1,\n", "Line 2: the size"),
        (f"{HEADINGS[0]}\n1\n", "Line 2: the type"),
        (f"{HEADINGS[0]}\n1,Margin call,x,2026-02-01 10:00,1,1,\n", "Line 2: the type"),
        (f"{HEADINGS[0]}\n1,Exit,x,2026-02-01 10:00,1,1,\n", "Line 2: the type"),
        (f'{HEADINGS[0]}\n1,Entry long,x,2026-02-01 10:00,"1,2,3",1,\n', "Line 2: the price"),
    ],
)
def test_a_list_that_can_not_be_read_names_the_line(explain, tmp_path, text, said):
    path = tmp_path / "trades.csv"
    path.write_text(text, "utf-8")
    result = explain(GOOD, "--month", str(path))
    assert (result.exit_code, said in result.output) == (2, True), result.output


def test_the_commands_of_the_document_name_options_that_exist():
    text = (ROOT / "webhook_core" / "operations" / "README.md").read_text("utf-8")
    shown = CliRunner().invoke(cli, ["explain", "--help"]).output
    for option in (
        "--price",
        "--position",
        "--strategy",
        "--balances",
        "--strict",
        "--month",
        "--live",
    ):
        assert option in text
        assert option in shown


def test_a_daily_loss_is_of_a_day_that_has_lost_nothing_yet_and_of_the_month_as_played(
    explain, tmp_path
):
    told = explain(GOOD, MAX_DAILY_LOSS="100 USD")
    assert (told.exit_code, "MAX_DAILY_LOSS" in told.output) == (0, True), told.output
    rows = [
        (1, "Exit long", "Close", "2026-02-01 11:00", "40000", "0.01"),
        (1, "Entry long", "Long", "2026-02-01 10:00", "60000", "0.01"),
        (2, "Entry long", "Long", "2026-02-01 12:00", "60000", "0.01"),
        (3, "Entry long", "Long", "2026-02-02 12:00", "60000", "0.01"),
    ]
    played = explain(GOOD, "--month", listed(tmp_path, HEADINGS[0], rows), MAX_DAILY_LOSS="100 USD")
    assert "1 of 4 would have been refused: 1 order_denied." in played.output, played.output
