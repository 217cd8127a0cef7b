"""What other processes do to a ledger in the tests.

Nothing here needs pytest: a fresh process imports it quickly.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from tests.support.ledger_entries import Dated, in_turn, moved, nothing_to_do, submitting
from tests.support.processes import FORKED
from webhook_core.errors import LedgerUnavailable, OrderDenied
from webhook_core.ledger.contract import Claimed, Existing, Ledger, Outdated, Recorded
from webhook_core.ledger.entry import State


def open_sqlite(path: str) -> Any:
    from webhook_core.ledger.sqlite.ledger import SqliteLedger

    return SqliteLedger(path, timeout_s=30)


def open_firestore(project: str) -> Any:
    from webhook_core.ledger.firestore.ledger import FirestoreLedger

    return FirestoreLedger(project, timeout_s=15, clock=Dated())


def winners(
    processes: int, opener: Callable[[str], Ledger], where: str, alert_keys: Sequence[str]
) -> list[str]:
    """Every process claims all the keys, in that order, all starting at once: the keys
    that were won, sorted."""
    return _all_of(_claim_all, processes, opener, where, alert_keys)


def _all_of(
    work: Callable[..., None],
    processes: int,
    opener: Callable[[str], Ledger],
    where: str,
    alert_keys: Sequence[str],
) -> list[str]:
    barrier = FORKED.Barrier(processes)
    results = FORKED.SimpleQueue()
    started = [
        FORKED.Process(
            target=_with_environment,
            args=(dict(os.environ), work, opener, where, alert_keys, barrier, results),
        )
        for _ in range(processes)
    ]
    for process in started:
        process.start()
    won = [results.get() for _ in started]
    for process in started:
        process.join()
        assert process.exitcode == 0
        process.close()
    results.close()
    assert all(isinstance(one, list) for one in won), won
    return sorted(key for one in won for key in one)


def _with_environment(env: Mapping[str, str], work: Callable[..., None], *arguments: Any) -> None:
    os.environ.update(env)
    work(*arguments)


def count_all(
    processes: int, opener: Callable[[str], Ledger], where: str, alert_keys: Sequence[str]
) -> list[str]:
    """Every process claims all the keys, each taking a place of one count: those that were won."""
    return _all_of(_count_all, processes, opener, where, alert_keys)


def take_turns(
    processes: int, opener: Callable[[str], Ledger], where: str, alert_keys: Sequence[str]
) -> list[str]:
    """Every process brings all the keys, of one line, to an end, and holds a file while it has a
    turn: who won what."""
    return _all_of(_take_turns, processes, opener, where, alert_keys)


def acted(
    processes: int, opener: Callable[[str], Ledger], where: str, lines: Sequence[str]
) -> list[str]:
    """Every process claims an alert of its own in each of the lines, all on the facts of before:
    the lines that were won."""
    return _all_of(_act, processes, opener, where, lines)


def claim_and_die(opener: Callable[[str], Ledger], where: str, alert_key: str) -> int:
    """A process that is killed at the moment it knows that it has claimed: its exit code."""
    process = FORKED.Process(
        target=_with_environment,
        args=(dict(os.environ), _claim_and_die, opener, where, alert_key),
    )
    process.start()
    process.join()
    code = process.exitcode
    process.close()
    assert code is not None
    return code


def in_a_fork(work: Callable[[], bool]) -> bool:
    """True if ``work`` returned True in a forked child, which then ends without cleaning up."""
    child = os.fork()
    if child == 0:
        answer = 1
        try:
            answer = 0 if work() is True else 1
        finally:
            os._exit(answer)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def _claim_all(
    opener: Any, where: str, alert_keys: Sequence[str], barrier: Barrier, results: Any
) -> None:
    ledger = opener(where)
    barrier.wait(60)
    try:
        results.put(
            [key for key in alert_keys if isinstance(ledger.claim(submitting(key)), Claimed)]
        )
    except Exception as error:  # noqa: BLE001  the test shows it; without an answer it would wait for ever
        results.put(repr(error))
    finally:
        ledger.close()


def _act(opener: Any, where: str, lines: Sequence[str], barrier: Barrier, results: Any) -> None:
    ledger = opener(where)
    marks = {line: ledger.mark(line) for line in lines}
    barrier.wait(60)
    try:
        results.put([line for line in lines if _acted(ledger, line, marks[line])])
    except Exception as error:  # noqa: BLE001  as above
        results.put(repr(error))
    finally:
        ledger.close()


def _acted(ledger: Ledger, line: str, mark: str) -> bool:
    """It ends with its claim, so that nobody has to wait for anybody and the mark alone tells."""
    ends_at = time.monotonic() + 60
    entry = nothing_to_do(in_turn(f"{line} {os.getpid()}", line=line, mark=mark))
    while True:
        assert time.monotonic() < ends_at, f"{line} is never claimed"
        try:
            claim = ledger.claim(entry)
        except LedgerUnavailable:  # too busy to say
            continue
        assert isinstance(claim, Claimed | Outdated), claim
        return isinstance(claim, Claimed)


def _take_turns(
    opener: Any, where: str, alert_keys: Sequence[str], barrier: Barrier, results: Any
) -> None:
    ledger = opener(where)
    barrier.wait(60)
    try:
        first = os.getpid() % len(alert_keys)  # each begins with another
        keys = [*alert_keys[first:], *alert_keys[:first]]
        results.put([key for key in keys if _took_its_turn(ledger, key, f"{where}.turn")])
    except Exception as error:  # noqa: BLE001  as above
        results.put(repr(error))
    finally:
        ledger.close()


def _took_its_turn(ledger: Ledger, key: str, held: str) -> bool:
    ends_at = time.monotonic() + 120
    while True:
        assert time.monotonic() < ends_at, f"{key} never gets its turn"
        claim = ledger.claim(in_turn(key, in_order=False))
        if isinstance(claim, Existing):
            return False
        if isinstance(claim, Claimed):
            os.close(os.open(held, os.O_CREAT | os.O_EXCL))  # fails if anybody else has a turn
            time.sleep(0.002)  # or nobody would be seen
            assert [
                entry.alert_id for entry in ledger.entries(states={State.SUBMITTING}).entries
            ] == [claim.entry.alert_id]
            Path(held).unlink()
            assert isinstance(ledger.record(moved(claim.entry, State.ACCEPTED)), Recorded)
            return True


def _claim_and_die(opener: Any, where: str, alert_key: str) -> None:
    if isinstance(opener(where).claim(submitting(alert_key)), Claimed):
        os.kill(os.getpid(), signal.SIGKILL)


def _count_all(
    opener: Callable[[str], Ledger],
    where: str,
    alert_keys: Sequence[str],
    barrier: Barrier,
    results: Any,
) -> None:
    from tests.support.counted_claims import claim

    ledger, won = opener(where), []
    barrier.wait()
    for key in alert_keys:
        for _ in range(40):  # as a sender resends what is answered 503
            try:
                if isinstance(claim(ledger, submitting(key)), Claimed):
                    won.append(key)
                break
            except OrderDenied:
                break
            except LedgerUnavailable:
                time.sleep(0.02)
    results.put(won)
