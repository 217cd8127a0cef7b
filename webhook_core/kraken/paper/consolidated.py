"""OpenPositions with ``consolidation=market``:
docs.kraken.com/api/docs/rest-api/get-open-positions."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from webhook_core.kraken.paper import margin
from webhook_core.kraken.paper.book import Position
from webhook_core.kraken.paper.desk import Desk


def by_market(desk: Desk, positions: list[Position], *, docalcs: bool) -> list[dict[str, Any]]:
    """One row per pair: what is open of it all points one way."""
    grouped: dict[str, list[Position]] = {}
    for held in positions:
        grouped.setdefault(held.pair, []).append(held)
    return [_row(desk, rows, docalcs=docalcs) for rows in grouped.values()]


def _row(desk: Desk, rows: list[Position], *, docalcs: bool) -> dict[str, Any]:
    pair = desk.pairs[rows[0].pair]

    def total(name: str) -> Decimal:
        return sum((getattr(held, name) for held in rows), Decimal(0))

    view: dict[str, Any] = {
        "pair": pair.key,
        "positions": str(len(rows)),
        "type": rows[0].side,
        "leverage": f"{total('cost') / total('margin'):.5f}",
        "cost": pair.cost(total("cost")),
        "fee": pair.cost(total("fee")),
        "vol": pair.volume(total("volume")),
        "vol_closed": pair.volume(total("closed")),
        "margin": pair.cost(sum((margin.used(held) for held in rows), Decimal(0))),
    }
    if docalcs:
        view["value"] = pair.cost(sum((margin.value(desk, held) for held in rows), Decimal(0)))
        net = sum((margin.unrealized(desk, held) for held in rows), Decimal(0))
        view["net"] = f"{net:+.{pair.cost_decimals}f}"
    return view
