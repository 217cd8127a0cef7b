"""What each application of a process works out anew and alike, worked out once in a process of the
tests, which starts thousands of them: the packaged pairs, what a pair answers to, and whether a
secret could be guessed."""

from __future__ import annotations

import functools

from webhook_core.kraken import packaged_pairs
from webhook_core.settings import weak_secrets
from webhook_core.trading import symbols
from webhook_core.trading.instruments import Instrument, from_document


@functools.cache
def _instruments(text: str) -> tuple[Instrument, ...]:
    return tuple(from_document(text))


def work_out_once() -> None:
    packaged_pairs.from_document = lambda text: list(_instruments(text))
    symbols._pairs_of_names = functools.cache(symbols._pairs_of_names)
    weak_secrets.weakness = functools.cache(weak_secrets.weakness)
