"""Every fault of the venue and of the way to it, crossed with what can happen to an alert
meanwhile, over real sockets.

``cells.py`` is the one source: what happens, and what must come of it. What must come of it is
written from three things only: whether the venue's book holds the order by construction, what
Kraken's own documents say an answer is worth, and the promises in the design. Nothing here asks the
code under test what it thinks of an answer.

``python -m tests.matrix > tests/matrix/TABLE.md`` runs every cell and writes what came of it.
"""
