"""What reconcile saw held comes back as it went in, and stands among our orders where it was."""

from __future__ import annotations

from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.documents import MemoryDocuments
from webhook_core.ledger.contract import Document
from webhook_core.planning.seen_figures import Seen, SeenFigures, of_text

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
