"""The messages of other tools, as the document of them has them, with TradingView's values in."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import NamedTuple

from tests.support.intake import NOW, TOKEN
from tests.support.project import ROOT
from webhook_core.operations.placeholders import fill

README = (ROOT / "webhook_core" / "intake" / "dialects" / "README.md").read_text("utf-8")
SECTIONS = {
    part.partition("\n")[0]: part for part in re.split(r"^## ", README, flags=re.MULTILINE)[1:]
}
REFUSED = re.findall(r"^\| (\w+) \| `(.+)` \|$", SECTIONS["Recognised to be refused"], re.MULTILINE)


class Example(NamedTuple):
    """``title``: of its section. ``message``: with placeholders and without a token."""

    title: str
    message: str
    becomes: str

    def body(self, token: str = TOKEN, now=NOW) -> bytes:
        filled = fill(self.message.replace("YOUR-TOKEN", token), now, Decimal(60000))
        assert filled.unknown == ()
        return filled.text.encode()


EXAMPLES = [
    Example(title, *match.groups())
    for title, text in SECTIONS.items()
    for match in re.finditer(
        r"```(?:json|text)\n(.*?)\n```\n```json becomes\n(.*?)\n```", text, re.DOTALL
    )
]
BY_TITLE = {example.title: example for example in EXAMPLES}
