"""How many examples a property is tried with: a fifth of them in each run of the tests, all with
EXAMPLES=all, as `make simulate` sets it for each module that asks here."""

from __future__ import annotations

import os

ALL = os.environ.get("EXAMPLES") == "all"


def examples(many: int) -> int:
    """Of ``many``."""
    return many if ALL else -(-many // 5)
