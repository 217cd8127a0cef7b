"""What every unit test begins with."""

from __future__ import annotations

import pytest

from webhook_core import events


@pytest.fixture(autouse=True)
def nothing_bound() -> None:
    """A part that is tested without a request leaves its facts to whoever logs next."""
    events._bound.set({})
