"""Many instances, one key: four processes of four threads each send 400 different alerts
through one Kraken key."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.matrix.one_key import deliver, kraken

PROCESSES, THREADS, ALERTS = 4, 4, 400
IDS = [f"key-{number}" for number in range(ALERTS)]
SHARES = [IDS[first::PROCESSES] for first in range(PROCESSES)]


@pytest.fixture
def ledger(tmp_path):
    return str(tmp_path / "ledger.db")


def test_with_the_advised_nonce_window_every_alert_is_one_order(ledger):
    with kraken(nonce_window=10**10) as venue:
        answers = deliver(venue.url, ledger, SHARES, THREADS)
        orders = venue.orders()
        assert Counter(answer["code"] for answer in answers.values()) == {"accepted": ALERTS}
        assert sorted(answer["order_id"] for answer in answers.values()) == sorted(
            order["txid"] for order in orders
        )
        assert (
            len({order["cl_ord_id"] for order in orders})
            == len(orders)
            == venue.add_orders()
            == ALERTS
        )


def test_without_a_window_no_alert_is_two_orders_and_redeliveries_bring_in_the_rest(ledger):
    with kraken(nonce_window=0) as venue:
        first = deliver(venue.url, ledger, SHARES, THREADS)
        codes = Counter(answer["code"] for answer in first.values())
        assert codes.keys() == {"accepted", "not_sent"}, (
            f"{codes}: one of them alone proves nothing"
        )
        assert len(venue.orders()) == codes["accepted"]

        rest = [alert_id for alert_id, answer in first.items() if answer["code"] == "not_sent"]
        again = deliver(venue.url, ledger, [rest], threads=1)
        assert {answer["code"] for answer in again.values()} == {"accepted"}

        said = sorted(answer["order_id"] for answer in (first | again).values())
        assert said == sorted(order["txid"] for order in venue.orders())
        assert len(said) == ALERTS
