"""The refusal of an operator's route, which is about no alert."""

from __future__ import annotations

from webhook_core.errors import Unauthenticated


class NotOperator(Unauthenticated):
    """On an operator's route: no token, or a wrong one."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.message = "This route wants the operator token: Authorization: Bearer OPERATOR_TOKEN."
        self.args = (self.message,)
