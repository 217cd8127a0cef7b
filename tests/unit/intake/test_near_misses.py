"""The search for a slip of the pen: what it finds, and how little it costs for a thousand names."""

from __future__ import annotations

import difflib
import json
import random

from hypothesis import given
from hypothesis import strategies as st

from tests.support.faked_function import Function
from webhook_core.intake import misspelt, words
from webhook_core.intake.field_names import CANONICAL

IDLE = (misspelt._MERE_TEXT, misspelt._IDLE_IN_AN_ORDER)
SLIPS = st.builds(
    lambda name, at, letters,
    cut: name[: at % (len(name) + 1)] + letters + name[at % (len(name) + 1) + cut :],
    st.sampled_from([*CANONICAL]), st.integers(0, 30), st.text("abeioprstyé1", max_size=4),
    st.integers(0, 4),
)  # fmt: skip


def among_all(key, idle):
    """Every name of ours looked at closely."""
    ours = {
        alias: name for alias, (name, _) in CANONICAL.items() if len(alias) > 2 and name not in idle
    }
    swapped = [alias for alias in ours if sorted(alias) == sorted(key)]
    close = swapped or difflib.get_close_matches(key, ours, n=1, cutoff=0.8)
    return ours[close[0]] if close else None


@given(SLIPS | st.text(min_size=1, max_size=24), st.sampled_from(IDLE))
def test_what_is_ruled_out_by_its_letters_was_not_near(key, idle):
    assert misspelt._nearest(key, idle) == among_all(key, idle)


def test_a_thousand_unknown_names_in_ten_legs_are_looked_at_but_not_closely(monkeypatch):
    looked, stemmed = [], []
    closely, stem = difflib.get_close_matches, words._stems
    monkeypatch.setattr(
        difflib, "get_close_matches", lambda *a, **k: looked.append(len(a[1])) or closely(*a, **k)
    )
    monkeypatch.setattr(words, "_stems", lambda word: stemmed.append(word) or stem(word))
    letters, dice = "abcdefghijklmnopqrstuvwxyz", random.Random(7)
    names = ["".join(dice.choice(letters) for _ in range(12)) for _ in range(900)]
    legs = [
        {"symbol": "BTCUSD", "side": "buy", "volume": "1", **dict.fromkeys(names[n : n + 90], 1)}
        for n in range(0, 900, 90)
    ]
    function = Function()
    alone = dict.fromkeys(("symbol", "side", "volume", "price"))
    answer = function.post(json.dumps(function.alert(orders=legs, **alone)).encode())
    assert answer.status in (200, 400, 422)
    assert sum(looked) < 900
    assert len(stemmed) < 20 * 900
