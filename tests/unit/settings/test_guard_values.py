"""The limits that few strategies have, as variables and as lines of strategies.toml."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.row_by_row import row_by_row
from webhook_core.settings.reading import SettingsError, read_settings
from webhook_core.settings.strategies import read
from webhook_core.trading.rules import Guards

D = Decimal


def settings(**env):
    return read_settings({"WEBHOOK_TOKEN": "t" * 24, "LEDGER_URL": "memory://", **env})


def of_file(*lines):
    return read("\n".join(["[careful]", *lines]), "s.toml", {})


def test_each_may_be_a_variable_or_a_line():
    env = {"PRICE_COLLAR": "2%", "MAX_SPREAD": "0.5 %", "MAX_ALERT_COST": "900 USD"}
    found = settings(**env, TRADING_HOURS="Mon-Fri 08:00-17:00 Europe/Berlin").guards
    assert found[:2] == (D(2), D("0.5"))
    assert found.max_alert_cost == {"USD": D(900)}
    lines = [f'{name.lower()} = "{value}"' for name, value in env.items()]
    hours = 'trading_hours = ["Mon-Fri 08:00-17:00 Europe/Berlin"]'
    file = of_file(*lines, hours)
    assert file.faults == ()
    assert file.strategies["careful"].guards == found


def test_without_any_there_are_none():
    assert settings().guards is None
    assert settings(MAX_ALERT_COST="none").guards is None
    assert of_file('volume = "1"').strategies["careful"].guards is None
    assert settings().rules_for("careful").has_guards is False


def test_a_strategys_own_stand_beside_the_global_ones():
    made = settings(PRICE_COLLAR="2%", EXITS_IGNORE_LIMITS="false").rules_for("careful")
    assert [owner.guards for owner in made.limits] == [Guards(price_collar=D(2)), None]
    assert made.exits_ignore_limits is False


@row_by_row
@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("price_collar", "2", "is not a percentage such as 2%"),
        ("price_collar", "0%", "must be above 0%"),
        ("price_collar", "-1%", "is not a percentage such as 2%"),
        ("price_collar", "101%", "100% at most"),
        ("max_spread", "half", "is not a percentage such as 2%"),
        ("max_spread", "1e1%", "is not a percentage such as 2%"),
        ("max_spread", "NaN%", "is not a percentage such as 2%"),
        ("max_alert_cost", "500", "is not an amount with its currency"),
        ("trading_hours", "Mon-Fri 08:00-17:00", "names no zone"),
        ("trading_hours", "08:00-17:00 Mars/Olympus", "is no time zone"),
    ],
)
def test_a_bad_value_says_what_to_write(name, value, says):
    with pytest.raises(SettingsError) as raised:
        settings(**{name.upper(): value})
    (fault,) = raised.value.faults
    assert fault.startswith(f"{name.upper()}: ")
    assert says in fault
    (fault,) = of_file(f'{name} = "{value}"').faults
    assert fault.startswith(f"s.toml [careful] {name}: ")
    assert says in fault


@row_by_row
@pytest.mark.parametrize("name", ["price_collar", "max_spread", "max_alert_cost", "trading_hours"])
@pytest.mark.parametrize("value", ["2", "true", "[]", '""', "{a = 1}", "[1]"])
def test_a_line_of_another_kind_says_what_to_write(name, value):
    (fault,) = of_file(f"{name} = {value}").faults
    assert fault.startswith(f"s.toml [careful] {name}: must be a text such as ")


def test_a_misspelt_name_is_refused_with_the_right_one():
    with pytest.raises(SettingsError) as raised:
        settings(PRICE_COLAR="2%")
    assert raised.value.faults[0].endswith("; did you mean PRICE_COLLAR?")
    (fault,) = of_file('price_colar = "2%"').faults
    assert "did you mean price_collar?" in fault
