"""A rule taken out of the product, so that a scene shows that it notices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Scene = Callable[[], None]


def never(*_: Any, **__: Any) -> bool:
    return False


def always(*_: Any, **__: Any) -> bool:
    return True


def only_one(possible: Any, **_: Any) -> Any:
    return next(iter(possible)) if len(possible) == 1 else None


def fails_without(where: Any, name: str, broken: Any, play: Scene) -> None:
    play()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(where, name, broken)
        with pytest.raises(AssertionError):
            play()
