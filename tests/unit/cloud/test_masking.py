"""Whatever looks like a scoped token is in no line, and the line stays one."""

from __future__ import annotations

import json

import pytest

from tests.support.row_by_row import row_by_row
from tests.support.scoped_tokens import scoped
from webhook_core.cloud.masking import masked

TOKEN = scoped("p=BTC/USD", "x=order,close", "c=200USD")


@row_by_row
@pytest.mark.parametrize(
    ("text", "left"),
    [
        (TOKEN, "***"),
        (f"POST /webhook/tradingview/{TOKEN} HTTP/1.1", "POST /webhook/tradingview/*** HTTP/1.1"),
        (f"x{TOKEN}", "x***"),
        (f"{TOKEN} and {TOKEN}", "*** and ***"),
        (TOKEN.replace("/", "\\/"), "***"),
        (TOKEN.replace("~", "%7E"), "***"),
        ("tk1. is how they begin", "tk1. is how they begin"),
        ("nothing of it", "nothing of it"),
    ],
)
def test_it_is_masked_as_far_as_it_goes(text, left):
    assert masked(text, []) == left


@pytest.mark.parametrize(
    "fact", [TOKEN, f'"{TOKEN}"', f"{TOKEN}\\", f'{TOKEN}\\"', f"{TOKEN}\n{TOKEN}", f"{TOKEN}\\\\"]
)
def test_a_line_of_json_stays_one(fact):
    once = masked(json.dumps({"fact": fact, "next": 1}), [])
    assert json.loads(once)["next"] == 1
    assert "tk1" not in once
    twice = masked(json.dumps({"fact": json.dumps({"fact": fact})}), [])
    assert "tk1" not in twice
    assert json.loads(twice)
