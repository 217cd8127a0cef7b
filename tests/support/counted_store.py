"""A store that counts the calls which it is asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any


class CountedStore:
    """Before another one. ``calls`` by their names."""

    def __init__(self, store: Any) -> None:
        self.store, self.calls = store, Counter[str]()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.store, name)
        return self._counted(name, found) if callable(found) else found

    def _counted(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **named: Any) -> Any:
            self.calls[name] += 1
            return call(*arguments, **named)

        return counted

    def during(self, what: Callable[[], Any]) -> Counter[str]:
        """The calls that ``what`` makes."""
        before = self.calls.copy()
        what()
        return self.calls - before
