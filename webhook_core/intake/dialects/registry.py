"""Every dialect, and which one of them a body is."""

from __future__ import annotations

from webhook_core.intake.dialects import (
    altrady,
    crosstrade,
    finandy,
    nested,
    octobot,
    okx,
    pickmytrade,
    threecommas_dca,
    threecommas_signal,
    traderspost,
    tvhub,
    wundertrading,
)
from webhook_core.intake.dialects.dialect import Dialect, Fields

DIALECTS: tuple[Dialect, ...] = tuple(
    module.DIALECT
    for module in (
        nested,
        traderspost,
        threecommas_signal,
        threecommas_dca,
        okx,
        altrady,
        pickmytrade,
        finandy,
        tvhub,
        wundertrading,
        octobot,
        crosstrade,
    )
)
_TEXTS_TOO = wundertrading.DIALECT.tool


def recognised(fields: Fields, *, is_text: bool = False) -> Dialect | None:
    """The one dialect that these names, secrets included, are of; None for none and for several."""
    found = [
        dialect
        for dialect in DIALECTS
        if (dialect.is_text == is_text or dialect.tool == _TEXTS_TOO) and dialect.recognises(fields)
    ]
    return found[0] if len(found) == 1 else None


def named(tool: str) -> Dialect:
    return next(dialect for dialect in DIALECTS if dialect.tool == tool)
