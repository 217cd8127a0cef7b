"""Many seeds, and proof that the simulation goes where it should: a fault it
never draws protects nothing."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.simulation.many import run_seeds
from tests.simulation.mutations import MUTATIONS
from tests.simulation.run import COUNTED, failures, simulate, told
from tests.support.examples import examples
from tests.support.project import ROOT

SEEDS = examples(750)
COUNTED_SEEDS = examples(300)
"""`make simulate` plays ten thousand, or as many as it is told."""

REACHED = (
    "ANSWERS 200 accepted",
    "ANSWERS 401 alert_stale",
    "ANSWERS 409 alert_conflict",
    "ANSWERS 422 order_denied",
    "ANSWERS 422 order_rejected",
    "ANSWERS 422 not_placed",
    "ANSWERS 422 expired",
    "ANSWERS 503 outcome_unknown",
    "ANSWERS 503 not_sent",
    "ANSWERS 503 ledger_unavailable",
    "ANSWERS 503 venue_unavailable",
    "accepted O00001 replayed",
    "is LOST",
    "the sender sees None",
    "CRASHES",
    "died with its instance",
    "STANDS STILL",
    "just before the bytes leave",
    ": slow, ",
    "nothing written",
    "is applied and its reply LOST",
    "lost its reply and read back Claimed",
    "lost its reply and read back Recorded",
    "a late ledger.claim",
    "a late ledger.record",
    "and is LOST",
    "EService:Deadline elapsed",
    "EOrder:Rate limit exceeded",
    "EOrder:Tick size check failed",
    "EOrder:Insufficient funds",
    "the exchange with Kraken broke off",
    "HTTP status 502",
    "no connection to Kraken could be made",
    "FAILED venue.find_open",
    "FAILED venue.find_closed",
    "order.replanned",
    "order.absent_from_open_orders",
    "ledger.outcome_not_recorded",
    "generation 1 attempt 1",
    "attempt 2",
    "ANSWERS 200 no_action",
    "ANSWERS 409 superseded",
    "> Waiting [",
    "> Outdated()",
    "figures.lag",
    "venue.fills",
    "is held is not certain",
    "[alert-0 leg 1 ",
    "leg 1 generation 0 attempt 2",
    " calm",
)
"""What the stories of a few hundred seeds have to show, or the simulation no longer tests it."""


@pytest.mark.timeout(600)
def test_thousands_of_seeds_violate_nothing():
    """The protocol holds whatever is delayed, lost, repeated or crashed."""
    summary = run_seeds(range(SEEDS))
    assert not summary.failed, f"{summary}\n{told(summary.failed[0]).text()}"
    assert summary.orders > SEEDS / 2, (
        "hardly an order gets through: there are too many faults to learn anything"
    )


def test_a_day_with_fewer_places_than_alerts_is_never_exceeded():
    results = [simulate(seed, COUNTED) for seed in range(COUNTED_SEEDS)]
    assert [result.text() for result in results if result.violations] == []
    assert {result.orders for result in results} == {0, 1, 2}


def test_the_stories_show_every_fault_and_every_answer():
    """A simulation that stops drawing a fault would pass for the wrong reason."""
    missing = set(REACHED)
    for seed in range(1500):
        story = "\n".join(told(seed).story)
        missing -= {text for text in missing if text in story}
        if not missing:
            return
    assert not missing


def test_a_seed_tells_the_same_story_in_every_process():
    """A failing seed can be run again anywhere."""
    command = [sys.executable, "-m", "tests.simulation", "--seed", "7"]
    runs = [
        subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("1", "2")
    ]
    assert runs[0] == runs[1] == told(7).text() + "\n"
    assert len(runs[0].splitlines()) > 20


def test_telling_the_story_changes_nothing():
    """The story that is printed is the one that failed."""
    for seed in range(examples(250)):
        quiet, loud = simulate(seed), told(seed)
        assert (quiet.violations, quiet.orders, quiet.deliveries) == (
            loud.violations,
            loud.orders,
            loud.deliveries,
        )


def test_a_failing_seed_prints_its_story_and_how_to_run_it_again():
    """Every step with its time, who did it, what was violated, and the command."""
    mutation = next(
        mutation for mutation in MUTATIONS if mutation.name == "run_again_after_a_stale_claim"
    )
    with mutation.applied():
        failed = next(failures(range(1000)))
        text = told(failed.seed).text()
    assert "VIOLATED: " in text
    assert "ledger.claim" in text
    assert "AddOrder" in text
    assert text.endswith(f"python -m tests.simulation --seed {failed.seed}")


@pytest.mark.parametrize("arguments", [("--seeds", "12"), ("--seeds", "8", "--first", "500")])
def test_the_command_runs_as_many_seeds_as_it_is_told(arguments):
    """What ``make simulate`` calls."""
    command = [sys.executable, "-m", "tests.simulation", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"{arguments[1]} seeds, ")
    assert "nothing violated" in done.stdout
