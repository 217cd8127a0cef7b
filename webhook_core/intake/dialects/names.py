"""The names of another tool's message: each is mapped, idle or refused, and none is dropped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from webhook_core.errors import AlertMalformed
from webhook_core.intake.field_names import Sent, is_missing, normalise, shown_name
from webhook_core.intake.field_values import flag, number_or_zero, order_text, shown

OWN = ("fired_at", "strategy_name", "validate")
"""Fields of ours that may stand beside those of any tool that writes JSON."""
NO_SHORTS = "spot has no short positions: trade long only"
NO_BOT = "there is no bot here to start or stop: leave the alert out"
_OFF_TEXTS = frozenset(("", "0", "false", "none", "null", "off"))
_SECRETS = frozenset(
    ("token", "secret", "passphrase", "emailtoken", "signaltoken", "apikey", "apisecret")
)
"""The names under which a message of any tool carries its secret."""


class Table(NamedTuple):
    """What becomes of each name. ``refused``: name -> the sentence that says what to change."""

    mapped: frozenset[str]
    idle: frozenset[str]
    refused: Mapping[str, str]


def table(mapped: str, idle: str = "", refused: Mapping[str, str] | None = None) -> Table:
    """Names apart by blanks, in ``refused`` too."""
    return Table(frozenset(mapped.split()), frozenset(idle.split()), _each(refused or {}))


def words(taken: str, refused: Mapping[str, str] | None = None) -> dict[str, str]:
    """What a name may hold: word -> why it is refused, nothing for one that is taken. Words apart
    by blanks, in ``refused`` too."""
    return dict.fromkeys(taken.split(), "") | _each(refused or {})


def _each(sentences: Mapping[str, str]) -> dict[str, str]:
    return {name: why for names, why in sentences.items() for name in names.split()}


class Names:
    """One object of a message. ``place`` stands before its names in errors; ``notes`` are sentences
    for the answer's warnings, ``came_from`` tells which of their names became which field, and
    ``secret_place`` is the sentence on where the tool's secret stands. ``objects``: all of the
    message's, of which ``looked_at`` has the names that somebody asked for."""

    def __init__(
        self, tool: str, fields: Mapping[str, Any], rows: Table, above: Names | None = None
    ) -> None:
        self.tool = tool
        self.fields = fields
        self.rows = rows
        self.place = ""
        self.secret_place: str = above.secret_place if above else ""
        self.notes: list[str] = above.notes if above else []
        self.came_from: dict[str, str] = above.came_from if above else {}
        self.looked_at: set[str] = set()
        self.objects: list[Names] = above.objects if above else []
        self.objects.append(self)

    def check(self) -> Names:
        """Raises AlertMalformed for all that is refused or unknown, at once."""
        sentences: dict[str, list[str]] = {}
        first = None
        for name, value in self.fields.items():
            why = self._refusal(name, value)
            if why is not None:
                first = first or self.place + self._shown(name)
                sentences.setdefault(why, []).append(self.place + self._shown(name))
        if sentences:
            listed = " ".join(f"{', '.join(names)}: {why}." for why, names in sentences.items())
            raise AlertMalformed(f"This is a message of {self.tool}. {listed}", field=first)
        return self

    def pass_over(self, *names: str) -> None:
        """These say nothing of what the message asks for: one template serves several kinds."""
        self.looked_at.update(names)

    def check_all_read(self) -> None:
        """Raises AlertMalformed for a name that says something and that nobody looked at: it goes
        with another kind of this tool's messages, and dropped it would be another order."""
        for one in self.objects:
            for name, value in one.fields.items():
                if name in one.rows.mapped and name not in one.looked_at and not is_off(value):
                    raise one.fault(
                        name, "does not go with what the message asks for: leave it out"
                    )

    def _refusal(self, name: str, value: object) -> str | None:
        if name in self.rows.mapped or name in self.rows.idle:
            return None
        if name in self.rows.refused:
            return (
                None if is_off(value) or _is_no_leverage(name, value) else self.rows.refused[name]
            )
        if any_secret((name,)):
            return f"remove it; {self.secret_place}"
        return f"is no name that is known of {self.tool}'s messages: remove it"

    def _shown(self, name: str) -> str:
        """Whole where it is the tool's own, for then it is no token."""
        return name if name in self.rows.refused else shown_name(name).strip("'")

    def has(self, name: str) -> bool:
        """Whether it says anything."""
        return not is_missing(self._raw(name))

    def raw(self, name: str) -> Any:
        """Its value as it came, None where it is missing or empty."""
        value = self._raw(name)
        return None if is_missing(value) else value

    def on(self, name: str) -> Any:
        """Its value, None where it is off: missing, empty, false or zero."""
        value = self._raw(name)
        return None if is_off(value) else value

    def word(self, name: str, known: Mapping[str, str]) -> str | None:
        """The word, None where it is missing. ``known``: see ``words``."""
        if not self.has(name):
            return None
        text = order_text(self.sent(name)).strip().lower()
        if text not in known:
            taken = ", ".join(word for word, why in known.items() if not why)
            raise self.fault(name, f"must be {taken}, not {shown(self.raw(name))}")
        if known[text]:  # a word of the table is no secret, however long
            raise self.fault(name, f"is '{text}': {known[text]}")
        return text

    def needed(self, name: str, known: Mapping[str, str], what: str) -> str:
        """The same; ``what`` is to be sent where it is missing."""
        word = self.word(name, known)
        if word is None:
            raise self.missing(name, what)
        return word

    def refuse(self, why: str, *names: str) -> None:
        """Raises AlertMalformed for the first of these that is not off."""
        for name in names:
            if self.on(name) is not None:
                raise self.fault(name, why)

    def flag(self, name: str) -> bool:
        """False where it is missing."""
        return self.has(name) and flag(self.sent(name))

    def amount(self, name: str) -> Decimal | None:
        """A number, None where it is missing or zero."""
        return (number_or_zero(self.sent(name)) or None) if self.has(name) else None

    def inner(self, name: str, rows: Table) -> Names:
        """The object of that name, checked alike; without any name where it is missing."""
        value = self._raw(name)
        if is_off(value):
            value = {}
        if not isinstance(value, Mapping):
            raise self.fault(name, f"must be an object, not {shown(value)}")
        found = Names(self.tool, value, rows, above=self)
        found.place = f"{self.place}{name}."
        return found.check()

    def ours(self, **names: str) -> dict[str, Any]:
        """Fields of ours with the values of these names, as they came; without those that are
        missing."""
        said = {}
        for field, name in names.items():
            if self.has(name):
                said[field] = self.raw(name)
                self.came_from[field] = self.place + name
        return said

    def unless_off(self, **names: str) -> dict[str, Any]:
        """The same, without those that are off."""
        return self.ours(
            **{field: name for field, name in names.items() if self.on(name) is not None}
        )

    def sent(self, name: str) -> Sent:
        return Sent(self.place + name, self.place + name, self._raw(name))

    def fault(self, name: str, text: str) -> AlertMalformed:
        """The sentence "<name> <text>." as an error on this name."""
        place = self.place + name
        return AlertMalformed(f"This is a message of {self.tool}. {place} {text}.", field=place)

    def missing(self, name: str, what: str) -> AlertMalformed:
        return self.fault(name, f"is missing: {what}")

    def _raw(self, name: str) -> Any:
        self.looked_at.add(name)
        return self.fields.get(name)


def any_secret(names: Iterable[str]) -> bool:
    return any(normalise(name) in _SECRETS for name in names)


def is_off(value: object) -> bool:
    """Nothing, no, or none of it: what tools write into a name that they do not use."""
    if isinstance(value, str):
        text = value.strip().lower()
        return text in _OFF_TEXTS or (text.startswith("0.") and not text.strip("0."))
    return not value


def _is_no_leverage(name: str, value: object) -> bool:
    """One time what there is: spot, as it is here."""
    return name.lower() == "leverage" and str(value).strip().rstrip("xX") in ("1", "1.0")


def framing(names: Names) -> dict[str, Any]:
    """What of ours stands beside the tool's own names."""
    return names.ours(**{name: name for name in OWN if name in names.rows.mapped})
