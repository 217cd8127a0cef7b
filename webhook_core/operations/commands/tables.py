"""Rows for a person at a terminal, as wide as it is; and for a program behind a pipe, one line
each.

On a terminal a table that fits is a table, and one that does not becomes a paragraph a row: nothing
is cut off, since what is cut off can't be copied. Behind a pipe cells are parted by tabs, which no
cell holds, and no line is broken."""

from __future__ import annotations

import shutil
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

import click

from webhook_core.cloud.log_facts import on_one_line

LEAST_WIDTH = 20
"""Narrower terminals break the lines themselves."""
_EMPTY = (None, "")


def one_line(text: object) -> str:
    """Texts of senders and of Kraken, without control characters: they could write anything on a
    terminal."""
    return on_one_line(str(text))


def _shown(value: object) -> str:
    """One line, in letters that standard output has."""
    text, encoding = one_line(value), sys.stdout.encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def width() -> int | None:
    """Columns of the terminal that standard output is; None where it is none."""
    if not sys.stdout.isatty():
        return None
    return max(LEAST_WIDTH, shutil.get_terminal_size().columns)


def show_table(
    rows: Iterable[Sequence[object]],
    header: Sequence[str],
    *,
    lead: int = 1,
    repeated: bool = False,
) -> None:
    """Rows under their header; empty cells show as a dash. ``lead``: how many cells begin the
    paragraph of a row that does not fit; those behind them are named by the header in lower case,
    and empty ones left out. ``repeated``: the rows follow others that had the header already."""
    filled = [["" if cell in _EMPTY else _shown(cell) for cell in row] for row in rows]
    if not filled:
        return
    columns = width()
    table = [[cell or "-" for cell in row] for row in [list(header), *filled]]
    if columns is None:
        _echo("\t".join(row) for row in table[repeated:])
        return
    aligned = list(_aligned(_without_empty_columns(table)))
    if all(_columns_of(line) <= columns for line in aligned):
        _echo(aligned[repeated:])
        return
    for row in filled:
        _echo(_paragraph(row, header, lead, columns))


def show_facts(facts: Iterable[tuple[str, object]]) -> None:
    """One fact a line, values under each other; empty ones show as a dash."""
    rows = [(name, "-" if value in _EMPTY else _shown(value)) for name, value in facts]
    columns = width()
    indent = max((_columns_of(name) for name, _ in rows), default=0) + 2
    for name, value in rows:
        if columns is None:
            _echo([f"{name}\t{value}"])
        elif indent > columns // 2:
            _echo(wrapped(f"{name}  {value}", columns, 2))
        else:
            lines = list(wrapped(value, columns - indent))
            _echo([_padded(name, indent) + lines[0], *(" " * indent + line for line in lines[1:])])


def show_line(text: str, indent: int = 2, *, err: bool = False) -> None:
    """A sentence; on a terminal its further lines are indented."""
    columns = width()
    _echo([_shown(text)] if columns is None else wrapped(_shown(text), columns, indent), err=err)


def wrapped(text: str, columns: int, indent: int = 0) -> Iterator[str]:
    """``text`` in lines of at most so many columns, broken at blanks, and within a word that is
    longer than a line. Lines after the first are indented; blanks at the beginning indent the
    first."""
    bare = text.lstrip(" ")
    line = " " * (len(text) - len(bare))
    for word in bare.split(" "):
        if not line.strip():
            line += word
        elif _columns_of(line) + 1 + _columns_of(word) <= columns:
            line += f" {word}"
        else:
            yield line.rstrip(" ")
            line = " " * indent + word
        while _columns_of(line) > columns:
            head = _head(line, columns)
            yield head
            line = " " * indent + line[len(head) :]
    yield line.rstrip(" ")


def _head(line: str, columns: int) -> str:
    """As much of a line as fits."""
    used = 0
    for number, character in enumerate(line):
        used += _columns_of(character)
        if used > columns:
            return line[:number]
    return line


def _paragraph(row: Sequence[str], header: Sequence[str], lead: int, columns: int) -> Iterator[str]:
    yield from wrapped("  ".join(cell or "-" for cell in row[:lead]), columns, 4)
    line = ""
    for name, cell in zip(header[lead:], row[lead:], strict=True):
        if not cell:
            continue
        fact = f"  {name.lower()} {cell}"
        if line and _columns_of(line) + _columns_of(fact) > columns:
            yield from wrapped(line, columns, 4)
            line = ""
        line += fact
    if line:
        yield from wrapped(line, columns, 4)


def _without_empty_columns(table: Sequence[Sequence[str]]) -> list[list[str]]:
    kept = [
        column for column in zip(*table, strict=True) if any(cell != "-" for cell in column[1:])
    ]
    return [list(row) for row in zip(*kept, strict=True)]


def _aligned(table: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(_columns_of, column)) for column in zip(*table, strict=True)]
    for row in table:
        yield "  ".join(map(_padded, row, widths)).rstrip()


def _padded(text: str, columns: int) -> str:
    return text + " " * (columns - _columns_of(text))


def _columns_of(text: str) -> int:
    """How many columns a terminal takes for it (unicode.org/reports/tr11): two for wide characters,
    none for marks."""
    if text.isascii():
        return len(text)
    return sum(map(_columns_of_one, text))


def _columns_of_one(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _echo(lines: Iterable[str], *, err: bool = False) -> None:
    for line in lines:
        click.echo(line, err=err)
