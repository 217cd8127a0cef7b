"""What the composer may do with the operator's login: have a scoped token signed. The keys stay
here; the message itself is tried on the route that only validates, like any other."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, timedelta

from webhook_core.errors import AlertMalformed
from webhook_core.intake import scoped_tokens
from webhook_core.intake.caveats import permit_of, written
from webhook_core.intake.credentials import TokenKey
from webhook_core.settings.settings import Settings
from webhook_core.web.messages import HttpRequest, HttpResponse, NotFound, json_response
from webhook_core.web.operators import NotOperator, Operators
from webhook_core.web.pages.login import Logins, Sessions, form_of

LASTS = timedelta(days=90)
"""What the form proposes."""


@dataclass(slots=True)
class Composing:
    """Every method raises NotFound where there is no operator token."""

    operators: Operators
    settings: Settings

    def session(self, request: HttpRequest) -> HttpResponse:
        """What a page needs to show more than the form; nothing for whoever is not logged in."""
        current = self._current(request)
        if current is None:
            return _answer({"proof": None})
        proof = self._sessions().form_proof(current)
        expires = (self._today() + LASTS).isoformat()
        return _answer({"proof": proof, "mints": bool(self._keys()), "expires": expires})

    def mint(self, request: HttpRequest) -> HttpResponse:
        """``strategy``, ``expires``, ``pairs`` and ``max_cost``. Raises NotOperator for a form
        without its session, AlertMalformed for a field that can't be used."""
        current, said = self._current(request), form_of(request)
        if current is None or not self._sessions().is_form_of(current, said.get("proof", "")):
            raise NotOperator("a form of the composer without its session")
        return _answer({"token": self._minted(said)})

    def _minted(self, said: Mapping[str, str]) -> str:
        keys = self._keys()
        if not keys:
            raise NotFound("No such route.")
        strategy, known = said.get("strategy", "").strip(), self.settings.strategies
        if not strategy or (known and strategy not in known):
            raise AlertMalformed(
                f"The strategy must be named{': ' + ', '.join(sorted(known)) if known else ''}.",
                field="strategy",
            )
        options = {
            "p": [part.strip() for part in said.get("pairs", "").split(",") if part.strip()],
            "c": ["".join(part.split()).upper() for part in said.get("max_cost", "").split(",")],
        }
        options["c"] = [part for part in options["c"] if part]
        key, ends = keys[0], _day(said.get("expires", ""), self._today())
        try:
            made = scoped_tokens.mint(
                key.secret, key.name, secrets.token_hex(3), strategy, written(options, ends)
            )
            permit_of(made, self.operators.clock.now())
        except ValueError as error:
            raise AlertMalformed(f"The token {error}.") from None
        return made.text

    def _keys(self) -> list[TokenKey]:
        return [each for each in self.settings.credentials if isinstance(each, TokenKey)]

    def _today(self) -> date:
        return self.operators.clock.now().astimezone(UTC).date()

    def _current(self, request: HttpRequest) -> str | None:
        return Logins(self.operators).current(request.headers)

    def _sessions(self) -> Sessions:
        return Logins(self.operators).sessions


def _day(text: str, today: date) -> date:
    try:
        ends = date.fromisoformat(text.strip())
    except ValueError:
        ends = date.min
    if not today <= ends <= today + timedelta(days=366):
        raise AlertMalformed("Its last day is within a year, such as 2027-03-31.", field="expires")
    return ends


def _answer(document: Mapping[str, object]) -> HttpResponse:
    response = json_response(200, dict(document))
    return response._replace(headers={**response.headers, "cache-control": "no-store"})
