"""What a kept reason costs of the ledger's calls, by the measure of make bench."""

from __future__ import annotations

from tests.bench.ledger_calls import KINDS, ledger_calls
from tests.bench.sets import Place
from tests.bench.venue import venue


def test_an_accepted_alert_pays_nothing_for_the_history_and_a_refused_one_a_call(tmp_path):
    with venue() as port:
        figures = [*ledger_calls(Place(port, tmp_path, tmp_path, {}, None))]
    assert [figure.value for figure in figures] == [0, 1, 1]
    assert all(figure.kept for figure in figures)
    assert len(figures) == len(KINDS)
