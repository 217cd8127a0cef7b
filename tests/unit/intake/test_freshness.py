"""When an alert was fired, and from when on it is too late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from tests.support.intake import NOW, verified
from tests.support.row_by_row import row_by_row
from webhook_core.errors import AlertMalformed, AlertStale
from webhook_core.intake.freshness import check_freshness

FIRED = datetime(2026, 2, 18, 14, 30, 1, tzinfo=UTC)
SECONDS = int(FIRED.timestamp())


@row_by_row
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-02-18T14:30:01Z", FIRED),
        ("2026-02-18T14:30:01.5Z", FIRED + timedelta(microseconds=500_000)),
        ("2026-02-18T14:30:01.123456789Z", FIRED + timedelta(microseconds=123_456)),
        ("2026-02-18T15:30:01+01:00", FIRED),
        ("2026-02-18T09:00:01-05:30", FIRED),
        (str(SECONDS), FIRED),
        (SECONDS, FIRED),
        (f"{SECONDS}.25", FIRED + timedelta(microseconds=250_000)),
        (SECONDS + 0.25, FIRED + timedelta(microseconds=250_000)),
        (f"{SECONDS}123", FIRED + timedelta(milliseconds=123)),
        (SECONDS * 1000 + 123, FIRED + timedelta(milliseconds=123)),
    ],
)
def test_a_firing_time_is_read_as_aware_utc(text, expected):
    read = check_freshness(verified({"fired_at": text}), NOW, 60)
    assert read == expected
    assert read.tzinfo == UTC


@row_by_row
@pytest.mark.parametrize(
    "value",
    [
        "2026-02-18",
        "20260218T143001Z",
        "2026-W08-3",
        "2026-02-18T14:30:01",
        "2026-02-18 14:30:01Z",
        "2026-2-8T4:3:1Z",
        "2026-02-18T14:30:01Z\n",
        " 2026-02-18T14:30:01Z",
        "2026-02-18T14:30:01z",
        "2026-02-18T14:30Z",
        "2026-13-01T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "2026-02-18T24:30:01Z",
        "2026-02-18T14:30:60Z",
        "2026-02-18T14:30:01+99:99",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "0000-01-01T00:00:00Z",
        "\uff12\uff10\uff12\uff16-02-18T14:30:01Z",
        "17",
        "177142500",
        "17714250011",
        "\uff11\uff17\uff17\uff11\uff14\uff12\uff15\uff10\uff10\uff11",
        "²" * 10,
        "1_771_425_0",
        "+1771425001",
        "-177142500",
        "1.771425001e9",
        "nan",
        "NaN",
        "Infinity",
        "1e400",
        "now",
        "{{timenow}}",
        "{{timenov}}",
        17,
        -1,
        1.5,
        True,
        False,
        [],
        {"a": 1},
    ],
)
def test_a_firing_time_that_cannot_be_read_is_400_on_fired_at(value):
    with pytest.raises(AlertMalformed) as caught:
        check_freshness(verified({"timenow": value}), NOW, 60)
    assert caught.value.field == "fired_at"
    assert "timenow" in caught.value.message
    assert caught.value.__context__ is None


@pytest.mark.parametrize("age_s", [-5, -4.9, 0, 59, 60])
def test_an_alert_within_its_age_is_fresh(age_s):
    assert check_freshness(
        verified({"fired_at": (NOW - timedelta(seconds=age_s)).isoformat()}), NOW, 60
    )


@pytest.mark.parametrize("age_s", [60.001, 61, 3605, 86400 * 400])
def test_an_older_alert_is_stale_and_told_what_to_send(age_s):
    fired_at = (NOW - timedelta(seconds=age_s)).isoformat()
    with pytest.raises(AlertStale) as caught:
        check_freshness(verified({"time": fired_at}), NOW, 60)
    assert (caught.value.status, caught.value.code, caught.value.field) == (
        401,
        "alert_stale",
        "fired_at",
    )
    assert f"fired {age_s:.1f} s ago" in caught.value.message
    assert "send {{timenow}}; {{time}} is the bar's opening" in caught.value.message


@pytest.mark.parametrize("hours", [-1, 1])
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("time", "fired_at (sent as 'time')"),
        ("timestamp", "fired_at (sent as 'timestamp')"),
        ("timenow", "fired_at (sent as 'timenow')"),
        ("fired_at", "fired_at"),
        ("firedAt", "fired_at"),
    ],
)
def test_a_stale_alert_is_told_which_of_its_fields_says_so(name, said, hours):
    fired_at = (NOW + timedelta(hours=hours)).isoformat()
    with pytest.raises(AlertStale) as caught:
        check_freshness(verified({name: fired_at}), NOW, 60)
    assert caught.value.message.startswith(f"By {said} the alert ")


@pytest.mark.parametrize(
    ("max_age_s", "ahead_s"), [(60, 5.1), (60, 60), (60, 3600), (600, 6), (1, 2)]
)
def test_an_alert_from_the_future_is_stale(max_age_s, ahead_s):
    fired_at = (NOW + timedelta(seconds=ahead_s)).isoformat()
    with pytest.raises(AlertStale, match=f"{ahead_s:.1f} s from now"):
        check_freshness(verified({"fired_at": fired_at}), NOW, max_age_s)


@pytest.mark.parametrize(
    "fields",
    [{}, {"fired_at": ""}, {"timenow": None, "time": " "}, {"bar_time": "2020-01-01T00:00:00Z"}],
)
def test_a_body_without_a_firing_time_has_none(fields):
    assert check_freshness(verified(fields), NOW, 60) is None


FRESH, OLD = "2026-02-18T14:30:01Z", "2026-02-17T00:00:00Z"


@pytest.mark.parametrize(
    "fields",
    [
        {"time": OLD, "timenow": FRESH},
        {"time": OLD, "timestamp": FRESH},
        {"time": OLD, "timestamp": OLD, "timenow": FRESH},
        {"time": OLD, "timestamp": OLD, "timenow": OLD, "fired_at": FRESH},
        {"time": OLD, "timestamp": OLD, "timenow": OLD, "Fired-At": FRESH},
        {"timenow": "", "fired_at": None, "time": FRESH},
        {"time": "{{time}}", "firedAt": FRESH},
    ],
)
def test_the_best_firing_time_counts_and_the_others_are_context(fields):
    assert check_freshness(verified(fields), NOW, 60) == FIRED


def test_any_zone_of_our_own_clock_is_fine():
    assert (
        check_freshness(
            verified({"fired_at": FRESH}), NOW.astimezone(timezone(timedelta(hours=9))), 60
        )
        == FIRED
    )
