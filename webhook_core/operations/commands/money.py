"""report and fills: what the bridge's own orders earned, and every trade of the
account as a table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from webhook_core.money.trades import Trade
from webhook_core.operations.commands.tables import show_line, show_table
from webhook_core.operations.commands.terminal import (
    OpenApplication,
    for_spreadsheet,
    moment,
    write_csv,
)
from webhook_core.trading.rounding import plain

if TYPE_CHECKING:
    from webhook_core.web.operators import Operators

_HEADER = (
    *("STRATEGY", "PAIR", "TRADES", "WON", "TURNOVER", "FEES", "REALISED", "DRAWDOWN"),
    *("OPEN", "COST", "UNREALISED", "SLIPPAGE %", "WORST %"),
)
_LEAD = 2
COLUMNS = (
    *("time", "trade_id", "order_id", "strategy", "alert_id", "role", "symbol", "side"),
    *("volume", "price", "cost", "fee", "fee_currency", "margin"),
)
"""Of fills --csv, one row a trade."""

REPORT_COLUMNS = (
    *("strategy", "symbol", "margin", "trades", "won", "fills", "turnover", "fees", "realised"),
    *("drawdown", "open_volume", "open_cost", "last", "unrealised", "slippage_median"),
    *("slippage_worst", "beyond_volume", "beyond_cost", "alerts", "refused", "refused_percent"),
    *("read_at", "priced_at"),
)
"""Of report --csv, named as in the JSON of GET /report. What the JSON says of a strategy, from
``alerts`` on, stands in each of its rows, ``read_at`` and ``priced_at`` in all."""

_month = click.option(
    "--month", default="", help="Such as 2026-11; this one if it is left out; all for everything."
)
_strategy = click.option("--strategy", default="", help="This strategy alone.")
_csv = click.option(
    "--csv", "as_csv", is_flag=True, help="Comma-separated values, for a spreadsheet."
)


@click.command()
@_month
@_strategy
@_csv
@click.pass_obj
def report(open_application: OpenApplication, month: str, strategy: str, *, as_csv: bool) -> None:
    """What the bridge's own orders earned, per strategy and pair.

    Trades by hand and those of other programs are not in it. Profit is first in, first out; fees
    are taken off. It is no tax advice. The figures are as old as the last reconcile run.
    """
    operators = open_application().operators
    document = operators.report({"month": month, "strategy": strategy})
    if not document["rows"] and not document["refused"]["strategies"]:
        _check_known(strategy, operators)
    if as_csv:
        rows = _with_shares(document)
        write_csv(REPORT_COLUMNS, (map(_cell, map(row.get, REPORT_COLUMNS)) for row in rows))
        return
    show_table(map(_row, document["rows"]), _HEADER, lead=_LEAD)
    if not document["rows"]:
        known = "No order of the bridge's own has traded in that time."
        show_line("Nothing is known yet." if document["read_at"] is None else known)
    for line in (*filter(None, map(_beyond, document["rows"])), *_refused(document["refused"])):
        show_line(line)
    for quote, total in document["totals"].items():
        unrealised = total["unrealised"] or "not known: a price is missing"
        show_line(f"{quote}: realised {total['realised']}, unrealised {unrealised}")
    if document["priced_at"] is not None:
        show_line(_priced(document))
    show_line(_age(document))
    for line in map(_silence, document["expected"]):
        show_line(line)
    show_line(document["note"])


@click.command()
@_month
@_strategy
@_csv
@click.pass_obj
def fills(open_application: OpenApplication, month: str, strategy: str, *, as_csv: bool) -> None:
    """Every trade of the account, oldest first: one row a trade, those that are not ours too."""
    operators = open_application().operators
    rows = list(map(_cells, operators.money.trades({"month": month, "strategy": strategy})))
    if not rows:
        _check_known(strategy, operators)
    if as_csv:
        write_csv(COLUMNS, rows)
        return
    show_table(rows, [name.upper().replace("_", " ") for name in COLUMNS], lead=2)


def _check_known(strategy: str, operators: Operators) -> None:
    """Of one of which nothing is found: one that the settings have no more may have traded, in
    another month."""
    strategies = operators.strategies
    if not strategy or not strategies or strategy in {"default", *strategies}:
        return
    if not any(operators.money.trades({"month": "all", "strategy": strategy})):
        known = ", ".join(sorted(strategies))
        raise click.UsageError(
            f"--strategy: names none of strategies.toml, which has {known}, and has traded nothing."
        )


def _cells(trade: Trade) -> tuple[str, ...]:
    return (
        trade.at.isoformat(timespec="milliseconds"),
        trade.trade_id,
        trade.order_id,
        for_spreadsheet(trade.strategy or ""),
        for_spreadsheet(trade.alert_id or ""),
        trade.role,
        trade.symbol,
        trade.side,
        *map(plain, (trade.volume, trade.price, trade.cost, trade.fee)),
        (trade.base if trade.fee_in_base else trade.quote) or "",
        "yes" if trade.margin else "no",
    )


def _row(row: Mapping[str, Any]) -> tuple[object, ...]:
    fees = " ".join(f"{fee} {asset}" for asset, fee in row["fees"].items())
    pair = f"{row['symbol']} margin" if row["margin"] else row["symbol"]
    names = ("realised", "drawdown", "open_volume", "open_cost", "unrealised")
    return (
        row["strategy"],
        pair,
        row["trades"],
        row["won"],
        row["turnover"],
        fees,
        *(row[name] for name in names),
        row["slippage_median"],
        row["slippage_worst"],
    )


def _beyond(row: Mapping[str, Any]) -> str:
    """What stands in no profit, where there is any."""
    if row["beyond_volume"] == "0":
        return ""
    base, _, quote = row["symbol"].partition("/")
    sold = f"{row['beyond_volume']} {base} for {row['beyond_cost']} {quote}"
    why = "others had bought it, so no profit is counted of that"
    return f"{row['strategy']} {row['symbol']}: sold {sold} beyond what it bought; {why}."


def _refused(shares: Mapping[str, Any]) -> Iterator[str]:
    for one in shares["strategies"]:
        much = f"{one['refused']} of {one['alerts']} alerts refused ({one['refused_percent']} %)"
        yield f"{one['strategy']}: {much} since {moment(shares['since'])}"


def _with_shares(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Each row with what was refused of its strategy's alerts; a strategy that has traded nothing,
    and perhaps had all of its alerts refused, has a row of its own."""
    shares = {share["strategy"]: share for share in document["refused"]["strategies"]}
    traded = {row["strategy"] for row in document["rows"]}
    moments = {name: document[name] for name in ("read_at", "priced_at")}
    shown = {name: at and at.isoformat(timespec="seconds") for name, at in moments.items()}
    for row in document["rows"]:
        yield {**row, **shares.get(row["strategy"], {}), **shown}
    for name, share in shares.items():
        if name not in traded:
            yield {**share, **shown}


def _cell(value: Any) -> object:
    """As the JSON has it; fees of several currencies share a cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return " ".join(f"{fee} {asset}" for asset, fee in value.items())
    return value if _is_number(value) else for_spreadsheet(str(value))


def _is_number(value: object) -> bool:
    return not isinstance(value, str) or re.fullmatch(r"-?\d+(\.\d+)?", value) is not None


def _priced(document: Mapping[str, Any]) -> str:
    """No price of the past is kept, so an old month's open lots are worth what they are now."""
    priced_at, until = document["priced_at"], document["until"]
    line = f"Unrealised is at the prices of {moment(priced_at)} UTC"
    if until >= priced_at:
        return f"{line}."
    return f"{line}, of what was open on {moment(until)}: not what it was worth then."


def _silence(row: Mapping[str, Any]) -> str:
    last = f"newest alert {moment(row['last'])} UTC" if row["last"] else "no alert is known"
    silent = "SILENT: " if row["silent"] else ""
    return f"{silent}{row['strategy']}: {last}, expected {row['expected']}."


def _age(document: Mapping[str, Any]) -> str:
    read_at = document["read_at"]
    if read_at is None:
        command = ".venv/bin/python -m webhook_core reconcile"
        return f"Kraken's trades were never read to their end: {command}"
    return f"As of {read_at:%Y-%m-%d %H:%M:%S} UTC, when reconcile read Kraken's trades."
