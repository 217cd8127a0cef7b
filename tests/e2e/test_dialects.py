"""Messages of other tools, from the wire to the order, each proved by the secret in the tool's own
field."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from tests.support.dialect_messages import BY_TITLE
from tests.support.served_function import check, utc


def message(title: str, token: str, **changes) -> bytes:
    text = BY_TITLE[title].filled(token, ticker="BTCUSD", close="60000", timenow=utc())
    if not changes:
        return text.encode()
    return json.dumps({**json.loads(text), **changes}).encode()


def sent(kraken, answer) -> dict[str, str]:
    (call,) = kraken.calls_about(answer["client_order_id"])
    return call["params"]


@pytest.mark.parametrize(
    ("title", "changes", "expected"),
    [
        ("OKX signal bot", {"amount": "20"}, {"type": "buy", "volume": "20", "oflags": "viqc"}),
        ("3Commas DCA bot", {"volume": 21}, {"type": "buy", "volume": "21", "oflags": "viqc"}),
        ("Altrady's signal bot", {"quote_amount": 22}, {"type": "buy", "volume": "22"}),
    ],
)
def test_an_entry_becomes_the_order_that_the_tool_would_have_sent(
    live, kraken, title, changes, expected
):
    evidence = live.evidence
    time = {"timestamp": utc()} if title == "OKX signal bot" else {}
    answer = check(
        live.post(message(title, evidence.secrets.token, **changes, **time)), 200, "accepted"
    )
    params = sent(kraken, answer)
    assert {name: params[name].split(".")[0] for name in expected} == expected


def test_the_first_of_a_strategy_is_answered_with_what_it_became_and_kept(live, kraken, evidence):
    token = evidence.secrets.strategy_token
    body = message("TV-Hub", token, unitsType=None, unitsPercent=None, units="0.0002")
    first = check(live.post(body), 200, "accepted")
    told = (
        'Read as a message of TV-Hub; in our own fields it is {"symbol": "BTCUSD", "action": "buy"'
    )
    assert any(warning.startswith(told) for warning in first["warnings"])
    resent = check(live.post(body), 200, "accepted")
    assert resent["replayed"] is True
    assert any(warning.startswith(told) for warning in resent["warnings"])
    other = message("TV-Hub", token, unitsType=None, unitsPercent=None, units="0.0003")
    later = check(live.post(other), 200, "accepted")
    assert not any("Read as a message" in warning for warning in later["warnings"])
    assert len({first["order_id"], later["order_id"]}) == 2


def test_a_text_is_read_too_and_a_wrong_secret_in_it_is_401(live, kraken, evidence):
    text = f"key={evidence.secrets.token};command=PLACE;instrument=BTCUSD;action=BUY;qty=0.0001;"
    answer = check(live.post(text.encode()), 200, "accepted")
    assert sent(kraken, answer)["volume"] == "0.0001"
    wrong = text.replace(evidence.secrets.token, "not-the-token-0123456789")
    check(live.post(wrong.encode()), 401, "unauthenticated")


def test_what_is_refused_leaves_nothing_behind(live, kraken, evidence):
    before = len(kraken.calls())
    body = message("OKX signal bot", evidence.secrets.token, investmentType="contract")
    check(live.post(body), 400, "alert_malformed", "investmentType")
    autoview = check(live.post(b"e=kraken s=btcusd b=buy q=0.01"), 400, "alert_malformed")
    assert "This is Autoview syntax" in autoview["error"]
    assert len(kraken.calls()) == before


def test_an_exit_sells_of_what_its_strategy_bought_and_a_resend_of_it_does_not(
    live, kraken, evidence
):
    body = message("OKX signal bot", evidence.secrets.token, action="EXIT_LONG", timestamp=utc(),
                   investmentType="percentage_position", amount="50")  # fmt: skip
    entry = message("OKX signal bot", evidence.secrets.token, amount="30", timestamp=utc())
    check(live.post(entry), 200, "accepted")
    answer = check(live.post(body), 200, "accepted")
    assert sent(kraken, answer)["type"] == "sell"
    assert Decimal(sent(kraken, answer)["volume"]) < Decimal(
        "0.1"
    )  # of the whole bitcoin that is held
    again = check(live.post(body), 200, "accepted")
    assert (again["replayed"], again["order_id"]) == (True, answer["order_id"])


def test_what_planning_refuses_is_told_by_the_tools_own_name(live, kraken, evidence):
    unknown = message(
        "OKX signal bot", evidence.secrets.token, instrument="FOO-BAR", timestamp=utc()
    )
    answer = live.post(unknown)
    # What Kraken's pairs are decides which of the two, and other tests may have asked for them.
    assert (answer.status, answer["code"]) in ((400, "alert_malformed"), (422, "order_denied"))
    assert answer["field"] == "symbol"
    assert answer["error"].endswith("In this message of OKX' signal bot it is instrument.")
