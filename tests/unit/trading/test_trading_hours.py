"""When entries are taken: days and hours on the wall clock of a zone."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.row_by_row import row_by_row
from webhook_core.trading.trading_hours import check, is_open, parse

BERLIN = "Mon-Fri 08:00-17:00 Europe/Berlin"


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@row_by_row
@pytest.mark.parametrize(
    ("hours", "now", "open_"),
    [
        (BERLIN, "2026-11-27T07:00", True),  # a Friday, 08:00 in winter
        (BERLIN, "2026-11-27T06:59:59", False),
        (BERLIN, "2026-11-27T15:59:59", True),
        (BERLIN, "2026-11-27T16:00", False),
        (BERLIN, "2026-11-28T10:00", False),  # a Saturday
        (BERLIN, "2026-07-03T06:00", True),  # 08:00 in summer
        (BERLIN, "2026-07-03T05:59", False),
        (BERLIN, "2026-07-03T15:00", False),
        ("Sun-Thu 22:00-06:00 UTC", "2026-11-29T22:00", True),  # a Sunday
        ("Sun-Thu 22:00-06:00 UTC", "2026-11-30T05:59", True),
        ("Sun-Thu 22:00-06:00 UTC", "2026-11-30T06:00", False),
        ("Sun-Thu 22:00-06:00 UTC", "2026-11-27T05:59", True),  # of Thursday
        ("Sun-Thu 22:00-06:00 UTC", "2026-11-28T05:59", False),  # Friday has none
        ("Sun-Thu 22:00-06:00 UTC", "2026-11-29T05:59", False),
        ("22:00-00:00 UTC", "2026-11-27T23:59", True),
        ("22:00-00:00 UTC", "2026-11-28T00:00", False),
        ("00:00-24:00 UTC", "2026-11-28T23:59:59", True),
        ("daily 09:00-10:00 12:00-13:00 UTC", "2026-11-28T12:30", True),
        ("daily 09:00-10:00, 12:00-13:00 UTC", "2026-11-28T11:30", False),
        ("Mon,Wed 08:00-12:00, Fri 08:00-10:00 UTC", "2026-11-25T11:00", True),
        ("Mon,Wed 08:00-12:00, Fri 08:00-10:00 UTC", "2026-11-26T09:00", False),
        ("Mon,Wed 08:00-12:00, Fri 08:00-10:00 UTC", "2026-11-27T11:00", False),
        ("Fri-Mon 08:00-09:00 UTC", "2026-11-29T08:30", True),
        ("Fri-Mon 08:00-09:00 UTC", "2026-11-25T08:30", False),
        ("monday - friday 8:00 - 9:00 America/New_York", "2026-11-27T13:30", True),
        ("Mon 09:00-10:00 Asia/Tokyo; Mon 09:00-10:00 UTC", "2026-11-30T00:30", True),
        ("Mon 09:00-10:00 Asia/Tokyo; Mon 09:00-10:00 UTC", "2026-11-30T09:30", True),
        ("Mon 09:00-10:00 Asia/Tokyo; Mon 09:00-10:00 UTC", "2026-11-30T05:30", False),
        ("Mon 08:00-09:00 America/Port-au-Prince", "2026-11-30T13:30", True),
        # the night in which the clocks of Berlin go back has two hours from 02:00
        # on, the other none
        ("Sun 02:00-03:00 Europe/Berlin", "2026-10-25T00:30", True),
        ("Sun 02:00-03:00 Europe/Berlin", "2026-10-25T01:30", True),
        ("Sun 02:00-03:00 Europe/Berlin", "2026-10-25T02:30", False),
        ("Sun 02:00-03:00 Europe/Berlin", "2026-03-29T01:30", False),
        ("Sat 22:00-04:00 Europe/Berlin", "2026-03-29T01:59", True),
        ("Sat 22:00-04:00 Europe/Berlin", "2026-03-29T02:00", False),
    ],
)
def test_the_wall_clock_of_the_zone_decides(hours, now, open_):
    assert is_open(parse(hours), at(now)) is open_


@row_by_row
@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Mon-Fri 08:00-17:00", "names no zone behind"),
        ("Mon-Fri Europe/Berlin", "has days without hours"),
        ("Mon-Fri 08:00-17:00 Sat Europe/Berlin", "has days without hours"),
        ("Europe/Berlin", "has days without hours"),
        ("08:00-08:00 UTC", "write 00:00-24:00 for the whole day"),
        ("08:00-25:00 UTC", "are no hours of a day"),
        ("08:60-09:00 UTC", "are no hours of a day"),
        ("Mon-Fri 8-17 UTC", "'8-17' is neither days nor hours"),
        ("Mo-Fr 08:00-17:00 UTC", "'Mo-Fr' is neither days nor hours"),
        ("Mon-Fri 08:00-17:00 Europe/Berlln", "did you mean Europe/Berlin?"),
        ("Mon-Fri 08:00-17:00 ../etc/passwd", "is no time zone"),
        ("Mon-Fri 08:00-17:00 UTC;", "has a blank entry"),
        ("", "has a blank entry"),
    ],
)
def test_what_is_not_understood_says_what_to_write(text, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        parse(text)


def test_a_secret_in_the_wrong_place_is_not_shown():
    for text in ("Mon {} UTC", "Mon 08:00-09:00 {}", "{}"):
        with pytest.raises(ValueError, match="a word of 25 characters") as raised:
            parse(text.format("s3cret-of-the-trader-0123"))
        assert "s3cret" not in str(raised.value)


def test_a_denial_says_when_entries_are_taken_and_what_time_it_is():
    denied = check(parse(BERLIN), at("2026-11-28T10:00"))
    assert denied.passed is False
    assert denied.message == (
        f"TRADING_HOURS: entries are taken {BERLIN}, and it is Sat 11:00 Europe/Berlin; exits pass"
    )
    assert denied.numbers == {"hours": BERLIN, "now": "2026-11-28T10:00:00Z"}


@given(
    now=st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    begins=st.integers(0, 1439),
    ends=st.integers(0, 1439),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"]),
)
def test_a_daily_window_and_the_one_that_it_leaves_share_every_moment(now, begins, ends, zone):
    if begins == ends:
        return
    first, second = (f"{m // 60:02}:{m % 60:02}" for m in (begins, ends))
    one, other = parse(f"{first}-{second} {zone}"), parse(f"{second}-{first} {zone}")
    assert is_open(one, now) is not is_open(other, now)
    local = now.astimezone(ZoneInfo(zone))
    minute = local.hour * 60 + local.minute
    inside = begins <= minute < ends if begins < ends else minute >= begins or minute < ends
    assert is_open(one, now) is inside
