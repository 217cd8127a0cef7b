"""What users of other tools paste: the right order with nothing dropped, or an exact refusal."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tests.support.intake import ALL_CREDENTIALS, NOW, TOKEN, request
from tests.support.pasted_messages import ROWS
from tests.support.row_by_row import row_by_row
from tests.support.scoped_tokens import KEY, scoped
from webhook_core.errors import AlertMalformed, WebhookError
from webhook_core.intake import json_body
from webhook_core.intake.authentication import verify
from webhook_core.intake.credentials import TokenKey
from webhook_core.intake.dialects import texts
from webhook_core.intake.dialects.registry import DIALECTS
from webhook_core.intake.other_tools import in_ours
from webhook_core.intake.parse import parse
from webhook_core.trading.from_alert import intents
from webhook_core.trading.rules import Size

IN_THE_URL = ("TradersPost", "WunderTrading")
READ = [row for row in ROWS if isinstance(row.becomes, dict)]
REFUSED = [row for row in ROWS if not isinstance(row.becomes, dict)]
CONFIGURED = Size(Decimal("0.01"), "base")


def name_of(row):
    return f"{row.tool}: {row.what}"


def raw(body) -> bytes:
    text = body if isinstance(body, str) else json.dumps(body)
    return text.replace('"TOKEN"', f'"{TOKEN}"').replace("=TOKEN", f"={TOKEN}").replace(
        "= TOKEN", f"= {TOKEN}").encode()  # fmt: skip


def taken(row, body=None):
    """As its tool sends it: with the secret in its own place, or with the token in the URL."""
    asked = request(raw(row.body if body is None else body))
    if row.tool not in IN_THE_URL:
        return in_ours(verify(asked, ALL_CREDENTIALS, NOW, anonymous_allowed=False))
    asked, within = asked._replace(url_token=scoped()), datetime(2026, 11, 22, 12, tzinfo=UTC)
    return in_ours(verify(asked, (TokenKey("k2", KEY),), within, anonymous_allowed=False))


def plain(value):
    return f"{value:f}" if isinstance(value, Decimal) else value


@row_by_row
@pytest.mark.parametrize("row", READ, ids=name_of)
def test_it_becomes_the_order_that_it_means_with_nothing_dropped(row):
    said = taken(row)
    assert said.translated.tool == row.tool
    assert {name: plain(value) for name, value in said.fields.items()} == row.becomes
    planned = intents(parse(said), CONFIGURED)[0]
    if row.volume is not None:
        assert planned.volume == Decimal(row.volume)


@row_by_row
@pytest.mark.parametrize("row", REFUSED, ids=name_of)
def test_it_is_refused_by_the_tools_own_name_with_what_to_change(row):
    with pytest.raises(AlertMalformed) as caught:
        taken(row)
    field, advice = row.becomes
    assert (caught.value.field, advice in caught.value.message) == (field, True), (
        caught.value.message
    )
    assert TOKEN not in caught.value.message


@row_by_row
@pytest.mark.parametrize("row", ROWS, ids=name_of)
def test_exactly_one_dialect_recognises_it(row):
    body = raw(row.body)
    found = None if body.lstrip().startswith(b"{") else texts.read(body)
    fields = found[0] if found else json_body.parse(body)
    assert [dialect.tool for dialect in DIALECTS if dialect.recognises(fields)] == [row.tool]


def side_of(alert):
    return {"close": "sell", "cancel": "cancel"}.get(alert.action) or alert.side


@row_by_row
@pytest.mark.parametrize("row", [row for row in REFUSED if isinstance(row.body, dict)], ids=name_of)
def test_a_name_less_is_a_refusal_or_what_the_rest_asks_for(row):
    """Without the name at fault the rest may be an order, but never on the other side."""
    told = str(row.body.get("action") or row.body.get("side") or row.body.get("data") or "").lower()
    inner = row.body.get("strategy") or {}
    told = told or str(inner.get("order_action") or "").lower()
    for name in row.body:
        rest = {other: value for other, value in row.body.items() if other != name}
        with suppress(WebhookError):
            alert = parse(taken(row, rest))
            assert (told, side_of(alert)) not in (("buy", "sell"), ("sell", "buy")), name
            assert "short" not in told, name
