"""What reconcile saw held, and what rested, comes back as it went in; the one stands among our
orders where it was."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.documents import MemoryDocuments
from webhook_core.ledger.contract import Document
from webhook_core.planning import seen_resting
from webhook_core.planning.seen_figures import Seen, SeenFigures, of_text
from webhook_core.planning.seen_resting import AtRest, SeenResting
from webhook_core.trading.facts import RestingOrder
from webhook_core.trading.orders import Side

TIMES = st.datetimes(timezones=st.just(UTC))
TOTALS = st.decimals(0, 10**12, places=10)
SEEN = st.builds(Seen, TOTALS, TIMES)


@given(st.dictionaries(st.text(max_size=12), SEEN), TIMES)
def test_what_was_seen_is_an_entry_of_each_figure_that_is_asked_for(seen, after):
    kept = SeenFigures(MemoryDocuments(), "live", "default")
    assert kept.write(seen, None)
    assert of_text(kept.stored()) == seen
    found = kept.entries([*seen, "nothing"], None)
    shown = [(dict(one.figures), one.claimed_at, one.counted_until) for one in found]
    assert shown == [({name: one.total}, one.at, one.at) for name, one in seen.items()]
    later = kept.entries(seen, after)
    assert [one.claimed_at for one in later] == [one.at for one in seen.values() if one.at > after]


@pytest.mark.parametrize(
    "text",
    [
        *("", "null", "[]", "{", '{"XETH": 1}', '{"XETH": []}', '{"XETH": ["one", "now"]}'),
        '{"XETH": ["1", "2026-01-01T00:00:00"]}',
    ],
)
def test_a_text_that_is_none_of_ours_is_nothing(text):
    assert of_text(Document(text, "1")) == {}


NOON, MARGIN = datetime(2026, 3, 2, 12, tzinfo=UTC), timedelta(seconds=60)
PAIRS = st.sampled_from(["XBTUSD", "ETHUSD"])
RESTING = st.dictionaries(st.text(max_size=12), st.builds(AtRest, PAIRS, st.booleans(), st.none()))


def listed(resting: Mapping[str, AtRest]) -> list[RestingOrder]:
    one = Decimal(1)
    return [
        RestingOrder(name, at.pair, Side.BUY, "limit", one, 0 * one, NOON, margin=at.margin)
        for name, at in resting.items()
    ]


@given(RESTING, st.data())
def test_what_rests_is_known_for_one_margin_more_than_it_is_listed(resting, data):
    kept = SeenResting(MemoryDocuments(), "live", "default")
    assert kept.keep(listed(resting), NOON, MARGIN) == bool(resting)
    assert kept.orders() == resting
    left = {name: one for name, one in resting.items() if data.draw(st.booleans())}
    gone = resting.keys() - left.keys()
    assert kept.keep(listed(left), NOON, MARGIN) == bool(gone)
    assert {name for name, one in kept.orders().items() if one.gone_at == NOON} == gone
    assert not kept.keep(listed(left), NOON + MARGIN - timedelta.resolution, MARGIN)
    assert kept.keep(listed(left), NOON + MARGIN, MARGIN) == bool(gone)
    assert kept.orders() == left


@pytest.mark.parametrize(
    "text",
    [
        *("", "null", "[]", "{", '{"O": 1}', '{"O": []}', '{"O": [1, true, null]}'),
        *('{"O": ["ETHUSD", true, "now"]}', '{"O": ["ETHUSD", true, "2026-01-01T00:00:00"]}'),
    ],
)
def test_a_text_of_what_rests_that_is_none_of_ours_is_nothing(text):
    assert seen_resting.of_text(Document(text, "1")) == {}
