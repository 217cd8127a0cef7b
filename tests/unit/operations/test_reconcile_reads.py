"""What reconcile could not read of Kraken is named in words, whichever part it was."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from tests.support.fake_venue import FakeVenue
from tests.support.faked_function import Function
from webhook_core.errors import VenueUnavailable
from webhook_core.operations.cli import cli


class KeyUnread(FakeVenue):
    """A venue whose key can't be asked for what it may do."""

    def read_key_if_due(self):
        raise VenueUnavailable("Kraken said EGeneral:Permission denied.")


@pytest.mark.parametrize(
    ("venue", "unreadable", "said"),
    [
        (KeyUnread, set(), "what its key may do: Kraken said"),
        (FakeVenue, {"trades"}, "what the account has traded: "),
    ],
)
def test_what_could_not_be_read_is_named(venue, unreadable, said):
    function = Function(venue=venue())
    function.venue.unreadable = unreadable
    done = CliRunner().invoke(cli, ["reconcile"], obj=lambda: function.application)
    assert f"Kraken could not be asked for {said}" in done.stdout
    assert done.exit_code == 1
