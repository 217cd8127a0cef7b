"""One measured number, with its bound if it has one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Figure:
    """Without a bound it is only reported.

    ``detail`` is a word about it; ``parts`` are numbers for bench.json alone.
    """

    name: str
    value: float
    unit: str
    bound: float | None = None
    detail: str = ""
    parts: Mapping[str, float] = field(default_factory=dict)

    @property
    def kept(self) -> bool:
        return self.bound is None or self.value <= self.bound

    def line(self) -> str:
        bound = "" if self.bound is None else f"<= {self.bound:g} {'ok' if self.kept else 'MISSED'}"
        return (
            f"{self.name:<66} {self.value:>9.3f} {self.unit:<8} {bound:<13} {self.detail}".rstrip()
        )

    def document(self) -> dict[str, object]:
        return vars(self) | {"kept": self.kept}
