from decimal import Decimal

import pytest

from tests.support.row_by_row import row_by_row
from webhook_core.settings.strategies import read
from webhook_core.settings.strategy import Strategy

TOKEN = "token-0123456789abcdef"
NEWER = "newer-0123456789abcdef"


def table(lines, **env):
    return read(f"[trend]\n{lines}\n", "strategies.toml", env)


def test_a_whole_table_is_read():
    found = read(
        """
        [trend-btc]
        token = "env:TREND_TOKEN"
        secret = ["signing-0123456789abcdef"]
        allowed_symbols = ["BTC/USD", "ETH/USD"]
        volume = "0.01"
        max_order_cost = "200 USD,180 EUR"
        ["Mean reversion, 4h"]
        """,
        "strategies.toml",
        {"TREND_TOKEN": f"{NEWER},{TOKEN}"},
    )
    assert found.faults == ()
    assert found.strategies == {
        "trend-btc": Strategy(
            "trend-btc",
            ("BTC/USD", "ETH/USD"),
            {"USD": Decimal(200), "EUR": Decimal(180)},
            Decimal("0.01"),
        ),
        "Mean reversion, 4h": Strategy("Mean reversion, 4h"),
    }
    assert [(one.scheme, one.source, one.text, one.strategy) for one in found.secrets] == [
        ("token", "strategies.toml [trend-btc] token[0]", NEWER, "trend-btc"),
        ("token", "strategies.toml [trend-btc] token[1]", TOKEN, "trend-btc"),
        (
            "secret",
            "strategies.toml [trend-btc] secret[0]",
            "signing-0123456789abcdef",
            "trend-btc",
        ),
    ]
    assert found.variables == {"TREND_TOKEN"}


def test_no_secret_is_in_the_repr():
    assert TOKEN not in repr(table(f'token = "{TOKEN}"'))


def test_literal_texts_and_variables_may_be_mixed():
    found = table(f'token = ["env:NEW", "{TOKEN}"]', NEW=NEWER)
    assert [one.text for one in found.secrets] == [NEWER, TOKEN]


@pytest.mark.parametrize("text", ["0.1", '"0.1"', "0.10"])
def test_a_volume_is_exact_whether_quoted_or_not(text):
    assert table(f"volume = {text}").strategies["trend"].volume == Decimal("0.1")


def test_a_whole_volume_is_taken():
    assert table("volume = 3").strategies["trend"].volume == Decimal(3)


def test_a_strategy_may_have_no_limit_of_its_own():
    found = table('allowed_symbols = ["*"]\nmax_order_cost = "none"')
    assert found.strategies["trend"] == Strategy("trend")
    assert found.faults == ()


@row_by_row
@pytest.mark.parametrize(
    ("line", "place", "named"),
    [
        ("volume = 0", "volume", "above 0"),
        ("volume = -1.5", "volume", "above 0"),
        ("volume = nan", "volume", "above 0"),
        ("volume = inf", "volume", "above 0"),
        ("volume = true", "volume", "above 0"),
        ('volume = "1e3"', "volume", "'1e3'"),
        ("volume = [1]", "volume", "above 0"),
        ('allowed_symbols = "BTC/USD"', "allowed_symbols", "a list"),
        ("allowed_symbols = []", "allowed_symbols", "a list"),
        ("allowed_symbols = [1]", "allowed_symbols", "a list"),
        ('allowed_symbols = ["BTC/USD,ETH/USD"]', "allowed_symbols", "a list"),
        ('allowed_symbols = ["BTC/USD", ""]', "allowed_symbols", "blank"),
        ("max_order_cost = 200", "max_order_cost", '"200 USD"'),
        ('max_order_cost = "200"', "max_order_cost", "500 USD"),
        ("token = 5", "token", "text in quotes"),
        ("token = []", "token", "empty list"),
        ('token = ""', "token", "blank"),
        ('token = "env:"', "token", "name of a variable"),
        ('token = "env:MISSING"', "token", "MISSING, which is not set"),
        ('token = "env:EMPTY"', "token", "EMPTY, which is not set"),
        ('token = "env:HOLED"', "token", "entry 2 is blank"),
        (
            'secret = "projects/p/secrets/s"',
            "secret",
            "projects/PROJECT/secrets/SECRET/versions/VERSION",
        ),
        ("tokens = 1", "tokens", "did you mean token?"),
        ("max_cost = 1", "max_cost", "did you mean max_order_cost?"),
        (
            "leverage = 3",
            "leverage",
            "there are token, secret, allowed_symbols, volume, quantity_type, size, max_order_cost",
        ),
    ],
)
def test_a_bad_line_is_named_by_table_and_key(line, place, named):
    (fault,) = table(line, EMPTY="", HOLED=f"{TOKEN},,").faults
    assert fault.startswith(f"strategies.toml [trend] {place}: ")
    assert named in fault


def test_every_variable_that_is_missing_is_named_at_once():
    document = """
[trend]
token = ["env:FIRST", "env:SET", "env:SECOND"]
secret = "env:THIRD"
[mean]
token = ["env:", "env:FOURTH", 5]
"""
    faults = read(document, "strategies.toml", {"SET": TOKEN}).faults
    assert faults == (
        "strategies.toml [trend] token: names the variable FIRST, which is not set",
        "strategies.toml [trend] token: names the variable SECOND, which is not set",
        "strategies.toml [trend] secret: names the variable THIRD, which is not set",
        (
            'strategies.toml [mean] token: must be "env:" and the name of a variable, such as '
            '"env:TREND_TOKEN"'
        ),
        "strategies.toml [mean] token: names the variable FOURTH, which is not set",
        "strategies.toml [mean] token: must be a text in quotes or a list of them, newest first",
    )


@pytest.mark.parametrize("text", [" ", ","])
def test_a_variable_without_any_secret_in_it_is_no_proof(text):
    assert table('token = "env:BLANK"', BLANK=text).faults


def test_what_stands_outside_of_a_table_is_refused_without_its_value():
    (fault,) = read(f'token = "{TOKEN}"', "strategies.toml", {}).faults
    assert fault.startswith("strategies.toml: token stands outside of a table")
    assert TOKEN not in fault


@pytest.mark.parametrize("name", ['""', f'"{"x" * 65}"', r'"a\nb"'])
def test_a_strategys_name_is_short_and_printable(name):
    (fault,) = read(f"[{name}]", "strategies.toml", {}).faults
    assert "1 to 64 printable characters" in fault
    assert "\n" not in fault


@pytest.mark.parametrize(
    "document",
    [
        "[trend",
        f'[trend]\ntoken = "{TOKEN}',
        f"[trend]\ntoken = {TOKEN}",
        "[a]\n[a]\n",
        "a = " + "[" * 9000,
    ],
)
@pytest.mark.usefixtures("nothing_collected")
def test_broken_toml_is_one_fault_that_quotes_nothing(document):
    found = read(document, "strategies.toml", {})
    (fault,) = found.faults
    assert fault.startswith("strategies.toml: is not valid TOML")
    assert TOKEN not in fault
    assert (found.strategies, found.secrets) == ({}, ())


def test_the_named_variables_are_known_even_from_a_broken_file():
    assert read('[a]\ntoken = ["env:ONE", "env:TWO"]\noops', "strategies.toml", {}).variables == {
        "ONE",
        "TWO",
    }


# -- the size as a table of its own ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "size"),
    [
        ('volume = "0.01"', ("0.01", "base", False)),
        ('size = {volume = "0.01"}', ("0.01", "base", False)),
        ("size = {volume = 0.01, fixed = true}", ("0.01", "base", True)),
        (
            'size = {volume = 5, quantity_type = "percent_equity", fixed = false}',
            ("5", "percent_equity", False),
        ),
        (
            'size.volume = "5"\nsize.quantity_type = "quote"\nsize.fixed = true',
            ("5", "quote", True),
        ),
    ],
)
def test_a_size_may_be_a_table_and_fixed(lines, size):
    found = table(lines)
    strategy = found.strategies["trend"]
    assert found.faults == ()
    assert (strategy.volume, strategy.quantity_type, strategy.size_fixed) == (
        Decimal(size[0]),
        *size[1:],
    )


@row_by_row
@pytest.mark.parametrize(
    ("line", "place", "named"),
    [
        ("size = 5", "size", "must be a table"),
        ("size = {fixed = true}", "size.volume", "is missing"),
        ('size = {volume = 1, fixed = "true"}', "size.fixed", "true or false, without quotes"),
        ("size = {volume = 0}", "size.volume", "above 0"),
        ("size = {volume = 1, fix = true}", "size.fix", "fixed"),
        ("size = {volume = 1}\nvolume = 2", "volume", "stands beside size"),
        ('size = {volume = 101, quantity_type = "percent_balance"}', "size.volume", "is above 100"),
        ("volume = 1\nfixed = true", "fixed", "is no setting of a strategy"),
    ],
)
def test_a_bad_size_is_named_by_table_and_key(line, place, named):
    (fault,) = table(line).faults
    assert fault.startswith(f"strategies.toml [trend] {place}: ")
    assert named in fault


@pytest.mark.parametrize(
    ("line", "means"), [("", None), ('close = "own"', "own"), ('close = "all"', "all")]
)
def test_a_strategy_may_say_what_its_closes_are_about(line, means):
    found = table(line)
    assert (found.faults, found.strategies["trend"].close) == ((), means)


@pytest.mark.parametrize("value", ['"Own"', '"mine"', '""', "true", "1", '["own"]', '"own, all"'])
def test_what_is_neither_is_refused_with_both(value):
    (fault,) = table(f"close = {value}").faults
    assert fault.startswith("strategies.toml [trend] close: ")
    assert 'must be "own" (what the strategy bought) or "all"' in fault
