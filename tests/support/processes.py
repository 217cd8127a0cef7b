"""Processes that share nothing with the one that starts them, and are forked from one that has
imported what they run, once. Their environment is that of the first: whoever needs another hands it
over."""

from __future__ import annotations

import multiprocessing

FORKED = multiprocessing.get_context("forkserver")
FORKED.set_forkserver_preload(
    [
        "tests.matrix.one_key",
        "tests.support.ledger_workers",
        "tests.walk.fleet",
        "webhook_core.ledger.firestore.ledger",
        "webhook_core.ledger.sqlite.ledger",
    ]
)
