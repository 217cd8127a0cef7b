"""The fault matrix: every cell keeps the promises and comes to what it must, and
the table says so."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.matrix import table, venue_faults
from tests.matrix.__main__ import AT_ONCE, judged, start
from tests.matrix.cells import CELLS, KILLINGS
from webhook_core.kraken import refusals

EVERYTHING = [*CELLS, *KILLINGS]


@pytest.fixture(scope="module")
def under_way(request, tmp_path_factory):
    """The cells that this run asks for, in a pool."""
    chosen = [
        item.callspec.params["cell"]
        for item in request.session.items
        if item.module is request.module
        and "cell" in getattr(getattr(item, "callspec", None), "params", {})
    ]
    logging.disable(logging.CRITICAL)  # of sixteen cells at once nobody can read a line
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield start(pool, chosen, tmp_path_factory.mktemp("matrix"))
        pool.shutdown(cancel_futures=True)
    logging.disable(logging.NOTSET)


@pytest.fixture(scope="module")
def rows():
    return table.stored()


@pytest.mark.parametrize("cell", EVERYTHING, ids=lambda cell: cell.name)
def test_one_order_at_most_and_a_last_word_that_is_the_books(cell, under_way, rows):
    wrong, row = judged(cell, under_way[cell.name].result())
    assert wrong == []
    assert rows.get(table.key(cell)) == row, (
        "write the table again: python -m tests.matrix > tests/matrix/TABLE.md"
    )


def test_the_table_has_the_cells_and_no_others(rows):
    assert len({cell.name for cell in EVERYTHING}) == len(EVERYTHING)
    assert set(rows) == {table.key(cell) for cell in EVERYTHING}


@pytest.mark.parametrize(
    ("listed", "faults"),
    [
        (refusals.REFUSED, venue_faults.REFUSALS),
        (refusals.NOT_PROCESSED, venue_faults.NEVER_PROCESSED),
    ],
    ids=["refusals", "never processed"],
)
def test_every_string_on_a_list_of_ours_has_a_cell(listed, faults):
    """The lists say which strings must be met here, and nothing about what must come of them."""
    names = [f"{fault.name}:".replace(",", ":") for fault in faults]
    assert [
        string for string in listed if not any(name.startswith(f"{string}:") for name in names)
    ] == []
