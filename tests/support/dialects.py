"""The messages of other tools with TradingView's values in, as the bridge's own
``explain`` fills them in."""

from __future__ import annotations

from decimal import Decimal

from tests.support import dialect_messages
from tests.support.dialect_messages import README, REFUSED, SECTIONS
from tests.support.intake import NOW, TOKEN
from webhook_core.operations.placeholders import fill

__all__ = ["BY_TITLE", "EXAMPLES", "README", "REFUSED", "SECTIONS", "Example"]


class Example(dialect_messages.Example):
    """Can be a body."""

    def body(self, token: str = TOKEN, now=NOW) -> bytes:
        filled = fill(self.message.replace("YOUR-TOKEN", token), now, Decimal(60000))
        assert filled.unknown == ()
        return filled.text.encode()


EXAMPLES = [Example(*example) for example in dialect_messages.EXAMPLES]
BY_TITLE = {example.title: example for example in EXAMPLES}
