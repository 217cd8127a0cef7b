"""The house: rooms in the order in which an alert walks through them, no circle among
files, and small files.

Every import counts, wherever it stands: at the top, in a function, under TYPE_CHECKING.
"""

from __future__ import annotations

import ast
import re
from collections import Counter

import pytest

from tests.support.row_by_row import row_by_row
from tests.unit.project.test_imports import PACKAGE, ROOT, SOURCES, imported, inside

MOST_LINES = 250
MOST_OF_A_FUNCTION = 30
MOST_AT_THE_ROOT = 12

ORDER = (
    ("errors", "events", "clock", "value", "findings", "network", "web.messages", "notify.kinds"),
    ("trading",),
    ("intake", "ledger", "risk"),
    ("venue",),
    ("settings", "planning", "kraken", "cloud", "money"),
    ("sending",),
    ("web", "journal", "notify", "money.assembly"),
    ("story",),
    ("application",),
    ("instance", "bootstrap"),
    ("operations", "__main__"),
)
"""From the lowest floor to the highest. A room of one floor may use its neighbours there,
but for ``APART``."""
APART = (
    ("intake", "ledger"),
    ("kraken", "planning"),
    ("kraken", "settings"),
    ("cloud", "kraken"),
    ("kraken", "money"),
)


OF_KRAKEN = frozenset(
    {
        *("txid", "ordertype", "oflags", "price2", "cl_ord_id", "order_qty", "limit_price"),
        *("trigger_price", "displayvol", "display_qty", "starttm", "expiretm", "stptype"),
        *("timeinforce", "viqc", "fcib", "fciq"),
        *("close[ordertype]", "close[price]", "close[price2]"),
    }
)
"""What Kraken alone calls so (docs.kraken.com, add-order, cancel-order, amend-order)."""
SPEAK_AS_KRAKEN = {"trading.kraken_fields", "trading.kraken_terms", "trading.kraken_changes"}
"""The files outside of kraken that do."""
BESIDE_ROOMS = {"bench", "deployment", "examples", "project"}
"""What else the tests of units are about."""

OURS = sorted(name for name in SOURCES if name.startswith("webhook_core."))


def short(name: str) -> str:
    return name.removeprefix("webhook_core.")


def floor_of(name: str) -> int:
    """The most exact room that it stands in decides."""
    found = [
        (len(room), number)
        for number, rooms in enumerate(ORDER)
        for room in rooms
        if inside(name, [f"webhook_core.{room}"])
    ]
    assert found, f"{name} stands in no room"
    return max(found)[1]


def room_of(name: str) -> str:
    return short(name).split(".")[0]


def within(name: str) -> set[str]:
    return {
        other
        for other in imported(name)
        if other in SOURCES and other not in (name, "webhook_core", "main")
    }


def circles(graph: dict[str, set[str]]) -> list[frozenset[str]]:
    """Every set of files that reach each other."""
    reach = {name: set(others) for name, others in graph.items()}
    grows = True
    while grows:
        grows = False
        for name, others in reach.items():
            more = set().union(*(reach.get(other, set()) for other in others)) - others
            grows |= bool(more)
            reach[name] = others | more
    return sorted(
        {
            frozenset(o for o in reach[n] if n in reach.get(o, set()))
            for n in graph
            if n in reach[n]
        },
        key=sorted,
    )


def test_a_circle_is_seen_and_a_diamond_is_none() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [frozenset("abc")]
    assert circles({"a": {"b", "c"}, "b": {"d"}, "c": {"d"}, "d": set()}) == []


def test_no_files_import_each_other_in_a_circle() -> None:
    assert circles({name: within(name) for name in OURS}) == []


@row_by_row
@pytest.mark.parametrize("name", OURS)
def test_imports_run_downwards(name: str) -> None:
    assert {short(other) for other in within(name) if floor_of(other) > floor_of(name)} == set()


@pytest.mark.parametrize(("one", "other"), APART)
def test_rooms_of_one_floor_that_do_not_know_each_other(one: str, other: str) -> None:
    known = [
        (name, found)
        for name in OURS
        for found in within(name)
        if {room_of(name), room_of(found)} == {one, other}
    ]
    assert known == []


def test_few_files_stand_at_the_root() -> None:
    assert len(list(PACKAGE.glob("*.py"))) <= MOST_AT_THE_ROOT


def test_no_file_is_long() -> None:
    long = {
        short(name)
        for name in OURS
        if len(SOURCES[name].read_text("utf-8").splitlines()) > MOST_LINES
    }
    assert long == set()


def long_functions(name: str) -> set[str]:
    """Those of the file that take more lines than one sees at a glance, their docstring aside."""
    found = set()
    for node in ast.walk(ast.parse(SOURCES[name].read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef):
            said = node.body[0] if ast.get_docstring(node) is not None else None
            words = (said.end_lineno or 0) - said.lineno + 1 if said is not None else 0
            if (node.end_lineno or 0) - node.lineno + 1 - words > MOST_OF_A_FUNCTION:
                found.add(f"{short(name)}.{node.name}")
    return found


def test_each_module_of_planning_stands_in_its_map() -> None:
    text = (PACKAGE / "planning" / "__init__.py").read_text("utf-8")
    named = re.findall(r"``(\w+)``", text)
    modules = {short(name).split(".")[1] for name in OURS if short(name).startswith("planning.")}
    assert modules - {*named} == set()
    assert sorted(named) == sorted(set(named))


def test_each_class_has_a_name_of_its_own() -> None:
    """One word for one thing: whoever looks for a name finds one class."""
    named = Counter(
        node.name
        for name in OURS
        for node in ast.walk(ast.parse(SOURCES[name].read_text("utf-8")))
        if isinstance(node, ast.ClassDef)
    )
    assert {name for name, times in named.items() if times > 1} == set()


def test_each_file_has_a_name_of_its_own() -> None:
    """But for the commands, named for what they run; the two stores; and the venues."""
    rooms = ("operations.commands.", "ledger.sqlite.", "ledger.firestore.")
    files = [SOURCES[name] for name in OURS if not short(name).startswith(rooms)]
    named = Counter(path.stem for path in files if path.stem != "__init__")
    assert {name for name, times in named.items() if times > 1} == {"venue"}


def test_no_function_is_long() -> None:
    assert set().union(*map(long_functions, OURS)) == set()


def code_strings(tree: ast.AST) -> set[str]:
    """Every text in the code; a sentence that stands alone is a docstring."""
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    constants = [
        node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in alone
    ]
    return {node.value for node in constants if isinstance(node.value, str)}


def test_krakens_words_stand_where_kraken_is_spoken_to() -> None:
    """How a sender may call a field is for intake to say, and some of it is
    called as Kraken does."""
    speaking = {
        name
        for name in OURS
        if code_strings(ast.parse(SOURCES[name].read_text("utf-8"))) & OF_KRAKEN
    }
    found = {short(name) for name in speaking if room_of(name) not in ("kraken", "intake")}
    assert found == SPEAK_AS_KRAKEN


def test_the_tests_of_units_stand_in_the_rooms_that_they_are_about() -> None:
    unit = ROOT / "tests" / "unit"
    folders = (
        {path.parent.relative_to(unit).as_posix() for path in unit.rglob("test_*.py")}
        - {"."}
        - BESIDE_ROOMS
    )
    assert [folder for folder in sorted(folders) if not (PACKAGE / folder).is_dir()] == []
    alone = {path.stem.removeprefix("test_") for path in unit.glob("test_*.py")}
    assert [name for name in sorted(alone) if not (PACKAGE / f"{name}.py").is_file()] == []


def test_only_the_tests_know_the_tests() -> None:
    assert [
        name for name in OURS if any(other.startswith("tests") for other in imported(name))
    ] == []
    assert (ROOT / "main.py").exists()
