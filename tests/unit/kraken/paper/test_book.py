"""The book outlives its process, is shared without losing an order, stays small, and
knows nothing of the planner."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import threading
from decimal import Decimal
from pathlib import Path

import pytest

import webhook_core.kraken.paper as room
from tests.support.documents import FileDocuments, MemoryDocuments
from tests.support.paper import ask, order, paper, result
from webhook_core.errors import LedgerUnavailable
from webhook_core.kraken.paper.book import Book
from webhook_core.kraken.paper.book_store import ATTEMPTS, BookStore

SOURCES = sorted(Path(room.__file__).parent.glob("*.py"))
LIMIT = {"ordertype": "limit", "price": "50000"}
MARKET = {"pair": "XBTUSD", "type": "buy", "ordertype": "market", "volume": "0.01"}


def test_the_book_survives_a_restart(tmp_path):
    state = tmp_path / "book.json"
    before = paper(FileDocuments(state))
    before.mark_price("XBTUSD", Decimal(60000))
    order(before, cl_ord_id="first")
    order(before, **LIMIT, timeinforce="GTD", expiretm="+600")
    order(before, ordertype="stop-loss-limit", price="65000", price2="66000")
    order(before, leverage="5", volume="0.02")
    after = paper(FileDocuments(state), balances={"USD": Decimal(1)})
    assert after.orders() == before.orders()
    for endpoint in ("BalanceEx", "OpenPositions", "TradeBalance", "OpenOrders"):
        assert result(after, endpoint) == result(before, endpoint)
    order(after)  # the price is known still
    assert len({kept["txid"] for kept in after.orders()}) == 5


def test_a_nonce_is_remembered_over_a_restart():
    documents = MemoryDocuments()
    ask(paper(documents), "Balance", nonce="100")
    assert ask(paper(documents), "Balance", nonce="100")["error"] == ["EAPI:Invalid nonce"]


def test_two_instances_on_one_store_see_each_others_orders():
    documents = MemoryDocuments()
    one, other = paper(documents), paper(documents)
    one.mark_price("XBTUSD", Decimal(60000))
    placed = [order(kraken, **LIMIT) for kraken in (one, other, one, other)]
    assert [kept["txid"] for kept in one.orders()] == placed
    result(one, "CancelOrder", txid=placed[1])
    assert ask(other, "CancelOrder", txid=placed[1])["error"] == ["EOrder:Unknown order"]


class _InBetween(MemoryDocuments):
    """Lets another instance write between the first read and the write that follows it."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile = None

    def read(self, name):
        found = super().read(name)
        act, self.meanwhile = self.meanwhile, None
        if act:
            act()
        return found


def test_an_order_that_came_in_between_is_not_lost_and_funds_are_checked_again():
    documents = _InBetween()
    one, other = paper(documents, nonce_window=10**9), paper(documents, nonce_window=10**9)
    one.mark_price("XBTUSD", Decimal(60000))
    documents.meanwhile = lambda: order(other, volume="0.1")
    order(one, volume="0.05")
    assert [kept["vol"] for kept in one.orders()] == ["0.10000000", "0.05000000"]
    documents.meanwhile = lambda: order(other, volume="0.01")
    assert ask(one, "AddOrder", **MARKET | {"volume": "0.01"})["error"] == [
        "EOrder:Insufficient funds"
    ]
    assert len(one.orders()) == 3


def test_threads_on_several_instances_lose_nothing():
    documents = MemoryDocuments()
    accounts = [
        paper(documents, nonce_window=10**9, balances={"USD": Decimal(1_000_000)}) for _ in range(4)
    ]
    accounts[0].mark_price("XBTUSD", Decimal(60000))
    placed: list[str] = []
    workers = [
        threading.Thread(target=lambda k=kraken: placed.extend(order(k) for _ in range(15)))
        for kraken in accounts
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(kept["txid"] for kept in accounts[0].orders()) == sorted(placed)
    assert len(placed) == 60
    assert result(accounts[0], "Balance")["ZUSD"] == f"{1_000_000 - 60 * Decimal('604.80'):.4f}"


def test_a_lost_race_is_run_again_and_an_endless_one_is_throttled_with_nothing_written():
    documents = MemoryDocuments()
    kraken = paper(documents)
    kraken.mark_price("XBTUSD", Decimal(60000))
    documents.conflicts = ATTEMPTS - 1
    order(kraken)
    documents.conflicts = ATTEMPTS
    [error] = ask(kraken, "AddOrder", **MARKET)["error"]
    assert error == "EService: Throttled: 1790856001"
    assert len(kraken.orders()) == 1


class _Broken(MemoryDocuments):
    def write(self, name, text, before):
        raise LedgerUnavailable("disk full")


def test_a_book_that_cannot_be_stored_is_a_503_and_no_traceback():
    kraken = paper(_Broken())
    from tests.support.paper import signed

    body = "nonce=5"
    headers = signed("/0/private/Balance", body, "5")
    status, page = kraken.handle("POST", "/0/private/Balance", "", headers, body.encode())
    assert (status, page[:6]) == (503, b"<html>")
    with pytest.raises(LedgerUnavailable):
        kraken.mark_price("XBTUSD", Decimal(1))


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"balances": 1}', '{"balances":{"ZUSD":"x"}}', "null"]
)
def test_a_document_that_is_no_book_is_named(text):
    documents = MemoryDocuments()
    documents.write("paper-book", text, None)
    with pytest.raises(LedgerUnavailable, match="paper-book"):
        paper(documents).orders()


def test_a_read_that_changes_nothing_writes_nothing():
    documents = MemoryDocuments()
    kraken = paper(documents)
    kraken.mark_price("XBTUSD", Decimal(60000))
    written = documents.writes
    kraken.orders()
    kraken.mark_price("XBTUSD", Decimal(60000))
    kraken.handle("GET", "/0/public/Ticker", "pair=XBTUSD", {}, b"")
    assert documents.writes == written


def test_the_newest_closed_orders_are_kept_and_a_forgotten_one_is_still_known_to_be_gone():
    documents = MemoryDocuments()
    kraken = paper(documents, keep_closed=3)
    kraken.mark_price("XBTUSD", Decimal(60000))
    placed = [order(kraken, volume="0.0001") for _ in range(5)]
    assert [kept["txid"] for kept in kraken.orders()] == placed[2:]
    assert ask(kraken, "CancelOrder", txid=placed[0])["error"] == ["EOrder:Unknown order"]
    assert result(kraken, "QueryOrders", txid=placed[0]) == {}


def test_five_hundred_closed_orders_fit_into_a_firestore_document():
    documents = MemoryDocuments()
    kraken = paper(documents, balances={"USD": Decimal(10**9)})
    kraken.mark_price("XBTUSD", Decimal("60000.1"))
    for _ in range(3):
        order(kraken, **LIMIT, price2="1", cl_ord_id="6d1b345e-2821-40e2-ad83-4ecb18a06876")
        result(kraken, "CancelAll")
    text = documents.read("paper-book").text
    assert len(text) / 3 * 500 < 500_000


def test_ids_have_krakens_form_and_never_repeat():
    book = Book({})
    given = [book.mint("O") for _ in range(2000)]
    assert len(set(given)) == 2000
    assert all(len(txid) == 19 and txid[0] == "O" and txid[6] == txid[12] == "-" for txid in given)
    assert all(book.gave(txid) for txid in given)
    book.minted -= 1
    assert not book.gave(given[-1])


def test_a_book_of_an_earlier_version_that_has_more_of_an_order_is_read():
    documents = MemoryDocuments()
    order(paper(documents), **LIMIT)
    kept = documents.read("paper-book")
    older = kept.text.replace('"oflags"', '"userref":7,"oflags"').replace(
        '{"txid"', '{"userref":7,"txid"'
    )
    assert older != kept.text
    assert documents.write("paper-book", older, kept)
    [shown] = paper(documents).orders()
    assert shown["status"] == "open"


def test_no_amount_in_the_stored_text_is_a_float():
    documents = MemoryDocuments()
    kraken = paper(documents)
    kraken.mark_price("XBTUSD", Decimal("60000.1"))
    order(kraken)
    order(kraken, **LIMIT)
    order(kraken, leverage="2")
    floats: list[str] = []
    json.loads(documents.read("paper-book").text, parse_float=lambda text: floats.append(text) or 0)
    assert set(floats) <= {"1790856000.0", "1790856000.001"}  # moments only


def test_what_a_change_raises_writes_nothing():
    documents = MemoryDocuments()
    store = BookStore(documents, lambda: Book({}))

    def spoil(book):
        book.balances["ZUSD"] = Decimal(1)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.update(spoil)
    assert documents.read("paper-book") is None


FORBIDDEN = (
    "webhook_core.trading",
    "webhook_core.intake",
    "webhook_core.ledger",
    "webhook_core.venue",
)
PORT = "webhook_core.ledger.contract"


def _imports(tree: ast.AST, *, typing_too: bool) -> set[str]:
    found: set[str] = set()
    for node in ast.iter_child_nodes(tree):
        if (
            isinstance(node, ast.If)
            and ast.unparse(node.test) == "TYPE_CHECKING"
            and not typing_too
        ):
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}", *(f"{node.module}.{alias.name}" for alias in node.names)}
        else:
            found |= _imports(node, typing_too=typing_too)
    return found


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_paper_imports_nothing_that_it_is_there_to_check(source):
    tree = ast.parse(source.read_text())
    assert not [name for name in _imports(tree, typing_too=False) if name.startswith(FORBIDDEN)]
    known = _imports(tree, typing_too=True)
    from_ports = {name for name in known if name.startswith(FORBIDDEN)}
    assert from_ports <= {PORT, *(f"{PORT}.{name}" for name in ("Document", "Documents"))}


def test_loading_paper_loads_no_planner_and_nothing_of_googles():
    code = "import sys, webhook_core.kraken.paper.engine; print('\\n'.join(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "webhook_core.kraken.paper.engine" in loaded
    assert not [
        name
        for name in loaded
        if name.startswith((*FORBIDDEN, "google.cloud.", "pydantic", "flask"))
    ]


def test_validating_leaves_no_trace_in_the_book():
    documents = MemoryDocuments()
    kraken = paper(documents)
    kraken.mark_price("XBTUSD", Decimal(60000))
    writes = documents.writes
    assert "txid" not in result(kraken, "AddOrder", **MARKET, validate="true")
    assert documents.writes == writes
