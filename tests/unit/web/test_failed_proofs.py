"""Failed proofs are counted by address, in bounded memory, and told in few lines."""

from __future__ import annotations

from webhook_core.web import failed_proofs
from webhook_core.web.failed_proofs import FailedProofs


def test_more_than_the_limit_within_a_minute_is_too_many():
    failed = FailedProofs(3)
    said = [failed.another("a", now) for now in (0, 1, 2, 3, 59.9, 64)]
    assert [each.too_many for each in said] == [False, False, False, True, True, False]


def test_what_comes_too_often_is_told_once_a_minute_with_how_many_there_were():
    failed = FailedProofs(2)
    told = [
        (second, one.to_tell)
        for second in range(200)
        if (one := failed.another("a", second)).to_tell
    ]
    assert told == [(2, 1), (62, 60), (122, 60), (182, 60)]


def test_one_address_slows_no_other():
    failed = FailedProofs(1)
    assert [failed.another(address, 0).too_many for address in "aabb"] == [False, True, False, True]


def test_no_number_of_addresses_and_no_limit_makes_the_table_grow(monkeypatch):
    monkeypatch.setattr(failed_proofs, "MOST_ADDRESSES", 64)
    monkeypatch.setattr(failed_proofs, "MOST_TIMES", 4096)
    for each in (10, 100):
        failed = FailedProofs(100_000)
        for number in range(3 * 64):
            for _ in range(each):
                failed.another(f"2001:db8:{number:x}::/64", 0)
        assert failed.addresses <= 64
        assert failed.times <= 4096
    many = FailedProofs(100_000)
    for number in range(2 * 4096):
        many.another("one", number / 10_000)
    assert many.times <= 4096
