import base64
import ipaddress
from decimal import Decimal

import pytest

from tests.support.clock import FakeClock
from tests.support.memory_ledger import MemoryLedger
from tests.support.row_by_row import row_by_row
from webhook_core.errors import NotConfigured
from webhook_core.settings.other_venue import open_other
from webhook_core.settings.reading import VARIABLES, SettingsError, read_settings

TOKEN = "token-0123456789abcdef"
OTHER = "other-0123456789abcdef"
SECRET = "signing-0123456789abcdef"
WHSEC = "whsec_" + base64.b64encode(b"k" * 32).decode()
KRAKEN = {
    "KRAKEN_API_KEY": "kraken-api-key-0123456789",
    "KRAKEN_API_SECRET": base64.b64encode(b"s" * 64).decode(),
}
LIVE = {
    "TRADING_MODE": "live",
    **KRAKEN,
    "ALLOWED_SYMBOLS": "BTC/USD",
    "MAX_ORDER_COST": "500 USD",
    "WEBHOOK_TOKEN": TOKEN,
}
CLOUD = {"K_SERVICE": "webhook", "GOOGLE_CLOUD_PROJECT": "my-project-1"}


def no_file(_path):
    return None


def settings(read_file=no_file, **env):
    return read_settings(env, read_file=read_file)


def faults(read_file=no_file, **env):
    with pytest.raises(SettingsError) as caught:
        read_settings(env, read_file=read_file)
    assert str(caught.value).splitlines()[1:] == [f"  {fault}" for fault in caught.value.faults]
    return list(caught.value.faults)


def fault(read_file=no_file, **env):
    (only,) = faults(read_file, **env)
    return only


def test_an_empty_environment_is_paper_trading_in_development():
    read = settings()
    assert (read.environment, read.trading_mode, read.ledger_url) == (
        "development",
        "paper",
        "sqlite:///.state/ledger.db",
    )
    assert (read.alert_max_age_s, read.duplicate_window_s, read.order_deadline_s) == (60, 45, 10)
    assert (read.visibility_margin_s, read.request_budget_s, read.rate_limit_per_minute) == (
        60,
        2.5,
        60,
    )
    assert read.paper_balances == {"USD": Decimal(10000), "BTC": Decimal(1)}
    assert (read.paper_maker_fee, read.paper_taker_fee, read.paper_prices) == (
        Decimal("0.40"),
        Decimal("0.80"),
        "alert",
    )
    assert (read.allowed_symbols, read.max_order_cost, read.allowed_ips, read.kraken_api_url) == (
        None,
    ) * 4
    assert (
        read.kraken_api_key,
        read.kraken_api_secret,
        read.operator_token,
        read.gcp_project_id,
    ) == (None,) * 4
    assert (read.log_level, read.cors_origins, read.trusted_proxy_hops, read.account) == (
        "INFO",
        (),
        None,
        "default",
    )
    assert (read.credentials, read.strategies, read.on_google_cloud) == ((), {}, False)


def test_an_empty_text_counts_as_unset():
    assert read_settings(dict.fromkeys(VARIABLES, ""), read_file=no_file) == settings()


@row_by_row
@pytest.mark.parametrize(
    ("variable", "text", "field", "value"),
    [
        ("TRADING_MODE", "PAPER", "trading_mode", "paper"),
        ("ENVIRONMENT", " Development\n", "environment", "development"),
        ("LOG_LEVEL", "debug", "log_level", "DEBUG"),
        ("LEDGER_URL", "memory://", "ledger_url", "memory://"),
        ("LEDGER_URL", "firestore://my-project-1", "ledger_url", "firestore://my-project-1"),
        (
            "LEDGER_ID",
            "0123456789abcdef0123456789abcdef",
            "ledger_id",
            "0123456789abcdef0123456789abcdef",
        ),
        ("GCP_PROJECT_ID", "example.com:my-project", "gcp_project_id", "example.com:my-project"),
        ("ALLOWED_SYMBOLS", "BTC/USD, AAPLx/USD", "allowed_symbols", ("BTC/USD", "AAPLx/USD")),
        ("ALLOWED_SYMBOLS", "*", "allowed_symbols", None),
        ("MAX_ORDER_COST", "500 USD", "max_order_cost", {"USD": Decimal(500)}),
        (
            "MAX_ORDER_COST",
            "500.50 usd, 450 EUR",
            "max_order_cost",
            {"USD": Decimal("500.50"), "EUR": Decimal(450)},
        ),
        ("MAX_ORDER_COST", "None", "max_order_cost", None),
        ("KRAKEN_API_URL", "https://api.example.com/", "kraken_api_url", "https://api.example.com"),
        ("KRAKEN_API_URL", "http://127.0.0.1:8090", "kraken_api_url", "http://127.0.0.1:8090"),
        ("KRAKEN_API_URL", "http://[::1]:8090", "kraken_api_url", "http://[::1]:8090"),
        ("KRAKEN_API_URL", "http://localhost:8090", "kraken_api_url", "http://localhost:8090"),
        (
            "CORS_ORIGINS",
            "https://a.example,http://localhost:3000",
            "cors_origins",
            ("https://a.example", "http://localhost:3000"),
        ),
        ("CORS_ORIGINS", "*", "cors_origins", ("*",)),
        ("ALERT_MAX_AGE_SECONDS", "120", "alert_max_age_s", 120),
        ("DUPLICATE_WINDOW_SECONDS", "30", "duplicate_window_s", 30),
        ("ORDER_DEADLINE_SECONDS", "6", "order_deadline_s", 6),
        ("ORDER_DEADLINE_SECONDS", "60", "order_deadline_s", 60),
        ("VISIBILITY_MARGIN_SECONDS", "30", "visibility_margin_s", 30),
        ("REQUEST_BUDGET_SECONDS", "1.5", "request_budget_s", 1.5),
        ("REQUEST_BUDGET_SECONDS", "300", "request_budget_s", 300.0),
        (
            "PAPER_BALANCES",
            "usd=5, AAPLx=0.25",
            "paper_balances",
            {"USD": Decimal(5), "AAPLx": Decimal("0.25")},
        ),
        ("PAPER_FEES", "0, 0.26", "paper_taker_fee", Decimal("0.26")),
        ("PAPER_PRICES", "kraken", "paper_prices", "kraken"),
        ("RATE_LIMIT_PER_MINUTE", "5", "rate_limit_per_minute", 5),
        ("TRUSTED_PROXY_HOPS", "1", "trusted_proxy_hops", 1),
        ("TRUSTED_PROXY_HOPS", "0", "trusted_proxy_hops", 0),
        ("TRUSTED_PROXY_HOPS", "None", "trusted_proxy_hops", None),
        ("ALLOWED_IPS", "203.0.113.7", "allowed_ips", (ipaddress.ip_network("203.0.113.7/32"),)),
        ("ALLOWED_IPS", "2001:db8::/32", "allowed_ips", (ipaddress.ip_network("2001:db8::/32"),)),
    ],
)
def test_a_variable_becomes_its_field(variable, text, field, value):
    read = getattr(settings(**{variable: text}), field)
    assert (read, type(read)) == (value, type(value))


def test_tradingview_names_its_four_addresses_among_others():
    read = settings(ALLOWED_IPS="tradingview,10.0.0.0/8")
    assert [str(network) for network in read.allowed_ips] == [
        "52.89.214.238/32", "34.212.75.30/32", "54.218.53.128/32", "52.32.178.7/32", "10.0.0.0/8",
    ]  # fmt: skip


@row_by_row
@pytest.mark.parametrize(
    ("variable", "text", "named"),
    [
        ("TRADING_MODE", "real", "'real' is not one of paper, validate, live"),
        ("ENVIRONMENT", "prod", "development, production"),
        ("LOG_LEVEL", "LOUD", "INFO"),
        ("LEDGER_URL", "postgres://u:hunter2@host/db", "sqlite:///"),
        ("LEDGER_ID", "main", "doctor --new-ledger"),
        ("LEDGER_ID", "0123456789ABCDEF0123456789ABCDEF", "small letters"),
        ("LEDGER_ID", "01234567-89ab-cdef-0123-456789abcdef", "32 digits"),
        ("LEDGER_ID", "0123456789abcdef0123456789abcdef0", "32 digits"),
        ("LEDGER_ID", "\uff10123456789abcdef0123456789abcdef"[:32], "32 digits"),
        ("GCP_PROJECT_ID", "My Project", "my-project-1"),
        ("ALLOWED_SYMBOLS", " ", "entry 1 is blank"),
        ("ALLOWED_SYMBOLS", "BTC/USD,,ETH/USD", "entry 2 is blank"),
        ("ALLOWED_SYMBOLS", "*,BTC/USD", "stands alone"),
        ("ALLOWED_SYMBOLS", "BTC USD", "'BTC USD' is not a pair"),
        ("MAX_ORDER_COST", "500", "500 USD"),
        ("MAX_ORDER_COST", "0 USD", "none"),
        ("MAX_ORDER_COST", "-5 USD", "'-5 USD'"),
        ("MAX_ORDER_COST", "1e3 USD", "'1e3 USD'"),
        ("MAX_ORDER_COST", "NaN USD", "'NaN USD'"),
        ("MAX_ORDER_COST", "1,000 USD", "'1' is not an amount"),
        ("MAX_ORDER_COST", "500 USD,400 usd", "USD is limited twice"),
        ("MAX_ORDER_COST", "500 USD,none", "'none' is not an amount"),
        ("KRAKEN_API_URL", "http://api.kraken.com", "must begin with https://"),
        ("KRAKEN_API_URL", "http://127.0.0.1.example.com", "must begin with https://"),
        ("KRAKEN_API_URL", "ftp://127.0.0.1", "must begin with https://"),
        ("KRAKEN_API_URL", "https://user:hunter2@api.kraken.com", "credentials"),
        ("KRAKEN_API_URL", "https://api.kraken.com/0/private", "without path"),
        ("KRAKEN_API_URL", "api.kraken.com", "base URI"),
        ("KRAKEN_API_URL", "https://api.kraken.com:99999", "base URI"),
        ("KRAKEN_API_URL", "https://[::1", "base URI"),
        ("CORS_ORIGINS", "app.example.com", "https://app.example.com"),
        ("CORS_ORIGINS", "https://app.example.com/", "without a path"),
        ("ALERT_MAX_AGE_SECONDS", "0", "1 to 3600"),
        ("ALERT_MAX_AGE_SECONDS", "60.5", "whole number"),
        ("DUPLICATE_WINDOW_SECONDS", "20", "four sends of one alert"),
        ("ORDER_DEADLINE_SECONDS", "5", "6 to 60"),
        ("ORDER_DEADLINE_SECONDS", "61", "6 to 60"),
        ("VISIBILITY_MARGIN_SECONDS", "29", "30 to 3600"),
        ("REQUEST_BUDGET_SECONDS", "0.5", "1.5 to 300"),
        ("REQUEST_BUDGET_SECONDS", "inf", "'inf'"),
        ("REQUEST_BUDGET_SECONDS", "301", "1.5 to 300"),
        ("PAPER_BALANCES", "USD:100", "USD=10000"),
        ("PAPER_BALANCES", "USD=-1", "USD=10000"),
        ("PAPER_BALANCES", "USD=1,usd=2", "USD is given twice"),
        ("PAPER_FEES", "0.4", "maker and taker"),
        ("PAPER_FEES", "0.4,80", "10 at most"),
        ("PAPER_PRICES", "random", "alert, kraken"),
        ("RATE_LIMIT_PER_MINUTE", "0", "1 to"),
        ("TRUSTED_PROXY_HOPS", "-1", "0 to"),
        ("TRUSTED_PROXY_HOPS", "one", "nor none"),
        ("ALLOWED_IPS", "example.com", "'example.com' is not an address"),
        ("ALLOWED_IPS", "10.0.0.1/8", "'10.0.0.1/8'"),
        ("STRATEGIES_FILE", "my.toml", "there is no file 'my.toml'"),
        ("STRATEGIES_FILE", " ", "is blank"),
        ("OPERATOR_TOKEN", "short", "16 characters"),
        ("KRAKEN_API_KEY", "two words", "has blanks"),
        ("KRAKEN_API_SECRET", "not-base64!", "base64"),
        ("KRAKEN_API_SECRET", "ÄÖÜÄÖÜ==", "base64"),
    ],
)  # fmt: skip
def test_a_bad_value_is_refused_by_the_name_of_its_variable(variable, text, named):
    said = fault(**{variable: text})
    assert said.startswith(f"{variable}: ")
    assert named in said
    assert "hunter2" not in said
    assert "\n" not in said


@row_by_row
@pytest.mark.parametrize("variable", ["WEBHOOK_TOKEN", "WEBHOOK_SECRET"])
@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("tooshort", "16"),
        (" ", "entry 1 is blank"),
        (f"{TOKEN},", "entry 2 is blank"),
        (f"{TOKEN}\nx", "control characters"),
    ],
)
def test_a_bad_webhook_secret_is_refused_without_being_shown(variable, text, named):
    said = fault(**{variable: text})
    assert said.startswith(variable)
    assert named in said
    assert "tooshort" not in said
    assert TOKEN not in said


def test_the_lists_of_secrets_keep_their_order_and_each_has_a_scheme():
    read = settings(WEBHOOK_SECRET=f"{SECRET}, {WHSEC}", WEBHOOK_TOKEN=f"{TOKEN},{OTHER}\n")
    assert [(one.key_id, str(one.scheme)) for one in read.credentials] == [
        ("WEBHOOK_TOKEN[0]", "token"),
        ("WEBHOOK_TOKEN[1]", "token"),
        ("WEBHOOK_SECRET[0]", "x-signature"),
        ("WEBHOOK_SECRET[1]", "standard-webhooks"),
    ]
    assert [one.secret for one in read.credentials] == [
        TOKEN.encode(),
        OTHER.encode(),
        SECRET.encode(),
        b"k" * 32,
    ]


@pytest.mark.parametrize(
    ("first", "second", "env"),
    [
        (
            "WEBHOOK_TOKEN[0]",
            "WEBHOOK_SECRET[0]",
            {"WEBHOOK_TOKEN": TOKEN, "WEBHOOK_SECRET": TOKEN},
        ),
        (
            "WEBHOOK_TOKEN[0]",
            "WEBHOOK_SECRET[0]",
            {"WEBHOOK_TOKEN": WHSEC, "WEBHOOK_SECRET": WHSEC},
        ),
        (
            "WEBHOOK_TOKEN[0]",
            "WEBHOOK_SECRET[0]",
            {"WEBHOOK_TOKEN": WHSEC.removeprefix("whsec_"), "WEBHOOK_SECRET": WHSEC},
        ),
        ("WEBHOOK_SECRET[0]", "WEBHOOK_SECRET[1]", {"WEBHOOK_SECRET": f"{'k' * 32},{WHSEC}"}),
        ("WEBHOOK_TOKEN[0]", "WEBHOOK_TOKEN[1]", {"WEBHOOK_TOKEN": f"{TOKEN},{TOKEN}"}),
        ("WEBHOOK_TOKEN[0]", "OPERATOR_TOKEN", {"WEBHOOK_TOKEN": TOKEN, "OPERATOR_TOKEN": TOKEN}),
        ("WEBHOOK_TOKEN[0]", "KRAKEN_API_KEY", {"WEBHOOK_TOKEN": TOKEN, "KRAKEN_API_KEY": TOKEN}),
    ],
)
def test_one_secret_never_has_two_purposes(first, second, env):
    assert fault(**env) == f"{second}: is the same secret as {first}; each needs one of its own"


@pytest.mark.parametrize(
    ("env", "why"),
    [
        ({"ENVIRONMENT": "production"}, "ENVIRONMENT=production"),
        (CLOUD, "ENVIRONMENT=production"),
        ({**LIVE, "WEBHOOK_TOKEN": ""}, "TRADING_MODE=live"),
        ({**LIVE, **CLOUD, "WEBHOOK_TOKEN": ""}, "ENVIRONMENT=production and TRADING_MODE=live"),
    ],
)
def test_production_and_live_refuse_to_start_without_proof_of_the_sender(env, why):
    said = fault(**env)
    assert said.startswith("WEBHOOK_TOKEN: is unset, and so is WEBHOOK_SECRET")
    assert why in said


@pytest.mark.parametrize("proof", [{"WEBHOOK_TOKEN": TOKEN}, {"WEBHOOK_SECRET": SECRET}])
def test_one_kind_of_proof_is_enough(proof):
    assert settings(ENVIRONMENT="production", **proof).warnings == ()


def test_development_without_proof_says_so_loudly():
    (warning,) = settings().warnings
    assert warning.startswith("NO AUTHENTICATION")
    assert "WEBHOOK_TOKEN" in warning
    assert settings(WEBHOOK_TOKEN=TOKEN).warnings == ()


@pytest.mark.parametrize(
    "missing", ["KRAKEN_API_KEY", "KRAKEN_API_SECRET", "ALLOWED_SYMBOLS", "MAX_ORDER_COST"]
)
def test_live_refuses_to_start_without(missing):
    said = fault(**{**LIVE, missing: ""})
    assert said.startswith(f"{missing}: is unset; TRADING_MODE=live needs it")


def test_live_takes_an_explicit_word_for_no_limit():
    read = settings(**{**LIVE, "ALLOWED_SYMBOLS": "*", "MAX_ORDER_COST": "none"})
    assert (read.allowed_symbols, read.max_order_cost) == (None, None)


@pytest.mark.parametrize("missing", ["KRAKEN_API_KEY", "KRAKEN_API_SECRET"])
def test_validate_needs_keys_and_no_limits(missing):
    assert settings(TRADING_MODE="validate", **KRAKEN).trading_mode == "validate"
    assert fault(**{"TRADING_MODE": "validate", **KRAKEN, missing: ""}).startswith(
        f"{missing}: is unset"
    )


@pytest.mark.parametrize(
    "url", ["sqlite:////var/lib/ledger.db", "SQLite:///ledger.db", "memory://", "MEMORY://"]
)
def test_live_on_google_cloud_refuses_a_ledger_that_dies_with_the_instance(url):
    assert fault(**LIVE, **CLOUD, LEDGER_URL=url).startswith(
        "LEDGER_URL: this ledger dies with the instance"
    )
    (warning,) = settings(**{**LIVE, **CLOUD, "LEDGER_URL": url, "TRADING_MODE": "paper"}).warnings
    assert warning.startswith("LEDGER_URL: this ledger dies with the instance")


def test_live_in_memory_elsewhere_starts_with_a_warning():
    (warning,) = settings(**LIVE, LEDGER_URL="memory://").warnings
    assert warning.startswith("LEDGER_URL: memory:// forgets everything")


def test_a_ledger_in_memory_has_no_id_to_be_named_by():
    named = {"LEDGER_URL": "memory://", "LEDGER_ID": "0123456789abcdef" * 2}
    assert fault(**named).startswith(
        "LEDGER_ID: LEDGER_URL=memory:// is a new ledger at each start"
    )


def test_google_cloud_means_production_and_firestore():
    read = settings(**LIVE, **CLOUD)
    assert (read.on_google_cloud, read.environment) == (True, "production")
    assert (read.ledger_url, read.gcp_project_id) == ("firestore://my-project-1", "my-project-1")


@pytest.mark.parametrize(
    ("env", "ledger"),
    [
        ({"GOOGLE_CLOUD_PROJECT": "theirs"}, "firestore://theirs"),
        ({"GOOGLE_CLOUD_PROJECT": "theirs", "GCP_PROJECT_ID": "ours"}, "firestore://ours"),
        ({"LEDGER_URL": "firestore://third"}, "firestore://third"),
    ],
)
def test_the_project_is_found_where_google_puts_it(env, ledger):
    assert settings(K_SERVICE="webhook", WEBHOOK_TOKEN=TOKEN, **env).ledger_url == ledger


def test_google_cloud_without_a_project_has_no_ledger_and_says_so():
    assert fault(K_SERVICE="webhook", WEBHOOK_TOKEN=TOKEN).startswith(
        "LEDGER_URL: is unset and so is GCP_PROJECT_ID"
    )


@row_by_row
@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("WEBHOOK_TOKENS", "WEBHOOK_TOKEN"),
        ("WEBHOOK_SECRETS", "WEBHOOK_SECRET"),
        ("ALLOWED_SYMBOL", "ALLOWED_SYMBOLS"),
        ("KRAKEN_KEY", "KRAKEN_API_KEY"),
        ("MAX_ORDER_COSTS", "MAX_ORDER_COST"),
        ("MAX_ORDER", "MAX_ORDER_COST"),
        ("ALERT_MAX_AGE", "ALERT_MAX_AGE_SECONDS"),
        ("PAPER_BALANCE", "PAPER_BALANCES"),
        ("ORDER_DEADLINE", "ORDER_DEADLINE_SECONDS"),
        ("TRADING_MODUS", "TRADING_MODE"),
        ("LEDGER_URI", "LEDGER_URL"),
        ("STRATEGY_FILE", "STRATEGIES_FILE"),
        ("OPERATOR_TOKENS", "OPERATOR_TOKEN"),
        ("REQUEST_BUDGET", "REQUEST_BUDGET_SECONDS"),
        ("Webhook_Tokens", "WEBHOOK_TOKEN"),
    ],
)
def test_a_near_miss_stops_the_start_and_names_what_was_meant(name, meant):
    said = fault(**{name: "hunter2hunter2hunter2"})
    assert said == f"{name}: is no variable of this program; did you mean {meant}?"


def test_a_variable_in_small_letters_is_not_ignored():
    assert (
        fault(max_order_cost="500 USD") == "max_order_cost: is written in capitals: MAX_ORDER_COST"
    )


def test_what_others_put_into_the_environment_is_their_own():
    assert settings(
        PATH="/bin",
        PORT="8080",
        K_REVISION="1",
        FUNCTION_TARGET="webhook",
        ORDERLY="1",
        WEBHOOK_TOKENS="",
    ).warnings


def test_every_fault_is_in_the_one_message():
    said = faults(
        read_file={"strategies.toml": "[a]\nvolumes = 1\nmax_order_cost = 5\n"}.get,
        **CLOUD,
        TRADING_MODE="live",
        ENVIRONMENT="staging",
        ALLOWED_SYMBOLS="BTC/USD,",
        KRAKEN_API_SECRET="%%%",
        LEDGER_URL="memory://",
        WEBHOOK_TOKENS=TOKEN,
        ORDER_DEADLINE_SECONDS="1",
        OPERATOR_TOKEN="short",
        WEBHOOK_SECRET="weak",
    )
    assert sorted(line.partition(":")[0] for line in said) == sorted(
        [
            "ENVIRONMENT",
            "ALLOWED_SYMBOLS",
            "KRAKEN_API_SECRET",
            "KRAKEN_API_KEY",
            "LEDGER_URL",
            "WEBHOOK_TOKENS",
            "ORDER_DEADLINE_SECONDS",
            "OPERATOR_TOKEN",
            "WEBHOOK_SECRET[0]",
            "MAX_ORDER_COST",
            "strategies.toml [a] volumes",
            "strategies.toml [a] max_order_cost",
        ]
    )


def test_no_secret_is_in_a_message():
    sensitive = {
        "WEBHOOK_TOKEN": f"{TOKEN},{TOKEN},weaktoken",
        "WEBHOOK_SECRET": f"whsec_{OTHER},weaksecret",
        "OPERATOR_TOKEN": "weakoperator",
        "KRAKEN_API_KEY": "weak key",
        "KRAKEN_API_SECRET": "weak!kraken",
        "WEBHOOK_TOKENS": "misplaced-0123456789",
    }
    toml = (
        'secret = "loose"\n[a]\ntoken = ["lessweak", 5]\nsecret = "env:not a '
        'name"\n[b]\ntoken = "brief"\n'
    )
    said = "\n".join(
        faults(read_file={"strategies.toml": toml}.get, TRADING_MODE="live", **sensitive)
    )
    for text in (TOKEN, OTHER, "weak", "loose", "misplaced", "brief", "not a name"):
        assert text not in said


def test_no_secret_is_in_the_repr():
    toml = f'[a]\ntoken = "{OTHER}"\n'
    read = settings(
        read_file={"strategies.toml": toml}.get,
        **{**LIVE, "WEBHOOK_SECRET": f"{SECRET},{WHSEC}", "OPERATOR_TOKEN": "operator-0123456789"},
    )
    shown = f"{read!r} {read} {read.credentials} {read.strategies}"
    texts = [TOKEN, OTHER, SECRET, WHSEC, "operator-0123456789", *KRAKEN.values()]
    for text in [*texts, WHSEC.removeprefix("whsec_"), "kkkk"]:
        assert text not in shown
    assert sorted(secret.get_secret_value() for secret in read.secret_texts) == sorted(texts)
    assert read.kraken_api_secret.get_secret_value() == KRAKEN["KRAKEN_API_SECRET"]


def test_a_strategys_limits_stand_beside_the_global_ones():
    toml = (
        '[trend]\nallowed_symbols = ["ETH/USD"]\nmax_order_cost = "200 USD"\nvolume = '
        '"0.5"\n[free]\n'
    )
    read = settings(
        read_file={"strategies.toml": toml}.get,
        ALLOWED_SYMBOLS="BTC/USD,ETH/USD",
        MAX_ORDER_COST="500 USD",
    )
    trend = read.rules_for("trend")
    assert trend.allow_lists == (("BTC/USD", "ETH/USD"), ("ETH/USD",))
    assert trend.caps == ({"USD": Decimal(500)}, {"USD": Decimal(200)})
    assert trend.volume == Decimal("0.5")
    for name in ("free", "never-heard-of"):
        rules = read.rules_for(name)
        assert (rules.allow_lists, rules.caps, rules.volume) == (
            (("BTC/USD", "ETH/USD"),),
            ({"USD": Decimal(500)},),
            None,
        )
    assert settings().rules_for("default").allow_lists == ()


def test_the_fees_of_an_estimate_are_those_of_the_paper_account_else_krakens_first_tier():
    first_tier = (Decimal("0.40"), Decimal("0.80"))
    assert settings().rules_for("default").fees == first_tier
    assert settings(PAPER_FEES="0.25,0.5").rules_for("default").fees == (
        Decimal("0.25"),
        Decimal("0.5"),
    )
    real = settings(TRADING_MODE="validate", PAPER_FEES="0.25,0.5", **KRAKEN)
    assert real.rules_for("default").fees == first_tier


def test_a_strategys_own_token_is_proof_enough_for_production():
    toml = '[trend]\ntoken = "env:TREND_TOKEN"\n'
    read = settings(
        read_file={"strategies.toml": toml}.get, ENVIRONMENT="production", TREND_TOKEN=TOKEN
    )
    (credential,) = read.credentials
    assert (credential.key_id, credential.strategy) == ("strategies.toml [trend] token[0]", "trend")


def test_a_variable_that_the_file_names_is_no_near_miss():
    toml = '[trend]\ntoken = "env:WEBHOOK_TOKEN_TREND"\n'
    assert settings(read_file={"strategies.toml": toml}.get, WEBHOOK_TOKEN_TREND=TOKEN).credentials
    broken = toml + "oops\n"
    assert fault(read_file={"strategies.toml": broken}.get, WEBHOOK_TOKEN_TREND=TOKEN).startswith(
        "strategies.toml: is not valid TOML (at line"
    )


def test_the_files_secrets_count_among_those_with_one_purpose():
    toml = f'[a]\ntoken = "{TOKEN}"\n[b]\ntoken = "{TOKEN}"\n'
    assert fault(read_file={"strategies.toml": toml}.get) == (
        "strategies.toml [b] token[0]: is the same secret as strategies.toml [a] token[0]; each "
        "needs one of its own"
    )


def test_a_file_that_cannot_be_read_is_a_fault(tmp_path):
    (tmp_path / "latin.toml").write_bytes(b'[a]\nname = "\xe9"')
    for path, cause in (
        (tmp_path, "IsADirectoryError"),
        (tmp_path / "latin.toml", "UnicodeDecodeError"),
    ):
        with pytest.raises(SettingsError, match=cause):
            read_settings({"STRATEGIES_FILE": str(path)})


def test_the_file_is_read_from_the_disk(tmp_path, monkeypatch):
    (tmp_path / "strategies.toml").write_text("\ufeff[trend]\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    assert list(read_settings({}).strategies) == ["trend"]
    assert list(
        read_settings({"STRATEGIES_FILE": str(tmp_path / "strategies.toml")}).strategies
    ) == ["trend"]
    with pytest.raises(SettingsError, match=r"there is no file 'other\.toml'"):
        read_settings({"STRATEGIES_FILE": "other.toml"})


@row_by_row
@pytest.mark.parametrize(
    ("where", "hops", "counts", "warns"),
    [
        ({}, "", None, True),
        ({}, "none", None, True),
        ({}, "0", 0, False),
        ({}, "2", 2, False),
        (CLOUD, "", 0, False),
        (CLOUD, "0", 0, False),
        (CLOUD, "1", 1, False),
        (CLOUD, "none", None, True),
    ],
)
def test_who_vouches_for_an_address_and_a_list_without_anybody_is_warned_of(
    where, hops, counts, warns
):
    env = {**where, "WEBHOOK_TOKEN": TOKEN, "TRUSTED_PROXY_HOPS": hops}
    assert settings(**env).trusted_proxy_hops == counts
    assert settings(**env).warnings == ()
    found = settings(**env, ALLOWED_IPS="tradingview").warnings
    assert [text.partition(":")[0] for text in found] == ["ALLOWED_IPS"] * warns


OTHER_VENUE = "tests.second_venue.venue:open_quay"


@pytest.mark.parametrize("text", ["kraken", "Kraken", " KRAKEN "])
def test_the_venue_is_kraken_unless_another_is_named(text):
    assert settings(VENUE=text).venue is settings().venue is None
    assert settings(VENUE=text).account == "default"


def test_another_venue_needs_no_key_of_krakens_and_has_an_account_of_its_own():
    env = {name: text for name, text in LIVE.items() if name not in KRAKEN}
    read = settings(**env, VENUE=OTHER_VENUE, KRAKEN_ACCOUNT="main")
    assert (str(read.venue), read.account) == (OTHER_VENUE, f"main@{OTHER_VENUE}")
    assert settings(**env, VENUE=OTHER_VENUE, GCP_PROJECT_ID="my-project-1").secret_names == ()
    assert {one.partition(":")[0] for one in faults(**env)} == set(KRAKEN)


@row_by_row
@pytest.mark.parametrize(
    "text",
    [
        "krakn", "bitstamp", "tests.second_venue.venue", "tests.second_venue.venue:", ":open_quay",
        "tests/second_venue/venue.py:open_quay", "tests.second_venue.venue:open_quay:x", "a b:c",
        "tests..venue:open_quay", "os.system(1):y", "1a.b:c", "tests.second_venue.venue:open-it",
    ],
)  # fmt: skip
def test_what_names_no_function_is_refused(text):
    said = fault(VENUE=text)
    assert said.startswith("VENUE: ")
    assert "is neither kraken nor the function that opens another venue" in said


@pytest.mark.parametrize(
    "text", ["no_such_package:f", "tests.no_such:f", "tests.second_venue.venue.x:f", "json.x:f"]
)
def test_a_module_that_is_not_there_is_refused_at_the_start(text):
    assert fault(VENUE=text).startswith(f"VENUE: there is no module {text.partition(':')[0]};")


@pytest.mark.parametrize(
    ("function", "said"),
    [
        ("no_such", "tests.second_venue.venue has no function no_such"),
        ("READ_S", "tests.second_venue.venue has no function READ_S"),
        ("open_quay", "tests.second_venue.venue:open_quay failed (KeyError)"),
        ("QuayVenue", "tests.second_venue.venue:QuayVenue failed (TypeError)"),
    ],
)
def test_a_venue_that_does_not_open_says_so_and_shows_no_value(monkeypatch, function, said):
    monkeypatch.delenv("QUAY_KEY", raising=False)
    read = settings(VENUE=f"tests.second_venue.venue:{function}")
    with pytest.raises(NotConfigured) as refused:
        open_other(read, MemoryLedger(), FakeClock(), read.venue, lambda _: None)
    assert refused.value.faults == (f"VENUE: {said}",)
