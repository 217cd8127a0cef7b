"""Who is told, what, and how often alerts are expected: what is taken, what is refused, what is
only warned of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from apprise.manager_plugins import NotificationManager

from tests.support.row_by_row import row_by_row
from webhook_core.notify.kinds import DEFAULT, KINDS
from webhook_core.settings.expectations import expected
from webhook_core.settings.notify_values import SERVICES
from webhook_core.settings.reading import SettingsError, read_settings

URL = "tgram://123456:AAExampleOfAToken/4711"
PROOF = {"WEBHOOK_TOKEN": "token-of-the-tests-0123"}


def settings(toml=None, **env):
    return read_settings({**PROOF, **env}, read_file=lambda _: toml)


def texts(secrets):
    return [secret.get_secret_value() for secret in secrets]


@row_by_row
@pytest.mark.parametrize(
    ("given", "found"),
    [
        (URL, [URL]),
        (f" {URL} ", [URL]),
        (f"{URL},ntfy://topic", [URL, "ntfy://topic"]),
        (f"{URL} , ntfy://topic\n discord://a/b", [URL, "ntfy://topic", "discord://a/b"]),
        ("mailto://u:p@h?to=a@x,b@y ntfy://t", ["mailto://u:p@h?to=a@x,b@y", "ntfy://t"]),
        ("ntfy://t discord:/x junk", ["ntfy://t", "discord:/x", "junk"]),
        ("ntfy://t,discord:/x,", ["ntfy://t", "discord:/x"]),
        (
            "projects/p/secrets/s/versions/latest,file:/run/notify",
            ["projects/p/secrets/s/versions/latest", "file:/run/notify"],
        ),
        ("", []),
    ],
)
def test_addresses_are_parted(given, found):
    assert texts(settings(NOTIFY=given).notify) == found


@pytest.mark.parametrize(
    "text",
    [
        URL,
        "file:/run/x",
        "projects/p/secrets/s/versions/3",
        "json://127.0.0.1:1/a?b=c",
        "https://discord.com/api/webhooks/1/a",
    ],
)
def test_an_address_by_its_form_is_not_warned_of(text):
    assert settings(NOTIFY=text).warnings == ()


@row_by_row
@pytest.mark.parametrize(
    "text",
    [
        "hello",
        "tgram:/a/b",
        "://x",
        "projects/p/secrets/s",
        "file:relative",
        "tgram://é",
        "tgram://",
        "nosuch://service/x",
        "env:X",
    ],
)
def test_one_that_is_none_is_warned_of_and_never_repeated(text):
    (warning,) = settings(NOTIFY=text).warnings
    assert warning.startswith("NOTIFY[0]: ")
    assert "nobody is told there" in warning
    assert text not in warning


def test_the_services_are_those_of_the_version_that_is_installed():
    manager = NotificationManager()
    assert set(manager.schemas(include_disabled=True)) == SERVICES


def test_the_address_of_a_strategy_stands_beside_its_own_secrets():
    toml = '[trend]\nnotify = ["env:TREND_NOTIFY", "ntfy://topic-of-trend"]\n'
    found = settings(toml, TREND_NOTIFY=f"{URL},discord://a/b")
    assert texts(found.strategies["trend"].notify) == [
        URL,
        "discord://a/b",
        "ntfy://topic-of-trend",
    ]
    assert {URL, "ntfy://topic-of-trend"} <= set(found.texts_to_mask)
    assert URL not in repr(found)
    assert found.warnings == ()
    assert settings('[trend]\nnotify = "ntfy://one"\n').strategies["trend"].notify


def test_a_variable_of_a_strategy_that_is_not_set_is_warned_of():
    (warning,) = settings('[trend]\nnotify = ["env:TREND_NOTIFY"]\n').warnings
    assert warning == "[trend] notify[0]: names a variable that is not set; nobody is told there"


@pytest.mark.parametrize("value", ["5", "[]", '""', "[1]", '["ntfy://a", ""]', "{a = 1}"])
def test_what_is_no_text_in_strategies_toml_is_a_fault(value):
    with pytest.raises(SettingsError, match=r"\[trend\] notify: must be a list such as"):
        settings(f"[trend]\nnotify = {value}\n")


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("+fill", {*DEFAULT, "fill"}),
        ("-denied", {*DEFAULT} - {"denied"}),
        ("+fill, -denied,+accepted", {*DEFAULT, "fill", "accepted"} - {"denied"}),
        ("-denied,+denied", {*DEFAULT}),
        ("rejected,Stop", {"rejected", "stop"}),
        ("all", {*KINDS}),
        ("none", set()),
    ],
)
def test_what_is_told_can_be_chosen(given, found):
    assert settings(NOTIFY=URL, NOTIFY_ABOUT=given).notify_about == found


@pytest.mark.parametrize("given", ["fills", "+", "fill,-denied", "+all", "all,fill", "fill,,stop"])
def test_a_kind_that_is_none_is_a_fault(given):
    with pytest.raises(SettingsError, match="NOTIFY_ABOUT: "):
        settings(NOTIFY=URL, NOTIFY_ABOUT=given)


@pytest.mark.parametrize(
    "given", ["7", "24:00", "07:60", "07:00 Mars/City", "07:00 Berlin time", "7am", "-1:00"]
)
def test_an_hour_that_is_none_is_a_fault(given):
    with pytest.raises(SettingsError, match=r"NOTIFY_SUMMARY: .* such as 07:00"):
        settings(NOTIFY=URL, NOTIFY_SUMMARY=given)


@pytest.mark.parametrize(
    ("given", "hour"),
    [
        ("07:00", (7, 0, "UTC")),
        ("7:05", (7, 5, "UTC")),
        ("00:00", (0, 0, "UTC")),
        ("07:00 Europe/Berlin", (7, 0, "Europe/Berlin")),
        ("23:59  Asia/Kolkata", (23, 59, "Asia/Kolkata")),
    ],
)
def test_an_hour_of_the_summary_may_have_a_zone(given, hour):
    assert settings(NOTIFY=URL, NOTIFY_SUMMARY=given).notify_summary == hour


def test_what_is_told_of_one_strategy_can_be_chosen():
    found = settings('[trend]\nnotify_about = "+fill,-denied"\n').strategies["trend"]
    assert found.notify_about == "+fill,-denied"


@pytest.mark.parametrize("given", ['"fills"', '""', "5", '["fill"]', '"fill,-denied"', "true"])
def test_a_kind_that_is_none_is_a_fault_of_a_strategy_too(given):
    with pytest.raises(SettingsError, match=r"\[trend\] notify_about: "):
        settings(f"[trend]\nnotify_about = {given}\n")


@pytest.mark.parametrize(
    ("lines", "variable", "found"),
    [
        ("fill = true", None, {*DEFAULT, "fill"}),
        ("denied = false", None, {*DEFAULT} - {"denied"}),
        ("fill = true\ndenied = false\nstop = true", None, {*DEFAULT, "fill"} - {"denied"}),
        ("fill = true\nstop = false", "stop,pause", {"pause", "fill"}),
        ("fill = false", "+fill", {*DEFAULT}),
    ],
)
def test_a_section_says_what_is_told_beyond_the_variable(lines, variable, found):
    given = {} if variable is None else {"NOTIFY_ABOUT": variable}
    read = settings(f"[notify]\n{lines}\n[trend]\n", NOTIFY=URL, **given)
    assert read.notify_about == found
    assert set(read.strategies) == {"trend"}
    assert read.warnings == ()


def test_a_section_of_a_strategy_changes_what_is_told_of_it_alone():
    toml = (
        "[notify]\nfill = true\n[notify.trend]\ndenied = false\naccepted = true\n[trend]\n[swing]\n"
    )
    found = settings(toml, NOTIFY=URL)
    assert found.notify_about == {*DEFAULT, "fill"}
    assert found.strategies["trend"].notify_about == "-denied,+accepted"
    assert found.strategies["swing"].notify_about is None


def test_a_section_of_strategies_alone_leaves_the_others_as_they_are():
    found = settings("[notify.trend]\nfill = true\n[trend]\n", NOTIFY=URL)
    assert found.notify_about is None
    assert found.strategies["trend"].notify_about == "+fill"


@row_by_row
@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("[notify]\nfills = true", r"\[notify\] fills: is nothing .* did you mean fill"),
        ("[notify]\nxyz = true", r"\[notify\] xyz: is nothing that can be told; there are reje"),
        ("[notify]\nsummary = '07:00'", r"\[notify\] summary: .*NOTIFY_SUMMARY"),
        ("[notify]\nurls = ['ntfy://a']", r"\[notify\] urls: .*who is told is NOTIFY"),
        ("[notify]\nall = true", r"\[notify\] all: .* one line for each .* NOTIFY_ABOUT"),
        ("[notify]\nfill = 'yes'", r"\[notify\] fill: must be true or false"),
        ("[notify]\nfill = 1", r"\[notify\] fill: must be true or false"),
        ("[notify.trend]\nfills = true\n[trend]", r"\[notify.trend\] fills: is nothing"),
        ("[notify.trnd]\nfill = true\n[trend]", r"\[notify.trnd\]: names no .* mean trend"),
        ("[notify.other]\nfill = true", r"\[notify.other\]: names no .* write \[other\] first"),
        (
            "[notify.trend]\nfill = true\n[trend]\nnotify_about = 'fill'",
            r"\[notify.trend\]: \[trend\] has notify_about as well; leave one of both out",
        ),
        ("[notify]\nfill = true\nvolume = '1'", r"\[notify\] fill: .*no setting of a strategy be"),
    ],
)
def test_what_is_wrong_in_the_section_is_named_with_what_to_write(toml, said):
    with pytest.raises(SettingsError, match=said):
        settings(f"{toml}\n", NOTIFY=URL)


@pytest.mark.parametrize("table", ["[notify]", '[notify]\nvolume = "0.01"'])
def test_a_strategy_may_be_called_notify_as_ever(table):
    assert set(settings(f"{table}\n").strategies) == {"notify"}


def test_a_section_without_anybody_to_tell_is_warned_of_by_its_name():
    (warning,) = settings("[notify]\nfill = true\n").warnings
    assert warning == "STRATEGIES_FILE: [notify]: is set, but NOTIFY names nobody to tell"


@pytest.mark.parametrize("name", ["NOTIFY_ABOUT", "NOTIFY_SUMMARY"])
def test_what_to_tell_without_anybody_is_warned_of(name):
    given = {"NOTIFY_ABOUT": "all", "NOTIFY_SUMMARY": "07:00"}[name]
    (warning,) = settings(**{name: given}).warnings
    assert warning == f"{name}: is set, but NOTIFY names nobody to tell"


def test_a_name_like_ours_that_is_none_is_a_fault():
    with pytest.raises(SettingsError, match="did you mean NOTIFY_ABOUT"):
        settings(NOTIFY_ABUOT="all")


# -- silence ---------------------------------------------------------------------------------------

FRIDAY = datetime(2026, 11, 27, 22, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "every"),
    [
        ("26h", timedelta(hours=26)),
        ("90min", timedelta(minutes=90)),
        ("3 d", timedelta(days=3)),
        ("1H", timedelta(hours=1)),
    ],
)
def test_a_span_is_exceeded_and_not_reached(text, every):
    found = expected(text)
    assert not found.is_missed(FRIDAY, FRIDAY + every)
    assert found.is_missed(FRIDAY, FRIDAY + every + timedelta(seconds=1))


@row_by_row
@pytest.mark.parametrize(
    ("text", "last", "now", "missed"),
    [
        ("mon-fri 22:00", -24, 0.99, False),  # it may still come
        ("mon-fri 22:00", -24, 1, True),
        ("mon-fri 22:00", -0.5, 1, False),  # half an hour early
        ("mon-fri 22:00", -0.51, 1, True),
        ("mon-fri 22:00", 0.9, 1, False),
        ("mon-fri 22:00", 0, 24 * 3 + 0.9, False),  # the weekend, up to Monday
        ("mon-fri 22:00", 0, 24 * 3 + 1, True),
        ("22:00", 0, 24 + 1, True),
        ("daily 22:00 UTC", 0, 24 + 0.9, False),
        ("sat, sun 9:30", 0, 12.4, False),
        ("sat, sun 9:30", 0, 12.5, True),
        ("fri 23:00 Europe/Berlin", -1, 1, True),  # 22:00 in UTC
        ("fri 23:00 Europe/Berlin", -0.4, 1, False),
        ("fri 23:00 Europe/Berlin", 0, 24 * 7 + 1, True),
    ],
)
def test_a_moment_of_the_week_is_missed_an_hour_after_it(text, last, now, missed):
    """``last`` and ``now`` in hours since a Friday, 22:00 UTC."""
    at = [FRIDAY + timedelta(hours=hours) for hours in (last, now)]
    assert expected(text).is_missed(*at) is missed


@pytest.mark.parametrize(
    ("day", "hour"),
    [("2026-10-23", 21), ("2026-10-26", 22), ("2027-03-26", 22), ("2027-03-29", 21)],
)
def test_it_moves_with_the_clock_of_its_zone(day, hour):
    """On the week days around both changes of Berlin's clock."""
    due = datetime.fromisoformat(f"{day}T{hour}:00+00:00")
    every_day, late = expected("mon-fri 23:00 Europe/Berlin"), timedelta(hours=1)
    before = due - timedelta(hours=2)
    assert not every_day.is_missed(before, due + late - timedelta(seconds=1))
    assert every_day.is_missed(before, due + late)


@row_by_row
@pytest.mark.parametrize(
    "value",
    ["", "26", "h", "0h", "367d", "1s", "26hours", "fri", "25:00", "22:60", "fri 22:00 Nowhere/X",
     "mon-fri", "mon-fri 22", "xyz 22:00", 26, None, ["26h"], "mon 8:00 tue 9:00"],
)  # fmt: skip
def test_what_is_no_expectation_is_a_fault(value):
    with pytest.raises(ValueError, match='a span such as "26h" nor days and an hour'):
        expected(value)


def test_an_expectation_is_read_from_strategies_toml():
    found = settings('[trend]\nexpect_every = "26h"\n').strategies["trend"].expect_every
    assert found.every == timedelta(hours=26)
    with pytest.raises(SettingsError, match=r"\[trend\] expect_every: '26' is neither a span"):
        settings('[trend]\nexpect_every = "26"\n')


def test_an_address_in_a_file_that_goes_with_the_program_is_warned_of():
    toml = f'[trend]\nnotify = ["{URL}", "env:TREND_NOTIFY"]\n'
    found = settings(toml, ENVIRONMENT="production", TREND_NOTIFY="ntfy://elsewhere")
    (warning,) = found.warnings
    assert warning.startswith("STRATEGIES_FILE: [trend] notify[0] stands in a file that goes with")
    assert URL not in warning
