"""Balances of which all stands in the row of Auto Earn, as an answer of BalanceEx shows them."""

from __future__ import annotations

import json
from collections.abc import Collection


def earning(content: bytes, assets: Collection[str]) -> bytes:
    """Of these assets; what orders hold stays with the asset's own row."""
    answer = json.loads(content)
    rows = answer.get("result", {})
    for asset in assets & rows.keys():
        row = rows[asset]
        rows[f"{asset.removeprefix('X')}.F"] = {**row, "hold_trade": "0"}
        rows[asset] = {**row, "balance": "0.0000"}
    return json.dumps(answer).encode()
