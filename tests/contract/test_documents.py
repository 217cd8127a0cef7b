"""What the named texts beside every ledger promise."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.ledger_entries import submitting
from webhook_core.ledger.contract import Document, Documents


def test_an_unknown_name_is_none(store):
    assert store.read("pair rules") is None


@pytest.mark.parametrize("text", ["", "{}", "é ☃ 💸 \x00 \r\n", "x" * 800_000])
def test_a_text_comes_back_as_it_was_written(store, text):
    assert store.write("book", text, None) is True
    assert store.read("book").text == text


@pytest.mark.parametrize("name", ["pair rules", "a/b", ".", "__x__", "é"])
def test_a_name_may_hold_anything(store, name):
    assert store.write(name, "one", None)
    assert store.read(name).text == "one"
    assert store.read(name + " ") is None


def test_a_text_is_created_once(store):
    assert store.write("book", "first", None) is True
    assert store.write("book", "second", None) is False
    assert store.read("book").text == "first"


def test_a_text_is_replaced_only_under_the_version_that_was_read(store):
    store.write("book", "one", None)
    old = store.read("book")
    assert store.write("book", "two", old) is True
    new = store.read("book")
    assert new.version != old.version
    assert store.write("book", "three", old) is False
    assert store.read("book") == new


def test_writing_the_same_text_again_is_a_new_version(store):
    store.write("book", "one", None)
    old = store.read("book")
    assert store.write("book", "one", old) is True
    assert store.read("book").version != old.version


@pytest.mark.parametrize("version", ["", "0", "7", "-1", "junk", "2020-01-01T00:00:00Z"])
def test_a_version_that_never_was_writes_nothing(store, version):
    never = Document("one", version)
    assert store.write("book", "one", never) is False
    assert store.read("book") is None
    store.write("book", "one", None)
    assert store.write("book", "two", never) is False
    assert store.read("book").text == "one"


def test_texts_are_no_entries_and_entries_no_texts(store):
    store.write("book", "one", None)
    assert store.entries().entries == []
    entry = submitting()
    store.claim(entry)
    assert store.read(entry.unit.name) is None


def count_up(documents: Documents, times: int) -> None:
    done = 0
    while done < times:
        stored = documents.read("counter")
        done += documents.write("counter", str(int(stored.text) + 1), stored)


def test_of_concurrent_changes_none_is_lost(store):
    store.write("counter", "0", None)
    with ThreadPoolExecutor(8) as pool:
        for work in [pool.submit(count_up, store, 5) for _ in range(8)]:
            work.result()
    assert store.read("counter").text == "40"
