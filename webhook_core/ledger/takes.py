"""What a claim takes with it: places of a count, each in a document beside the ledger that is
written in one step with the claim, or not at all."""

from __future__ import annotations

from typing import Protocol


class Take(Protocol):
    """``name``: of the document."""

    @property
    def name(self) -> str: ...

    def after(self, text: str | None) -> str | None:
        """The document with what is taken, of how it is now (None: absent); None where it stays.

        Raises WebhookError where nothing may be taken: then the claim is not made, and no document
        is written.
        """
