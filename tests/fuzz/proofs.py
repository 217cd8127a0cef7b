"""Every way to prove an alert, right and wrong. ``Proved.may_trade`` is the fuzz's own opinion,
made before the function has one: False where nothing in the request can be a proof."""

from __future__ import annotations

import base64
import hmac
import json
from datetime import datetime
from random import Random
from typing import Any, NamedTuple

from tests.fuzz import alerts, tools
from tests.fuzz.secrets import (
    ALERTS_PROVED_BY,
    EVERY,
    NEXT_TOKEN,
    OPERATOR,
    SIGNING,
    STANDARD,
    TOKEN,
)
from tests.support.scoped_tokens import narrowed, scoped

CAVEATS = ["p=BTC/USD", "x=order,close", "s=buy", "o=market", "c=200USD", "n=20"]
NAMES = ("token", "secret", "passphrase")
KEY = base64.b64decode(STANDARD.removeprefix("whsec_"))


class Proved(NamedTuple):
    how: str
    body: bytes
    headers: dict[str, str]
    may_trade: bool
    path: str | None = None


def proved(dice: Random, alert: dict[str, Any], now: datetime) -> Proved:
    make = dice.choice([
        right_token, right_token, right_token, right_signature, right_message, wrong_token,
        wrong_token, elsewhere,
        two_tokens, tools_message, tools_message, right_scoped, right_scoped, wrong_scoped,
        wrong_signature, wrong_message, beside, nothing,
    ])  # fmt: skip
    how, body, headers, may_trade, path = make(dice, alert, now)
    if dice.random() < 0.12:  # whatever was signed is not what arrives; a token may still be in it
        if path is not None:
            return Proved(how, body, headers, may_trade, path)
        whole, body = body, alerts.damaged(dice, body)
        if body == whole:
            return Proved(how, body, headers, may_trade)
        # A name or a letter may have been what was wrong with it.
        held = any(token.encode() in body for token in (*ALERTS_PROVED_BY, "tk1."))
        unsigned = not any(name in headers for name in SIGNED)
        return Proved(f"{how}, damaged", body, headers, held and unsigned)
    return Proved(how, body, headers, may_trade, path)


SIGNED = ("x-signature", "webhook-id", "webhook-timestamp", "webhook-signature")


def right_token(dice: Random, alert: dict[str, Any], _now: datetime) -> Proved:
    name = dice.choice([*NAMES, "Token", "pass_phrase", "TOKEN"])
    body = {name: dice.choice(ALERTS_PROVED_BY), **alert}
    return Proved("right token", alerts.text(dice, body), {}, True)


def wrong_token(dice: Random, alert: dict[str, Any], _now: datetime) -> Proved:
    at = dice.randrange(len(TOKEN))
    wrong = dice.choice([
        TOKEN[:at], TOKEN[:at] + "x" + TOKEN[at + 1 :], TOKEN + "x", TOKEN.swapcase(), f" {TOKEN}",
        f"{TOKEN}\n", f"{TOKEN},{NEXT_TOKEN}",
        f"Bearer {TOKEN}", SIGNING, STANDARD, OPERATOR, "", None, True, 0, [TOKEN],
        {"token": TOKEN}, "*", ".*", "\x00", "{{token}}",
        TOKEN.replace("-", "\u2010"),
    ])  # fmt: skip
    if wrong == TOKEN:
        wrong = "x"
    body = {dice.choice(NAMES): wrong, **_without(alert)}
    return Proved("wrong token", alerts.text(dice, body), {}, False)


def elsewhere(dice: Random, alert: dict[str, Any], _now: datetime) -> Proved:
    """The right token, but not where it proves anything."""
    alert, headers = _without(alert), {}
    place = dice.randrange(4)
    if place == 0:
        headers[dice.choice(["authorization", "x-token", "token", "cookie"])] = TOKEN
    elif place == 1:
        headers["authorization"] = f"Bearer {dice.choice([TOKEN, OPERATOR])}"
    elif place == 2:
        alert[dice.choice(["auth", "custom_fields", "meta"])] = {"token": TOKEN}
    else:
        alert[dice.choice(["tokens", "api_key", "password", "id", "alert_message"])] = TOKEN
    return Proved("token elsewhere", alerts.text(dice, alert), headers, False)


def two_tokens(dice: Random, alert: dict[str, Any], _now: datetime) -> Proved:
    first, second = dice.sample(NAMES, 2)
    body = {first: TOKEN, second: dice.choice([TOKEN, "x", None]), **_without(alert)}
    return Proved("two tokens", alerts.text(dice, body), {}, False)


def right_signature(dice: Random, alert: dict[str, Any], _now: datetime) -> Proved:
    body = alerts.text(dice, alert)
    digest = hmac.digest(SIGNING.encode(), body, "sha256").hex()
    shown = dice.choice([digest, digest.upper(), f"sha256={digest}"])
    return Proved("right signature", body, {"x-signature": shown}, True)


def wrong_signature(dice: Random, alert: dict[str, Any], _now: datetime) -> Proved:
    body = alerts.text(dice, alert)
    right = hmac.digest(SIGNING.encode(), body, "sha256")
    others = [
        hmac.digest(key, body, "sha256").hex()
        for key in (TOKEN.encode(), STANDARD.encode(), KEY, b"x")
    ]
    shown = dice.choice([
        *others, right.hex()[:-1], right.hex()[:-1] + ("0" if right.hex()[-1] != "0" else "1"),
        f"sha1={right.hex()}",
        f"sha256={right.hex()}, sha256={right.hex()}", base64.b64encode(right).decode(), "",
        "0" * 64, "é" * 64,
        hmac.digest(SIGNING.encode(), body + b" ", "sha256").hex(),
    ])  # fmt: skip
    return Proved("wrong signature", body, {"x-signature": shown}, False)


def right_message(dice: Random, alert: dict[str, Any], now: datetime) -> Proved:
    body = alerts.text(dice, alert)
    headers = _message(
        f"msg_{dice.randrange(10**9)}",
        int(now.timestamp()) + dice.choice([-299, 0, 299]),
        body,
        KEY,
    )
    if dice.random() < 0.3:
        headers["webhook-signature"] = f"v1a,AAAA v1,AAAA {headers['webhook-signature']}"
    if dice.random() < 0.1:
        headers = _message(TOKEN, int(now.timestamp()), body, KEY)  # kept, it would be shown
    return Proved("right message", body, headers, True)


def wrong_message(dice: Random, alert: dict[str, Any], now: datetime) -> Proved:
    body, at = alerts.text(dice, alert), int(now.timestamp())
    headers = _message("msg_1", at, body, KEY)
    kind = dice.randrange(8)
    if kind == 0:
        headers = _message("msg_1", at + dice.choice([-302, 302, -(10**6)]), body, KEY)
    elif kind == 1:
        headers.pop(dice.choice([*headers]))
    elif kind == 2:
        headers["webhook-id"] = dice.choice(["msg_2", "", "a.b", "x" * 65, TOKEN])
    elif kind == 3:
        headers["webhook-timestamp"] = dice.choice(
            [f"{at}.0", f"+{at}", "", "x", f"{at} ", "٣", str(at + 1), "9" * 400]
        )
    elif kind == 4:
        headers["webhook-signature"] = dice.choice(
            [
                "",
                "v1,",
                "v1,=",
                "v2," + headers["webhook-signature"][3:],
                headers["webhook-signature"][3:],
            ]
        )
    elif kind == 5:
        headers = _message(
            "msg_1",
            at,
            body,
            dice.choice([SIGNING.encode(), STANDARD.encode(), TOKEN.encode(), b"x"]),
        )
    elif kind == 6:
        headers = _message("msg_1", at, body + b" ", KEY)
    else:
        headers["x-signature"] = "0" * 64
    return Proved("wrong message", body, headers, False)


def beside(dice: Random, alert: dict[str, Any], now: datetime) -> Proved:
    """A signing header that does not verify, beside the right token."""
    wrong = dice.choice([wrong_signature, wrong_message])(
        dice, {"token": TOKEN, **_without(alert)}, now
    )
    return wrong._replace(how="wrong signature beside a right token")


def tools_message(dice: Random, _alert: dict[str, Any], now: datetime) -> Proved:
    """As another tool writes it, with its own name for the proof; signed; or to the URL."""
    kind = dice.randrange(6)
    if kind < 4:
        right = dice.random() < 0.6
        token = dice.choice(ALERTS_PROVED_BY if right else [TOKEN[:-1], OPERATOR, "x", SIGNING])
        body = tools.message(dice, token, now)
        held = any(proof.encode() in body for proof in (*ALERTS_PROVED_BY, "tk1."))
        return Proved("another tool's message", body, {}, held)
    body = tools.message(dice, "a secret of the tool's own", now)
    if kind == 4:
        digest = hmac.digest(SIGNING.encode(), body, "sha256").hex()
        return Proved("another tool's, signed", body, {"x-signature": digest}, True)
    path = f"/webhook/tradingview/{scoped(*dice.sample(CAVEATS, dice.randrange(3)))}"
    return Proved("another tool's, to the URL", body, {}, True, path)


def right_scoped(dice: Random, alert: dict[str, Any], _now: datetime) -> Proved:
    """With caveats or without; what it allows is for the function to say, so it may trade."""
    token = scoped(*dice.sample(CAVEATS, dice.randrange(3)))
    if dice.random() < 0.3:
        token = narrowed(token, dice.choice(["n=5", "x=order,close", "c=500USD"]))
    return _bearing(dice, alert, token, may_trade=True)


def wrong_scoped(dice: Random, alert: dict[str, Any], _now: datetime) -> Proved:
    token = scoped("p=BTC/USD", "s=buy")
    head, *caveats, signature = token.split("~")
    wrong = dice.choice([
        "~".join([head, *caveats[1:], signature]), "~".join([head, *caveats[:-1], signature]),
        "~".join([head, *caveats]),
        "~".join([head, *caveats, "s=sell", signature]), token.replace("s=buy", "s=sell"),
        token.replace("k2", "k1"),
        token.replace(".trend", ".other"), token.replace("a7f3", "a7f4"), token[:-1], token + "A",
        token.swapcase(),
        scoped(token_id="dead"), scoped("z=1"), scoped("p="),
        scoped(key=b"x" * 32), scoped(key_id="k9"),
        narrowed(scoped(token_id="dead"), "n=1"), head, f"{head}~{signature}", "tk1.",
        "tk1.k2.a7f3.trend~e=20270331~",
    ])  # fmt: skip
    return _bearing(dice, alert, wrong, may_trade=False)


def _bearing(dice: Random, alert: dict[str, Any], token: str, *, may_trade: bool) -> Proved:
    """In the body, or in the path, where some functions read it."""
    how = f"{'right' if may_trade else 'wrong'} scoped token"
    if dice.random() < 0.3:
        body = alerts.text(dice, _without(alert))
        return Proved(f"{how} in the path", body, {}, may_trade, f"/webhook/tradingview/{token}")
    return Proved(how, alerts.text(dice, {"token": token, **_without(alert)}), {}, may_trade)


def nothing(dice: Random, alert: dict[str, Any], _now: datetime) -> Proved:
    return Proved("no proof", alerts.text(dice, _without(alert)), {}, False)


def _without(alert: dict[str, Any]) -> dict[str, Any]:
    """No token of its own may be left in what is to have none: a strange field may be called so."""
    kept = {
        name: value for name, value in alert.items()
        if name.lower().replace("_", "").replace("-", "").replace(" ", "") not in NAMES
    }  # fmt: skip
    return kept if not any(secret in json.dumps(kept) for secret in EVERY) else dict(alerts.PLAIN)


def _message(webhook_id: str, at: int, body: bytes, key: bytes) -> dict[str, str]:
    digest = hmac.digest(key, f"{webhook_id}.{at}.".encode() + body, "sha256")
    return {
        "webhook-id": webhook_id, "webhook-timestamp": str(at),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }  # fmt: skip
