"""What the settings make of the names of secrets, before and after they are read.

Nothing is read here.
"""

import base64

import pytest

from tests.support.memory_ledger import MemoryLedger
from tests.support.row_by_row import row_by_row
from webhook_core.bootstrap import assemble
from webhook_core.errors import NotConfigured
from webhook_core.settings.completion import Configuration
from webhook_core.settings.reading import SettingsError, read_settings
from webhook_core.settings.secret_values import SecretName, path_of, version_of

TOKEN = "token-0123456789abcdef"
OTHER = "other-0123456789abcdef"
KEY = "kraken-api-key-0123456789"
SECRET = base64.b64encode(b"s" * 64).decode()
PREFIX = "projects/my-project-1/secrets"
NAMES = [
    f"{PREFIX}/s/versions/3",
    f"{PREFIX}/s_-S/versions/latest",
    "projects/example.com:p/secrets/s/versions/1",
    "file:/s/v",
]
LIVE = {
    "TRADING_MODE": "live",
    "ALLOWED_SYMBOLS": "BTC/USD",
    "MAX_ORDER_COST": "500 USD",
    "LEDGER_URL": "firestore://p",
}
GCP = {"GCP_PROJECT_ID": "my-project-1"}
VARIABLES = [
    "WEBHOOK_TOKEN",
    "WEBHOOK_SECRET",
    "OPERATOR_TOKEN",
    "KRAKEN_API_KEY",
    "KRAKEN_API_SECRET",
]


def no_file(_path):
    return None


def settings(values=None, read_file=no_file, **env):
    return read_settings(env, read_file=read_file, values=values)


def faults(values=None, read_file=no_file, **env):
    with pytest.raises(SettingsError) as caught:
        settings(values, read_file, **env)
    return list(caught.value.faults)


def unread(read):
    return [(name.place, name.name) for name in read.unread]


@row_by_row
@pytest.mark.parametrize("variable", VARIABLES)
@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_accepted_in_the_place_of_a_value_and_is_no_value(variable, name):
    read = settings(**{variable: f" {name}\n"})
    assert unread(read) == [(variable, name)]
    assert (read.credentials, read.secret_texts) == ((), ())
    assert (read.kraken_api_key, read.kraken_api_secret, read.operator_token) == (None,) * 3


@row_by_row
@pytest.mark.parametrize("variable", VARIABLES)
@pytest.mark.parametrize(
    "name",
    [
        "projects/p/secrets/s", "projects/p/secrets/s/versions/",
        "projects/p/secrets/s/versions/newest",
        "projects/p/secrets/s/versions/1/2",
        "projects/p/locations/europe-west1/secrets/s/versions/1",
        "projects/P/secrets/s/versions/1", "projects/p/secrets/s s/versions/1", "file:secrets/key",
        "file:", "file:~/key",
    ],
)  # fmt: skip
def test_a_name_in_no_readable_form_is_refused_and_never_taken_as_the_value(variable, name):
    (fault,) = faults(**{variable: name})
    assert fault.startswith(
        f"{variable}: holds a name, but in no form that can be read; write "
        "projects/PROJECT/secrets/"
    )
    assert "file:/ABSOLUTE/PATH" in fault


@pytest.mark.parametrize(
    "text", ["/etc/looks-like-a-path", "//8=" * 6, "projects-0123456789abcdef"]
)
def test_a_plain_secret_may_begin_with_a_slash(text):
    (credential,) = settings(WEBHOOK_TOKEN=text).credentials
    assert credential.secret == text.encode()


def test_a_secret_of_kraken_that_begins_with_a_slash_is_a_value():
    secret = base64.b64encode(b"\xff" * 64).decode()
    assert secret.startswith("/")
    assert settings(KRAKEN_API_SECRET=secret).kraken_api_secret.get_secret_value() == secret


@pytest.mark.parametrize(
    ("name", "parts", "path"),
    [
        (f"{PREFIX}/s/versions/3", ("my-project-1", "s", "3"), None),
        ("file:/a/b c", None, "/a/b c"),
        ("file:///a", None, "///a"),
        ("file:/a\nb", None, None),
        ("/a", None, None),
    ],
)
def test_a_name_has_parts_or_a_path(name, parts, path):
    assert (version_of(name), path_of(name)) == (parts, path)


def test_the_values_take_the_place_of_the_names():
    env = {"WEBHOOK_TOKEN": f"{PREFIX}/t/versions/latest, {OTHER}", "OPERATOR_TOKEN": "file:/o"}
    values = {f"{PREFIX}/t/versions/latest": TOKEN, "file:/o": "operator-0123456789"}
    read = settings(values, **env)
    assert [(one.key_id, one.secret) for one in read.credentials] == [
        ("WEBHOOK_TOKEN[0]", TOKEN.encode()),
        ("WEBHOOK_TOKEN[1]", OTHER.encode()),
    ]
    assert read.operator_token.get_secret_value() == "operator-0123456789"
    assert [text.get_secret_value() for text in read.secret_texts] == [
        TOKEN,
        OTHER,
        "operator-0123456789",
    ]
    assert (read.unread, len(read.secret_names)) == ((), 2)
    assert TOKEN not in repr(read)


def test_a_value_may_be_a_list_as_the_variable_may():
    env = {"WEBHOOK_TOKEN": f"file:/t,{OTHER}"}
    read = settings({"file:/t": f"{TOKEN}, third-0123456789abc"}, **env)
    assert [one.secret.decode() for one in read.credentials] == [
        TOKEN,
        "third-0123456789abc",
        OTHER,
    ]


def test_an_entry_beside_a_name_is_checked_at_the_start_and_keeps_its_number():
    assert faults(WEBHOOK_TOKEN="file:/t,short") == [
        "WEBHOOK_TOKEN[1]: has 5 characters; at least 16 are needed."
    ]


def test_a_value_is_never_taken_for_a_name_again():
    (fault,) = faults({"file:/t": "file:/etc/passwd"}, WEBHOOK_TOKEN="file:/t")
    assert fault.startswith("WEBHOOK_TOKEN: holds a name")
    (fault,) = faults({"file:/k": f"{PREFIX}/s/versions/1"}, KRAKEN_API_KEY="file:/k")
    assert fault.startswith("KRAKEN_API_KEY: holds a name")


def test_a_strategys_secrets_may_be_names_in_the_file_and_in_its_variables():
    toml = f'[a]\ntoken = ["env:A_TOKEN", "file:/a2"]\n[b]\nsecret = "{PREFIX}/b/versions/1"\n'
    env = {"A_TOKEN": f"{PREFIX}/a/versions/1", "ENVIRONMENT": "production"}
    read = settings(read_file=lambda _: toml, **env)
    assert unread(read) == [
        ("strategies.toml [a] token", f"{PREFIX}/a/versions/1"),
        ("strategies.toml [a] token", "file:/a2"),
        ("strategies.toml [b] secret", f"{PREFIX}/b/versions/1"),
    ]
    values = {
        f"{PREFIX}/a/versions/1": TOKEN,
        "file:/a2": OTHER,
        f"{PREFIX}/b/versions/1": "signing-0123456789abc",
    }
    full = settings(values, lambda _: toml, **env)
    assert [(one.key_id, one.strategy) for one in full.credentials] == [
        ("strategies.toml [a] token[0]", "a"),
        ("strategies.toml [a] token[1]", "a"),
        ("strategies.toml [b] secret[0]", "b"),
    ]


# -- required secrets that the environment lacks ---------------------------------------------------


def implied(**env):
    return {name.place: name for name in settings(**env).unread}


def test_with_a_project_live_reads_what_it_needs_under_the_same_names():
    found = implied(**LIVE, **GCP)
    assert set(found) == {"KRAKEN_API_KEY", "KRAKEN_API_SECRET", "WEBHOOK_TOKEN", "WEBHOOK_SECRET"}
    assert {name.name for name in found.values()} == {
        f"{PREFIX}/{place}/versions/latest" for place in found
    }
    assert {place for place, name in found.items() if name.alternative} == {
        "WEBHOOK_TOKEN",
        "WEBHOOK_SECRET",
    }


@pytest.mark.parametrize(
    ("env", "wanted"),
    [
        ({}, set()),
        ({"ENVIRONMENT": "production"}, {"WEBHOOK_TOKEN", "WEBHOOK_SECRET"}),
        ({"ENVIRONMENT": "production", "WEBHOOK_SECRET": TOKEN}, set()),
        ({"ENVIRONMENT": "production", "WEBHOOK_TOKEN": "file:/t"}, {"WEBHOOK_TOKEN"}),
        ({"TRADING_MODE": "validate"}, {"KRAKEN_API_KEY", "KRAKEN_API_SECRET"}),
        ({"TRADING_MODE": "validate", "KRAKEN_API_KEY": KEY}, {"KRAKEN_API_SECRET"}),
        (
            {**LIVE, "WEBHOOK_TOKEN": TOKEN, "KRAKEN_API_KEY": KEY, "KRAKEN_API_SECRET": SECRET},
            set(),
        ),
    ],
)
def test_only_what_is_required_and_missing_is_looked_for(env, wanted):
    assert set(implied(**env, **GCP)) == wanted


def test_a_strategys_own_secret_is_proof_enough():
    toml = '[a]\ntoken = "env:A_TOKEN"\n'
    for text in (TOKEN, "file:/t"):
        found = settings(read_file=lambda _: toml, ENVIRONMENT="production", A_TOKEN=text, **GCP)
        assert {name.place for name in found.unread} <= {"strategies.toml [a] token"}


def test_only_gcp_project_id_means_that_secrets_are_looked_for():
    said = faults(**LIVE, GOOGLE_CLOUD_PROJECT="my-project-1")
    assert {fault.partition(":")[0] for fault in said} == {
        "WEBHOOK_TOKEN",
        "KRAKEN_API_KEY",
        "KRAKEN_API_SECRET",
    }


def test_a_name_for_something_else_is_no_proof_of_the_sender():
    (fault,) = faults(ENVIRONMENT="production", OPERATOR_TOKEN="file:/o")
    assert fault.startswith("WEBHOOK_TOKEN: is unset, and so is WEBHOOK_SECRET")
    assert settings(OPERATOR_TOKEN="file:/o").warnings[0].startswith("NO AUTHENTICATION")
    assert settings(WEBHOOK_TOKEN="file:/t").warnings == ()


def test_settings_with_unread_secrets_open_no_door():
    """In development a function without any credential takes everybody's orders."""
    with pytest.raises(ValueError, match="unread secrets"):
        assemble(settings(WEBHOOK_TOKEN="file:/t"), None, MemoryLedger(), None)


# -- completed -------------------------------------------------------------------------------------


class Values:
    def __init__(self, **values):
        self.values = values
        self.asked = []

    def __call__(self, names, seconds):
        self.asked.append(([name.place for name in names], seconds))
        return {name.name: self.values[name.place] for name in names}


GOOD = {
    "KRAKEN_API_KEY": KEY,
    "KRAKEN_API_SECRET": SECRET,
    "WEBHOOK_TOKEN": TOKEN,
    "WEBHOOK_SECRET": "",
}


def test_every_rule_holds_for_the_values_that_were_read():
    read = Configuration({**LIVE, **GCP}, Values(**GOOD)).completed(1.0)
    assert (read.unread, len(read.credentials), read.trading_mode) == ((), 1, "live")
    assert read.kraken_api_key.get_secret_value() == KEY


@pytest.mark.parametrize(
    ("place", "value", "named"),
    [
        ("KRAKEN_API_KEY", "two words", "KRAKEN_API_KEY: has blanks"),
        ("KRAKEN_API_SECRET", "no-base64!", "KRAKEN_API_SECRET: is not base64"),
        ("KRAKEN_API_SECRET", "a\nb", "KRAKEN_API_SECRET: has control characters"),
        ("WEBHOOK_TOKEN", "short", "WEBHOOK_TOKEN[0]: has 5 characters"),
        ("WEBHOOK_TOKEN", f"{TOKEN},,", "WEBHOOK_TOKEN: entry 2 is blank"),
        ("WEBHOOK_SECRET", TOKEN, "WEBHOOK_SECRET[0]: is the same secret as WEBHOOK_TOKEN[0]"),
        ("WEBHOOK_SECRET", "whsec_no-base64", "WEBHOOK_SECRET[0]: what follows whsec_"),
    ],
)
def test_a_value_that_breaks_a_rule_is_named_by_variable_and_secret_and_not_shown(
    place, value, named
):
    values = Values(**{**GOOD, place: value})
    configuration = Configuration({**LIVE, **GCP}, values)
    with pytest.raises(NotConfigured) as caught:
        configuration.completed(1.0)
    (fault,) = caught.value.faults
    assert fault.startswith(named)
    assert fault.endswith(f"(read from {PREFIX}/{place}/versions/latest)")
    assert value not in fault
    values.values = GOOD
    # It is read anew: a mended secret needs no restart.
    assert configuration.completed(1.0).unread == ()
    assert len(values.asked) == 2


def test_read_again_are_only_the_places_that_are_asked_for():
    values = Values(**GOOD)
    configuration = Configuration({**LIVE, **GCP}, values)
    configuration.completed(1.0)
    values.values = {"KRAKEN_API_KEY": "newer-key", "KRAKEN_API_SECRET": SECRET}
    newest = configuration.completed(0.5, ("KRAKEN_API_KEY", "KRAKEN_API_SECRET"))
    assert values.asked[1] == (["KRAKEN_API_KEY", "KRAKEN_API_SECRET"], 0.5)
    assert newest.kraken_api_key.get_secret_value() == "newer-key"
    assert newest.credentials[0].secret == TOKEN.encode()


def test_without_a_name_nothing_is_read():
    values = Values()
    configuration = Configuration({"WEBHOOK_TOKEN": TOKEN}, values)
    assert configuration.completed(1.0) is configuration.settings
    assert values.asked == []


def test_a_name_shows_no_value():
    assert (
        repr(SecretName("P", "file:/x"))
        == "SecretName(place='P', name='file:/x', alternative=False)"
    )
