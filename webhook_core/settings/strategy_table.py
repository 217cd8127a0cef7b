"""One table of strategies.toml -> a Strategy and its secrets. What reads a value raises
ValueError that says what to write instead."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Literal, NamedTuple, TypeVar, get_args

from webhook_core.notify.kinds import KINDS
from webhook_core.settings import guard_values
from webhook_core.settings import variables as env_values
from webhook_core.settings.secret_values import Secret, SecretNames
from webhook_core.settings.strategy import SCHEMES, SecretText, Strategy
from webhook_core.trading.orders import QuantityType

T = TypeVar("T")
KEYS = (
    *("token", "secret", "allowed_symbols", "volume", "quantity_type", "size", "max_order_cost"),
    *guard_values.GUARDS,
    *("notify", "notify_about", "expect_every", "close"),
)
SIZE_KEYS = ("volume", "quantity_type", "fixed")


class TableFile(NamedTuple):
    """The file that the table stands in; what is wrong goes to ``faults``."""

    path: str
    env: Mapping[str, str]
    names: SecretNames
    faults: list[str]


class _Size(NamedTuple):
    volume: Decimal | None = None
    quantity_type: QuantityType = "base"
    fixed: bool = False


class StrategyTable:
    """One [name] table; what is wrong with it goes to ``faults``."""

    def __init__(self, file: TableFile, name: str, table: object) -> None:
        path, self.env, self.names, self.faults = file
        self.place, self.name = f"{path} [{name}]", name
        self.table: dict[str, Any] = table if isinstance(table, dict) else {}
        if not isinstance(table, dict):
            self.faults.append(
                f"{path}: {name} stands outside of a table; write it below a line such as "
                "[my-strategy]"
            )
        elif not 1 <= len(name) <= 64 or not name.isprintable():
            self.faults.append(
                f"{path}: the name of a table must be 1 to 64 printable characters, not "
                f"{env_values.shown(name)}"
            )
        for key in self.table.keys() - set(KEYS):
            hint = env_values.suggestion(key, KEYS) or f"; there are {', '.join(KEYS)}"
            if name == "notify" and key in KINDS:
                hint = "; a section that says what is told has no setting of a strategy beside it"
            self._fault(key, f"is no setting of a strategy{hint}")

    def strategy(self) -> Strategy:
        size = self._size()
        return Strategy(
            name=self.name,
            allowed_symbols=self._parsed("allowed_symbols", _symbols),
            max_order_cost=self._parsed("max_order_cost", _cost_limits),
            volume=size.volume,
            quantity_type=size.quantity_type,
            size_fixed=size.fixed,
            guards=guard_values.guards(
                {
                    name: self._parsed(name, guard_values.of_toml(name))
                    for name in guard_values.GUARDS
                }
            ),
            notify=self._parsed("notify", self._told) or (),
            expect_every=self._parsed("expect_every", _expected),
            close=self._parsed("close", _close),
            notify_about=self._parsed("notify_about", _told_about),
        )

    def _told(self, value: object) -> tuple[Secret, ...]:
        from webhook_core.settings import notify_values  # few strategies tell anybody

        return notify_values.of_toml(value, self.env)

    def _size(self) -> _Size:
        """Of the keys of the table, or of its inner table ``size``, which takes their place."""
        if "size" not in self.table:
            return self._size_in(self.table, "")
        inner = self.table["size"]
        beside = [key for key in ("volume", "quantity_type") if key in self.table]
        if not isinstance(inner, dict):
            self._fault("size", 'must be a table such as {volume = "0.01", fixed = true}')
            return _Size()
        for key in beside:
            self._fault(
                key, f"stands beside size: write it into that table, as size = {{{key} = ...}}"
            )
        for key in inner.keys() - set(SIZE_KEYS):
            hint = env_values.suggestion(key, SIZE_KEYS) or f"; there are {', '.join(SIZE_KEYS)}"
            self._fault(f"size.{key}", f"is no setting of a size{hint}")
        if "volume" not in inner:
            self._fault("size.volume", "is missing")
        return self._size_in(inner, "size.")

    def _size_in(self, table: Mapping[str, Any], place: str) -> _Size:
        volume = self._parsed_in(table, "volume", _volume, place)
        kind = self._parsed_in(table, "quantity_type", _quantity_type, place) or "base"
        fixed = self._parsed_in(table, "fixed", _flag, place) if place else None
        if volume is None and not place and "quantity_type" in table:
            self._fault("quantity_type", "says what volume counts, which is missing")
        if volume is not None and volume > 100 and kind not in ("base", "quote", "percent_equity"):
            self._fault(
                f"{place}volume", f"is above 100, and counts percent: quantity_type is {kind}"
            )
        return _Size(volume, kind, bool(fixed))

    def secrets(self) -> Iterator[SecretText]:
        for scheme in SCHEMES:
            for number, text in enumerate(self._secret_texts(scheme)):
                if text is not None:
                    yield SecretText(scheme, f"{self.place} {scheme}[{number}]", text, self.name)

    def _fault(self, key: str, problem: object) -> None:
        self.faults.append(f"{self.place} {key}: {problem}")

    def _parsed(self, key: str, parse: Callable[[Any], T]) -> T | None:
        return self._parsed_in(self.table, key, parse)

    def _parsed_in(
        self, table: Mapping[str, Any], key: str, parse: Callable[[Any], T], place: str = ""
    ) -> T | None:
        if key not in table:
            return None
        try:
            return parse(table[key])
        except ValueError as error:
            self._fault(f"{place}{key}", error)
            return None

    def _secret_texts(self, key: str) -> tuple[str | None, ...]:
        """None for each whose name is not read yet.

        Every fault of every entry goes to ``faults``.
        """
        value, before = self.table.get(key, ()), len(self.faults)
        texts: list[str | None] = []
        for entry in value if isinstance(value, list | tuple) else [value]:
            try:
                texts.extend(self._texts_of(f"{self.place} {key}", entry))
            except ValueError as error:
                self._fault(key, error)
        if key in self.table and not texts and len(self.faults) == before:
            self._fault(key, "is an empty list; give a secret or leave the line out")
        return tuple(texts)

    def _texts_of(self, place: str, entry: object) -> tuple[str | None, ...]:
        if not isinstance(entry, str):
            raise ValueError("must be a text in quotes or a list of them, newest first")
        if not entry.startswith("env:"):
            return self.names.entry(place, entry)
        variable = entry.removeprefix("env:").strip()
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", variable, re.ASCII):
            raise ValueError('must be "env:" and the name of a variable, such as "env:TREND_TOKEN"')
        if not self.env.get(variable):
            named = variable if variable.isupper() else env_values.shown(variable)
            raise ValueError(f"names the variable {named}, which is not set")
        return self.names.listed(place)(self.env[variable])


def _told_about(value: object) -> str:
    from webhook_core.settings import notify_values  # few strategies tell anybody

    return notify_values.about_of_toml(value)


def _expected(value: object) -> Any:
    from webhook_core.settings import expectations  # of few strategies alerts are expected

    return expectations.expected(value)


def _symbols(value: object) -> tuple[str, ...] | None:
    """A list of pairs; with ``*`` alone None."""
    if (
        not isinstance(value, list)
        or not value
        or not all(isinstance(entry, str) and "," not in entry for entry in value)
    ):
        raise ValueError('must be a list such as ["BTC/USD", "ETH/USD"]')
    return env_values.symbols(",".join(value))


def _cost_limits(value: object) -> Mapping[str, Decimal] | None:
    """The most that one order may cost, by quote asset."""
    if not isinstance(value, str):
        raise ValueError('must be a text such as "200 USD"')
    return env_values.cost_limits(value)


def _quantity_type(value: object) -> QuantityType:
    """What a volume counts."""
    for kind in get_args(QuantityType):
        if value == kind:
            found: QuantityType = kind
            return found
    raise ValueError(f"must be one of {', '.join(get_args(QuantityType))}")


def _flag(value: object) -> bool:
    """true or false."""
    if not isinstance(value, bool):
        raise ValueError("must be true or false, without quotes")
    return value


def _volume(value: object) -> Decimal:
    """An amount above 0."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ValueError('must be a number above 0 such as "0.01"')
    return env_values.volume(value if isinstance(value, str) else f"{Decimal(value):f}")


def _close(value: object) -> Literal["own", "all"]:
    """What a strategy's close is about."""
    if value == "own":
        return "own"
    if value == "all":
        return "all"
    raise ValueError('must be "own" (what the strategy bought) or "all" (what the account holds)')
