"""strategies.toml: what one strategy may trade, how much, and what proves that an alert is its own.

[trend-btc]
token = "env:TREND_TOKEN"          # or secret; a text or a list, newest first
allowed_symbols = ["BTC/USD"]
volume = "0.01"                    # when the alert gives none
quantity_type = "base"             # what volume counts; also quote, percent_balance, percent_equity, ...
max_order_cost = "200 USD"

In the place of both, ``size = {volume = "0.01", quantity_type = "base", fixed = true}``: an alert may name no size then.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar, get_args

from webhook_core.settings import variables as env_values
from webhook_core.settings.secret_names import SecretNames
from webhook_core.trading.orders import QuantityType
from webhook_core.trading.rules import Limits
from webhook_core.value import Value

T = TypeVar("T")
Scheme = Literal["token", "secret"]
SCHEMES: tuple[Scheme, ...] = ("token", "secret")
KEYS = ("token", "secret", "allowed_symbols", "volume", "quantity_type", "size", "max_order_cost")
SIZE_KEYS = ("volume", "quantity_type", "fixed")


class Strategy(NamedTuple):
    """Limits beside the global ones, never instead of them. None: no limit of its own. ``volume`` counts what
    ``quantity_type`` says; ``size_fixed``: no alert may name another size."""

    name: str
    allowed_symbols: tuple[str, ...] | None = None
    max_order_cost: Mapping[str, Decimal] | None = None
    volume: Decimal | None = None
    quantity_type: QuantityType = "base"
    size_fixed: bool = False

    @property
    def limits(self) -> Limits:
        return Limits(self.allowed_symbols, self.max_order_cost, self.name)


class SecretText(Value):
    """A secret as it was written, with where: ``source`` goes into logs and messages, the text never does."""

    __slots__ = ("scheme", "source", "strategy", "text")
    hidden = frozenset({"text"})

    def __init__(self, scheme: Scheme, source: str, text: str, strategy: str | None = None) -> None:
        self.scheme = scheme
        self.source = source
        self.text = text
        self.strategy = strategy


class StrategiesFile(NamedTuple):
    """``variables``: the names that the file asks for with env:NAME, found even where the rest is at fault. ``inline``: where
    it holds a secret itself and is one of the program's files."""

    strategies: Mapping[str, Strategy]
    secrets: tuple[SecretText, ...]
    variables: frozenset[str]
    faults: tuple[str, ...]
    inline: tuple[str, ...] = ()


def text_of(path: str) -> str | None:
    """Of the file; None where there is none."""
    try:
        return Path(path).read_text("utf-8-sig")
    except FileNotFoundError:
        return None


def read(
    document: str, path: str, env: Mapping[str, str], names: SecretNames | None = None
) -> StrategiesFile:
    """Never raises: what can't be used is in ``faults``, one line each, without any secret."""
    import tomllib  # most deployments have no such file

    variables = frozenset(re.findall(r"\benv:\s*([A-Za-z_][A-Za-z0-9_]*)", document))
    try:
        tables = tomllib.loads(document, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError) as error:
        # The reason of a TOMLDecodeError may quote the text; where it stands is enough.
        place = re.search(r"\(at [^()]*\)", str(error))
        return StrategiesFile(
            {}, (), variables, (f"{path}: is not valid TOML {place[0] if place else ''}".rstrip(),)
        )
    strategies: dict[str, Strategy] = {}
    secrets: list[SecretText] = []
    faults: list[str] = []
    file = _File(path, env, names or SecretNames({}), faults)
    for name, table in tables.items():
        reader = _Table(file, name, table)
        strategies[name] = reader.strategy()
        secrets.extend(reader.secrets())
    return StrategiesFile(strategies, tuple(secrets), variables, tuple(faults))


class _File(NamedTuple):
    path: str
    env: Mapping[str, str]
    names: SecretNames
    faults: list[str]


class _Size(NamedTuple):
    volume: Decimal | None = None
    quantity_type: QuantityType = "base"
    fixed: bool = False


class _Table:
    """One [name] table; what is wrong with it goes to ``faults``."""

    def __init__(self, file: _File, name: str, table: object) -> None:
        path, self.env, self.names, self.faults = file
        self.place, self.name = f"{path} [{name}]", name
        self.table: dict[str, Any] = table if isinstance(table, dict) else {}
        if not isinstance(table, dict):
            self.faults.append(
                f"{path}: {name} stands outside of a table; write it below a line such as [my-strategy]"
            )
        elif not 1 <= len(name) <= 64 or not name.isprintable():
            self.faults.append(
                f"{path}: the name of a table must be 1 to 64 printable characters, not {env_values.shown(name)}"
            )
        for key in self.table.keys() - set(KEYS):
            hint = env_values.suggestion(key, KEYS) or f"; there are {', '.join(KEYS)}"
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
        )

    def _size(self) -> _Size:
        """Of the keys of the table, or of its inner table ``size``, which takes their place."""
        if "size" not in self.table:
            return self._size_in(self.table, "")
        inner, beside = (
            self.table["size"],
            [key for key in ("volume", "quantity_type") if key in self.table],
        )
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
        """None for each whose name is not read yet. Every fault of every entry goes to ``faults``."""
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


def _symbols(value: object) -> tuple[str, ...] | None:
    if (
        not isinstance(value, list)
        or not value
        or not all(isinstance(entry, str) and "," not in entry for entry in value)
    ):
        raise ValueError('must be a list such as ["BTC/USD", "ETH/USD"]')
    return env_values.symbols(",".join(value))


def _cost_limits(value: object) -> Mapping[str, Decimal] | None:
    if not isinstance(value, str):
        raise ValueError('must be a text such as "200 USD"')
    return env_values.cost_limits(value)


def _quantity_type(value: object) -> QuantityType:
    for kind in get_args(QuantityType):
        if value == kind:
            found: QuantityType = kind
            return found
    raise ValueError(f"must be one of {', '.join(get_args(QuantityType))}")


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false, without quotes")
    return value


def _volume(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ValueError('must be a number above 0 such as "0.01"')
    return env_values.volume(value if isinstance(value, str) else f"{Decimal(value):f}")
