"""Several closes of one position in one alert: together they close no more than is held, each as
much as it says, and the stop that is put back is of what remains after all of them."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.walk.scene import STRATEGIES, scene
from tests.walk.test_idle_exits import NO_ORDER, SIZE

MONEY = {"USD": Decimal(100_000)}
PARTS = {
    ("30", "80"): "0",
    ("30", "50"): "0.02",
    ("30", "20", "10"): "0.04",
    ("30", "70", "50"): "0",
    ("100", "100"): "0",
    ("50", "50"): "0",
}


def own_tables(folder: Path) -> dict[str, str]:
    table = folder / "strategies.toml"
    rows = (f'[{one}]\ntoken = "env:{one.upper()}_TOKEN"\nclose = "own"' for one in STRATEGIES)
    table.write_text("\n".join(rows))
    return {"STRATEGIES_FILE": str(table)}


@pytest.mark.crossed
@pytest.mark.parametrize("parts", PARTS, ids=" and ".join)
@pytest.mark.parametrize("stops", ["none", "one", "one, late", "two"])
@pytest.mark.parametrize("margin", [False, True], ids=["spot", "margin"])
@pytest.mark.parametrize("means", ["all", "own", "own, beside others"])
def test_what_remains_has_its_stop_and_no_more(means, margin, stops, parts, tmp_path):
    env = {} if means == "all" else own_tables(tmp_path)
    beside = Decimal("0.3") if means == "own, beside others" else Decimal(0)
    with scene(instances=2, margin=margin, balances=MONEY, **env) as there:
        if beside:
            there.send("two", side="buy", volume=str(beside))
        entries = 2 if stops == "two" else 1
        for number in range(entries):
            stop = {} if stops == "none" else {"stop_loss": str(2250 - 10 * number)}
            there.send("one", side="buy", volume=str(SIZE / entries), **stop)
        there.clock.sleep(100)
        there.operate("POST", "/reconcile")
        if stops == "one, late":
            there.late(4)
        legs = [{"symbol": "ETHUSD", "action": "close", "percent": part} for part in parts]
        answer = there.send("one", **NO_ORDER, symbol=None, orders=legs)
        assert answer["status"] == 200, answer
        left = Decimal(PARTS[parts])
        assert there.held() == left + beside
        assert sum(order.volume for order in there.open()) == (0 if stops == "none" else left)
        there.mark("ETHUSD", "2200", "2500")
        assert (there.held(), there.open()) == (beside + (left if stops == "none" else 0), [])
