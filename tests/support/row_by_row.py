"""Tables of cheap rows that are one test each: a case of its own costs pytest some 6 ms, and a row
of such a table takes less than one.

    @row_by_row
    @pytest.mark.parametrize("name", NAMES)
    def test_a_name_is_read(name): ...

holds every row, also of a cross, and fails once, with each row that fails by its arguments. A
fixture would be shared by all of them, so that such a test has none.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import product
from typing import Any

import pytest

LONGEST = 100
FAILURES = (Exception, pytest.fail.Exception, pytest.skip.Exception, pytest.xfail.Exception)
"""A row that skipped would take with it those behind it."""
Row, WITH_MARKS = dict[str, Any], type(pytest.param())


def row_by_row(test: Callable[..., None]) -> Callable[[], None]:
    """Of the marks of ``test`` its parametrize are played in one; the others stay."""
    marks: list[pytest.Mark] = test.pytestmark  # type: ignore[attr-defined]
    tables = [list(_rows(*each.args, **each.kwargs)) for each in marks if _is_table(each)]
    rows: list[Row] = [functools.reduce(Row.__or__, parts) for parts in product(*tables)]
    given = {name for row in rows for name in row}
    if given != inspect.signature(test).parameters.keys():
        raise TypeError(f"{test.__name__} asks for more, or less, than a row has, or has no rows")

    @functools.wraps(test)
    def held() -> None:
        failed = [(row, error) for row in rows if (error := _failure(test, row)) is not None]
        if failed:
            told = "\n".join(f"{_named(row)}: {_short(str(error))}" for row, error in failed)
            raise AssertionError(f"{len(failed)} of {len(rows)} rows fail:\n{told}") from failed[0][
                1
            ]

    held.pytestmark = [each for each in marks if not _is_table(each)]  # type: ignore[attr-defined]
    held.__signature__ = inspect.Signature()  # type: ignore[attr-defined]
    return held


def _is_table(mark: pytest.Mark) -> bool:
    return mark.name == "parametrize"


def _rows(names: str | Sequence[str], rows: Iterable[Any], ids: object = None) -> Iterator[Row]:
    """As pytest reads what stands in a parametrize."""
    of_one = isinstance(names, str)
    for row in rows:
        if isinstance(row, WITH_MARKS):
            raise TypeError("what is marked, or named, is a case of its own")
        yield {names: row} if of_one else dict(zip(names, row, strict=True))


def _failure(test: Callable[..., None], row: Row) -> BaseException | None:
    try:
        test(**row)
    except FAILURES as error:
        return error
    return None


def _named(row: Row) -> str:
    return ", ".join(f"{name}={_short(repr(value))}" for name, value in row.items())


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST // 2]} … {text[-LONGEST // 2 :]}"
