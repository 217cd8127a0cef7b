"""strategies.toml: what one strategy may trade, how much, and what proves that an alert is its own.

    [trend-btc]
    token = "env:TREND_TOKEN"        # or secret; a text or a list, newest first
    allowed_symbols = ["BTC/USD"]
    volume = "0.01"                  # when the alert gives none
    quantity_type = "base"           # what volume counts; also quote, percent_balance, ...
    max_order_cost = "200 USD"

In the place of volume and quantity_type, ``size = {volume = "0.01", fixed = true}``: an alert may
name no size then.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from webhook_core.settings.secret_values import Secret, SecretNames
from webhook_core.settings.strategy import SecretText, Strategy
from webhook_core.value import NamedTuple


class StrategiesFile(NamedTuple):
    """``variables``: the names that the file asks for with env:NAME, found even where the rest is
    at fault. ``inline``: where it holds a secret itself and is one of the program's files.
    ``about``: what its section [notify] changes of what is told, as NOTIFY_ABOUT is written."""

    strategies: Mapping[str, Strategy]
    secrets: tuple[SecretText, ...]
    variables: frozenset[str]
    faults: tuple[str, ...]
    inline: tuple[str, ...] = ()
    about: str = ""

    @property
    def addresses(self) -> list[SecretText]:
        """Whom its strategies tell, for what is said of secrets alike."""
        return [
            SecretText("secret", f"[{name}] notify[{number}]", text.get_secret_value(), name)
            for name, strategy in self.strategies.items()
            for number, text in enumerate(strategy.notify)
            if not text.get_secret_value().startswith("env:")
        ]

    def about_beside(self, chosen: frozenset[str] | None) -> frozenset[str] | None:
        """What is told, by the section too. ``chosen``: what NOTIFY_ABOUT says, if anything."""
        if not self.about:
            return chosen
        from webhook_core.settings.notify_section import applied  # few files have one

        return applied(self.about, chosen)

    def told(self, everybody: Collection[Secret]) -> tuple[Secret, ...]:
        """The addresses of ``everybody``, and of the strategies, that are secrets themselves."""
        found = [*everybody, *(text for one in self.strategies.values() for text in one.notify)]
        if not found:
            return ()
        from webhook_core.settings import notify_values  # few deployments tell anybody

        return notify_values.to_mask(found)


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
    # Most deployments have no such file.
    from webhook_core.settings.strategy_table import KEYS, StrategyTable, TableFile

    variables = frozenset(re.findall(r"\benv:\s*([A-Za-z_][A-Za-z0-9_]*)", document))
    tables = _tables(document)
    if isinstance(tables, str):
        return StrategiesFile({}, (), variables, (f"{path}: {tables}",))
    strategies: dict[str, Strategy] = {}
    secrets: list[SecretText] = []
    faults: list[str] = []
    file = TableFile(path, env, names or SecretNames({}), faults)
    section = None
    if "notify" in tables:
        from webhook_core.settings import notify_section  # few files have one

        if notify_section.is_section(tables["notify"], KEYS):
            section = notify_section.read(path, tables.pop("notify"), faults)
    for name, table in tables.items():
        reader = StrategyTable(file, name, table)
        strategies[name] = reader.strategy()
        secrets.extend(reader.secrets())
    if section is not None:
        strategies = notify_section.with_section(path, strategies, section, faults)
    about = "" if section is None else section.about
    return StrategiesFile(strategies, tuple(secrets), variables, tuple(faults), about=about)


def _tables(document: str) -> dict[str, Any] | str:
    """By their names; or that it is no TOML, and where."""
    import tomllib

    try:
        return tomllib.loads(document, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError) as error:
        # The reason of a TOMLDecodeError may quote the text; where it stands is enough.
        place = re.search(r"\(at [^()]*\)", str(error))
        return f"is not valid TOML {place[0] if place else ''}".rstrip()
