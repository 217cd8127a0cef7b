"""No edit of a scoped token widens it, and narrowing only takes away."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime

from hypothesis import assume, given
from hypothesis import strategies as st

from tests.support.scoped_tokens import KEY, narrowed, scoped
from webhook_core.errors import Unauthenticated
from webhook_core.intake import scoped_tokens
from webhook_core.intake.credentials import TokenKey
from webhook_core.intake.scoped_proofs import proved
from webhook_core.trading.permits import Permit

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
KEYS = (TokenKey("k2", KEY),)


def lists(*words: str) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(words), min_size=1, max_size=3, unique=True).map(",".join)


CAVEATS = st.one_of(
    lists("order", "close", "target", "read", "resume", "pause").map("x={}".format),
    lists("buy", "sell").map("s={}".format),
    lists("market", "limit").map("o={}".format),
    lists("BTC/USD", "ETH/USD", "SOL/EUR").map("p={}".format),
    lists("200USD", "50EUR", "100USDT").map("c={}".format),
    st.integers(1, 99).map("n={}".format),
    st.integers(1, 99).map("n={}".format),
    lists("tv", "203.0.113.0/24", "203.0.113.7").map("i={}".format),
    st.sampled_from(("e=20270101", "e=20270331", "e=20261225")),
)
SOME = st.lists(CAVEATS, max_size=3)


def permit(token: str) -> Permit | None:
    try:
        return proved(token, KEYS, NOW)[1]
    except Unauthenticated:
        return None


def is_within(less: Permit, more: Permit) -> bool:
    """Whether all that ``less`` allows is allowed by ``more``."""
    return all(
        (
            less.strategy == more.strategy,
            less.expires <= more.expires,
            less.actions <= more.actions,
            less.exits_own or not more.exits_own,
            set(more.pairs) <= set(less.pairs),
            set(more.networks) <= set(less.networks),
            more.sides is None or (less.sides is not None and less.sides <= more.sides),
            more.order_types is None
            or (less.order_types is not None and less.order_types <= more.order_types),
            more.orders_per_day is None
            or (less.orders_per_day is not None and less.orders_per_day <= more.orders_per_day),
            more.max_cost is None
            or (
                less.max_cost is not None
                and all(most <= more.max_cost.get(code, -1) for code, most in less.max_cost.items())
            ),
        )
    )


@given(given_=SOME, first=SOME, second=SOME)
def test_narrowing_only_shrinks_whoever_does_it(given_, first, second):
    token = scoped(*given_)
    once = narrowed(token, *first)
    twice = narrowed(once, *second)
    for child, parent in ((once, token), (twice, once), (twice, token)):
        found, before = permit(child), permit(parent)
        assert found is None or (before is not None and is_within(found, before))


@given(given_=SOME, added=SOME)
def test_ours_and_the_construction_by_hand_make_the_same_chain(given_, added):
    token = scoped(*given_)
    assume(len(narrowed(token, *added)) <= scoped_tokens.MOST_CHARACTERS)
    child = scoped_tokens.narrowed(scoped_tokens.parse(token), added)
    assert child.text == narrowed(token, *added)
    assert scoped_tokens.is_signed(child, [("k2", KEY)])
    assert scoped_tokens.parse(child.text) == child


@st.composite
def edits(draw, token: str) -> str:
    """A few letters or parts taken away, doubled, put elsewhere or replaced."""
    by = draw(st.sampled_from(("", "~", ",", ".")))
    parts = token.split(by) if by else list(token)
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(parts) - 1))
        part = parts.pop(place)
        what = draw(st.sampled_from(("gone", "double", "moved", "other")))
        if what == "double":
            parts[place:place] = [part, part]
        elif what == "moved":
            parts.insert(draw(st.integers(0, len(parts))), part)
        elif what == "other":
            parts.insert(place, draw(st.text("tk1.7f3~=,/abcxyzUSD09-_", min_size=1, max_size=6)))
        if not parts:
            break
    return by.join(parts)


@given(data=st.data(), given_=SOME)
def test_an_edited_token_proves_nothing(data, given_):
    token = scoped(*given_)
    edited = data.draw(edits(token))
    assert edited == token or permit(edited) is None


@given(given_=SOME, added=SOME, key=st.binary(min_size=0, max_size=40))
def test_a_signature_with_any_other_key_proves_nothing(given_, added, key):
    assume(key != KEY)
    *parts, signature = scoped(*given_).split("~")
    last = base64.urlsafe_b64decode(signature + "=")
    for secret in (key, last, hmac.new(last, b"", hashlib.sha256).digest()):
        for part in [*parts, *added]:
            secret = hmac.new(secret, part.encode(), hashlib.sha256).digest()  # noqa: PLW2901
        end = base64.urlsafe_b64encode(secret).decode().rstrip("=")
        assert permit("~".join([*parts, *added, end])) is None
