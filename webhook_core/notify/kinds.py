"""What can be told, by name: settings choose among these."""

from __future__ import annotations

DEFAULT = (
    *("rejected", "refused_exit", "denied", "unknown", "not_placed", "expired", "stop", "pause"),
    *("conflict", "id_reused", "failed", "not_kept", "silent", "failing", "in_part"),
)
"""Told unless NOTIFY_ABOUT says otherwise."""
MORE = ("accepted", "fill", "no_action", "malformed", "stale", "superseded", "out_of_scope")
OF_PAUSED = "paused"
"""An alert that came during a pause; the pause itself is ``pause``."""
KINDS = (*DEFAULT, *MORE, OF_PAUSED)
URGENT = (
    *("refused_exit", "unknown", "failing", "not_placed", "expired", "rejected", "stop", "pause"),
    *("silent", "in_part"),
)
"""First where there are more than are told one by one."""
WITH = {"in_part": "accepted"}
"""Told too where this one is chosen."""
