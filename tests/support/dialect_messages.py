"""The messages of other tools, as the document of them has them."""

from __future__ import annotations

import re
from typing import NamedTuple

from tests.support.project import ROOT

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

    def filled(self, token: str, **values: str) -> str:
        """With the token and a value for each placeholder in it, by its name."""
        text = self.message.replace("YOUR-TOKEN", token)
        for name, value in values.items():
            text = text.replace("{{" + name + "}}", value)
        assert "{{" not in text
        return text


EXAMPLES = [
    Example(title, *match.groups())
    for title, text in SECTIONS.items()
    for match in re.finditer(
        r"```(?:json|text)\n(.*?)\n```\n```json becomes\n(.*?)\n```", text, re.DOTALL
    )
]
BY_TITLE = {example.title: example for example in EXAMPLES}
