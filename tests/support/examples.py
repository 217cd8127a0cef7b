"""How many examples a property is tried with: a tenth of them in each run of the tests, all with
EXAMPLES=all, as `make simulate` sets it for each module that asks here."""

from __future__ import annotations

import os

ALL = os.environ.get("EXAMPLES") == "all"
FEWEST = 4


def examples(many: int) -> int:
    """Of ``many``; never fewer than four of them."""
    return many if ALL else max(-(-many // 10), min(many, FEWEST))
