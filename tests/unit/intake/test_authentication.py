"""Who may send an alert, and that nobody else learns anything."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.support.intake import (
    ALL_CREDENTIALS,
    NOW,
    SW_CREDENTIAL,
    SW_KEY,
    SW_SECRET,
    TOKEN,
    TOKEN_CREDENTIAL,
    X_CREDENTIAL,
    X_SECRET,
    bound,
    request,
    standard_webhooks,
    x_signature,
)
from tests.support.row_by_row import row_by_row
from webhook_core.errors import AlertMalformed, Unauthenticated
from webhook_core.intake.authentication import verify
from webhook_core.intake.credentials import (
    Credential,
    Scheme,
    looks_signed,
    signing_credential,
    token_credential,
)

BODY = b'{"symbol": "BTC/USD", "side": "buy", "volume": 0.10}'
STAMP = int(NOW.timestamp())


def with_token(**fields):
    return json.dumps({"symbol": "BTC/USD", **fields}).encode()


def check(body, headers=None, credentials=ALL_CREDENTIALS, *, anonymous_allowed=False):
    return verify(request(body, headers), credentials, NOW, anonymous_allowed=anonymous_allowed)


def refused(body, headers=None, credentials=ALL_CREDENTIALS, *, anonymous_allowed=False):
    """The reason; checks on the way that the sender sees the one message and that no
    secret is in anything."""
    with pytest.raises(Unauthenticated) as caught:
        check(body, headers, credentials, anonymous_allowed=anonymous_allowed)
    error = caught.value
    assert (error.status, error.code, error.field) == (401, "unauthenticated", None)
    assert error.message == str(error) == "The alert carries no valid proof of its sender."
    told = f"{error!r} {error.reason} {error.args}"
    signatures = [
        value for name, value in (headers or {}).items() if "signature" in name and len(value) > 8
    ]
    for secret in (TOKEN, X_SECRET, SW_SECRET, *signatures):
        assert secret not in told
    assert error.__context__ is None
    return error.reason


# -- published examples


def test_the_example_of_the_standard_webhooks_libraries_verifies():
    credential = signing_credential("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "WEBHOOK_SECRET[0]")
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    now = datetime.fromtimestamp(1614265330, UTC)
    body = verify(
        request(b'{"test": 2432232314}', headers), [credential], now, anonymous_allowed=False
    )
    assert body.fields == {"test": Decimal(2432232314)}
    assert body.webhook_id == "msg_p5jXN8AQM9LWM0D4loKWxJek"


def test_the_example_of_githubs_documentation_verifies_as_x_signature_and_is_then_no_json():
    credential = signing_credential("It's a Secret to Everybody", "WEBHOOK_SECRET[0]")
    headers = {
        "x-signature": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    }
    with pytest.raises(AlertMalformed, match="not valid JSON"):
        check(b"Hello, World!", headers, [credential])
    assert "matches" in refused(b"Hello, World?", headers, [credential])


# -- what verifies


@pytest.mark.parametrize(
    "name", ["token", "secret", "passphrase", "Token", "SECRET", "pass_phrase", "pass-Phrase"]
)
def test_the_right_token_in_the_body_verifies_and_is_removed(name):
    body = check(with_token(**{name: TOKEN}))
    assert body.fields == {"symbol": "BTC/USD"}
    assert (body.scheme, body.key_id, body.strategy, body.webhook_id) == (
        Scheme.TOKEN,
        "WEBHOOK_TOKEN[0]",
        None,
        None,
    )


def test_the_hash_is_of_the_raw_body():
    raw = with_token(token=TOKEN)
    assert check(raw).body_sha256 == hashlib.sha256(raw).hexdigest()
    assert check(raw).body == raw


def test_a_token_that_is_not_ascii_verifies():
    credential = token_credential("schlüssel-für-märkte", "WEBHOOK_TOKEN[0]")
    assert (
        check(with_token(token="schlüssel-für-märkte"), credentials=[credential]).scheme
        is Scheme.TOKEN
    )


@pytest.mark.parametrize("prefix", ["", "sha256="])
@pytest.mark.parametrize("case", [str.lower, str.upper])
def test_x_signature_verifies_with_and_without_its_prefix_in_either_case(prefix, case):
    digest = x_signature(BODY)["x-signature"]
    body = check(BODY, {"x-signature": prefix + case(digest)})
    assert (body.scheme, body.key_id, body.webhook_id) == (
        Scheme.X_SIGNATURE,
        "WEBHOOK_SECRET[0]",
        None,
    )
    assert body.fields == {"symbol": "BTC/USD", "side": "buy", "volume": Decimal("0.10")}


def test_standard_webhooks_verifies_and_names_its_id():
    body = check(BODY, standard_webhooks(BODY, "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W"))
    assert (body.scheme, body.key_id) == (Scheme.STANDARD_WEBHOOKS, "WEBHOOK_SECRET[1]")
    assert body.webhook_id == "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W"


RIGHT = standard_webhooks(BODY)["webhook-signature"]
OTHER = "v1," + base64.b64encode(bytes(32)).decode()


@row_by_row
@pytest.mark.parametrize(
    "signatures",
    [
        f"{OTHER} {RIGHT}",
        f"{RIGHT} {OTHER}",
        f"v1a,AAAA {RIGHT}",
        f"v2,whatever {RIGHT}",
        f"nocomma {RIGHT}",
        f"v1,a,b {RIGHT}",
        f"  {RIGHT}",
        f"v1,abcde {RIGHT}",
        f"v1,é {RIGHT}",
        f", {RIGHT}",
        f"v1, {RIGHT}",
        f"v1,!!!! {RIGHT} v1",
        f"{OTHER}, {RIGHT}",  # two headers, as a server joins them
    ],
)
def test_one_right_signature_is_enough_and_malformed_parts_are_skipped(signatures):
    assert (
        check(BODY, {**standard_webhooks(BODY), "webhook-signature": signatures}).webhook_id
        == "msg_1"
    )


@pytest.mark.parametrize("offset", [-300, 0, 300])
def test_a_timestamp_may_differ_by_five_minutes_either_way(offset):
    assert check(BODY, standard_webhooks(BODY, timestamp=str(STAMP + offset)))


def test_both_schemes_verify_together():
    body = check(BODY, {**standard_webhooks(BODY), **x_signature(BODY)})
    assert (body.scheme, body.webhook_id) == (Scheme.STANDARD_WEBHOOKS, "msg_1")
    assert body.key_id == "WEBHOOK_SECRET[1]+WEBHOOK_SECRET[0]"


@pytest.mark.parametrize("scheme", ["token", "x", "sw"])
def test_every_configured_secret_of_a_scheme_is_tried(scheme):
    old_and_new = {
        "token": [
            token_credential("the-newest-token-of-all", "WEBHOOK_TOKEN[0]"),
            token_credential(TOKEN, "WEBHOOK_TOKEN[1]"),
        ],
        "x": [
            signing_credential("the-newest-secret-of-all", "S[0]"),
            signing_credential(X_SECRET, "S[1]"),
        ],
        "sw": [
            Credential(Scheme.STANDARD_WEBHOOKS, "S[0]", bytes(32)),
            signing_credential(SW_SECRET, "S[1]"),
        ],
    }[scheme]
    raw = with_token(token=TOKEN)
    headers = {"token": {}, "x": x_signature(raw), "sw": standard_webhooks(raw)}[scheme]
    assert check(raw, headers, old_and_new).key_id.endswith("[1]")


def test_no_comparison_ends_early(monkeypatch):
    compared = []
    real = hmac.compare_digest
    monkeypatch.setattr(hmac, "compare_digest", lambda a, b: (compared.append(1), real(a, b))[1])
    credentials = [
        token_credential(TOKEN, "T[0]"),
        token_credential("another-token-entirely", "T[1]"),
    ]
    check(with_token(token=TOKEN), credentials=credentials)
    assert len(compared) == 2
    compared.clear()
    keys = [SW_CREDENTIAL, Credential(Scheme.STANDARD_WEBHOOKS, "S[9]", bytes(32))]
    check(BODY, {**standard_webhooks(BODY), "webhook-signature": f"{RIGHT} {OTHER} {OTHER}"}, keys)
    assert len(compared) == 6


def test_the_strategy_is_the_one_that_the_credential_is_bound_to():
    credentials = [
        TOKEN_CREDENTIAL,
        Credential(Scheme.TOKEN, "trend:token", b"token-of-the-trend-strategy", "trend"),
    ]
    assert (
        check(with_token(token="token-of-the-trend-strategy"), credentials=credentials).strategy
        == "trend"
    )
    assert check(with_token(token=TOKEN), credentials=credentials).strategy is None


def test_secret_fields_are_removed_whatever_scheme_verified():
    raw = with_token(token="something", Secret=1, passphrase=None)
    assert check(raw, x_signature(raw)).fields == {"symbol": "BTC/USD"}
    assert check(raw, standard_webhooks(raw)).fields == {"symbol": "BTC/USD"}
    body = check(raw, credentials=[], anonymous_allowed=True)
    assert (body.fields, body.scheme, body.key_id) == ({"symbol": "BTC/USD"}, Scheme.NONE, None)


# -- what is refused


@row_by_row
@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"token": "wrong-token-entirely"},
        {"token": TOKEN[:-1]},
        {"token": TOKEN + "\n"},
        {"token": TOKEN.upper()},
        {"token": ""},
        {"token": "é"},
        {"token": None},
        {"token": 123},
        {"token": True},
        {"token": [TOKEN]},
        {"token": {"token": TOKEN}},
        {"token": TOKEN, "secret": ""},
        {"token": TOKEN, "passphrase": TOKEN},
        {"token": TOKEN, "Token": TOKEN},
        {"token": TOKEN, "secret": None},
        {"strategy": {"secret": TOKEN}},
        {"token": X_SECRET},
        {"token": SW_SECRET},
    ],
)
def test_a_body_without_exactly_one_right_token_is_401(fields):
    refused(with_token(**fields))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b'"' + TOKEN.encode() + b'"',
        b'{"token": "\xff"}',
        b'{"token": "\\ud800"}',
    ],
)
def test_an_unsigned_body_that_cannot_be_read_is_400(body):
    with pytest.raises(AlertMalformed):
        check(body)


@row_by_row
@pytest.mark.parametrize(
    "signature",
    [
        "",
        "sha256=",
        "00" * 32,
        "sha256=" + "00" * 32,
        "sha256=" + x_signature(BODY)["x-signature"][:-2],
        x_signature(BODY)["x-signature"] + "00",
        " " + x_signature(BODY)["x-signature"],
        x_signature(BODY)["x-signature"] + "\n",
        "SHA256=" + x_signature(BODY)["x-signature"],
        "sha1=" + x_signature(BODY)["x-signature"],
        " ".join(x_signature(BODY)["x-signature"][i : i + 2] for i in range(0, 64, 2)),
        "\uff11" * 64,
        "é" * 64,
        x_signature(BODY)["x-signature"] + ", " + x_signature(BODY)["x-signature"],
        x_signature(BODY, TOKEN)["x-signature"],
        x_signature(BODY, SW_SECRET)["x-signature"],
    ],
)
def test_a_wrong_or_malformed_x_signature_is_401(signature):
    refused(BODY, {"x-signature": signature})


@row_by_row
@pytest.mark.parametrize(
    "changes",
    [
        {"webhook-id": None},
        {"webhook-timestamp": None},
        {"webhook-signature": None},
        {"webhook-id": ""},
        {"webhook-id": "msg_2"},
        {"webhook-timestamp": str(STAMP + 1)},
        {"webhook-signature": ""},
        {"webhook-signature": "v1"},
        {"webhook-signature": "v1,"},
        {"webhook-signature": OTHER},
        {"webhook-signature": RIGHT.removeprefix("v1,")},
        {"webhook-signature": RIGHT.replace("v1,", "v2,")},
        {"webhook-signature": RIGHT.replace("v1,", "v1a,")},
        {"webhook-signature": RIGHT.replace("v1,", "v1,!")},
        {"webhook-signature": "v1,abcde"},
        {"webhook-signature": "v1,é"},
        {"webhook-signature": "v1,QQ==QQ=="},
        {"webhook-signature": RIGHT.replace("v1,", "v1,,")},
        {"webhook-signature": RIGHT + "\n"},
    ],
)
def test_wrong_or_malformed_standard_webhooks_headers_are_401(changes):
    headers = {**standard_webhooks(BODY), **changes}
    refused(BODY, {name: value for name, value in headers.items() if value is not None})


@row_by_row
@pytest.mark.parametrize("webhook_id", ["", "a.b", "a b", "é", "x" * 65, "msg\n", "a/b", "\uff11"])
def test_a_webhook_id_of_another_form_is_401_even_if_it_is_signed(webhook_id):
    assert "webhook-id" in refused(BODY, standard_webhooks(BODY, webhook_id))


@row_by_row
@pytest.mark.parametrize(
    "timestamp",
    [
        "",
        f" {STAMP}",
        f"{STAMP}\n",
        f"{STAMP}.7",
        f"+{STAMP}",
        "1_771_424_999",
        "\uff11\uff17",
        "²",
        "nan",
        "inf",
        "1e400",
        "-1",
        "9" * 13,
        "9" * 5000,
    ],
)
def test_a_timestamp_that_is_not_plain_digits_is_401_even_if_it_is_signed(timestamp):
    assert "timestamp" in refused(BODY, standard_webhooks(BODY, timestamp=timestamp))


@pytest.mark.parametrize("timestamp", [str(STAMP - 301), str(STAMP + 301), "0", "9" * 12])
def test_a_timestamp_out_of_tolerance_is_401(timestamp):
    assert "either way" in refused(BODY, standard_webhooks(BODY, timestamp=timestamp))


def test_id_and_time_can_not_be_shifted_into_the_body():
    headers = standard_webhooks(BODY, "a", str(STAMP))
    refused(f"{STAMP}.".encode() + BODY, {**headers, "webhook-timestamp": str(STAMP)})
    refused(BODY, {**headers, "webhook-id": f"a.{STAMP}"})


def test_a_body_hmac_over_a_standard_webhooks_text_is_no_standard_webhooks_signature():
    text = f"msg_1.{STAMP}.".encode() + BODY
    digest = hmac.new(X_SECRET.encode(), text, hashlib.sha256).digest()
    headers = {
        **standard_webhooks(BODY),
        "webhook-signature": "v1," + base64.b64encode(digest).decode(),
    }
    refused(BODY, headers)


@pytest.mark.parametrize(
    "headers",
    [
        {"x-signature": "00" * 32},
        {"x-signature": ""},
        {"webhook-id": "a"},
        {"webhook-timestamp": "1"},
        {"webhook-signature": ""},
    ],
)
def test_a_failing_signature_never_falls_back_to_the_token(headers):
    assert looks_signed(headers)
    refused(with_token(token=TOKEN), headers)
    refused(with_token(token=TOKEN), headers, [TOKEN_CREDENTIAL])


@pytest.mark.parametrize("headers", [x_signature(b"{}"), standard_webhooks(b"{}")])
def test_a_signature_without_a_configured_secret_fails_in_development_too(headers):
    assert "configured" in refused(b"{}", headers, [], anonymous_allowed=True)
    assert "configured" in refused(b"{}", headers, [TOKEN_CREDENTIAL])


def test_a_failing_signature_is_401_before_the_body_is_parsed():
    refused(b"\xff not json", {"x-signature": "00" * 32})


def test_of_two_schemes_both_must_verify():
    right_both = {**standard_webhooks(BODY), **x_signature(BODY)}
    refused(BODY, {**right_both, "x-signature": "00" * 32})
    refused(BODY, {**right_both, "webhook-signature": OTHER})
    refused(BODY, right_both, [X_CREDENTIAL])
    refused(BODY, right_both, [SW_CREDENTIAL])


def test_two_schemes_must_not_speak_for_different_strategies():
    both = {**standard_webhooks(BODY), **x_signature(BODY)}
    assert (
        check(BODY, both, [bound(X_CREDENTIAL, "trend"), bound(SW_CREDENTIAL, "trend")]).strategy
        == "trend"
    )
    assert check(BODY, both, [bound(X_CREDENTIAL, "trend"), SW_CREDENTIAL]).strategy == "trend"
    assert "different" in refused(
        BODY, both, [bound(X_CREDENTIAL, "trend"), bound(SW_CREDENTIAL, "mean")]
    )


def test_one_token_of_two_strategies_speaks_for_neither():
    refused(
        with_token(token=TOKEN),
        credentials=[bound(TOKEN_CREDENTIAL, "trend"), bound(TOKEN_CREDENTIAL, "mean")],
    )


def test_without_any_credential_an_alert_is_refused_unless_anonymity_is_allowed():
    refused(BODY, credentials=[])
    refused(BODY, credentials=[SW_CREDENTIAL], anonymous_allowed=True)
    assert check(BODY, credentials=[], anonymous_allowed=True).scheme is Scheme.NONE


# -- credentials


@pytest.mark.parametrize("size", [24, 64])
def test_a_whsec_secret_is_its_decoded_bytes(size):
    credential = signing_credential(
        "whsec_" + base64.b64encode(bytes(range(size))).decode(), "S", "trend"
    )
    assert credential == Credential(Scheme.STANDARD_WEBHOOKS, "S", bytes(range(size)), "trend")


def test_any_other_secret_is_its_own_bytes():
    assert signing_credential("0123456789abcdeé", "S") == Credential(
        Scheme.X_SIGNATURE, "S", "0123456789abcdeé".encode()
    )
    assert token_credential("0123456789abcdef", "T") == Credential(
        Scheme.TOKEN, "T", b"0123456789abcdef"
    )


@row_by_row
@pytest.mark.parametrize(
    ("make", "text"),
    [
        (signing_credential, "whsec_" + base64.b64encode(bytes(23)).decode()),
        (signing_credential, "whsec_" + base64.b64encode(bytes(65)).decode()),
        (signing_credential, "whsec_x!x!x!" + base64.b64encode(bytes(32)).decode()),
        (signing_credential, "whsec_" + base64.b64encode(bytes(32)).decode() + "\n"),
        (signing_credential, "whsec_é" + base64.b64encode(bytes(33)).decode()),
        (signing_credential, "whsec_abcde"),
        (signing_credential, "whsec_"),
        (signing_credential, "whsk_" + base64.b64encode(bytes(32)).decode()),
        (signing_credential, ""),
        (signing_credential, "123456789abcdef"),
        (signing_credential, "0123456789abcdef\n"),
        (signing_credential, "0123456789abcdef\udcff"),
        (token_credential, ""),
        (token_credential, "123456789abcdef"),
        (token_credential, " 0123456789abcdef"),
        (token_credential, "0123456789abcdef\udcff"),
        (token_credential, "0123456789abcdef\x00g"),
    ],
)
def test_an_unfit_secret_is_refused_without_being_told(make, text):
    with pytest.raises(ValueError, match=r"^WEBHOOK\[3\]: ") as caught:
        make(text, "WEBHOOK[3]")
    assert not isinstance(caught.value, UnicodeError)
    assert caught.value.__context__ is None
    assert len(text) <= 6 or text[6:] not in str(caught.value)


@pytest.mark.parametrize(
    ("scheme", "secret"),
    [(Scheme.TOKEN, b""), (Scheme.X_SIGNATURE, b""), (Scheme.NONE, b"0123456789abcdef")],
)
def test_an_empty_secret_is_no_credential(scheme, secret):
    with pytest.raises(ValueError, match="proves nothing"):
        Credential(scheme, "T", secret)


def test_no_repr_holds_a_secret():
    raw = with_token(token=TOKEN, bar={"secret": TOKEN})
    shown = "".join(
        f"{thing!r}{thing}"
        for thing in (*ALL_CREDENTIALS, check(raw), check(raw, x_signature(raw)))
    )
    for secret in (TOKEN, X_SECRET, SW_SECRET, repr(SW_KEY)):
        assert secret not in shown


def test_the_clock_that_counts_is_the_one_passed_in():
    headers = standard_webhooks(BODY)
    with pytest.raises(Unauthenticated):
        verify(
            request(BODY, headers),
            ALL_CREDENTIALS,
            NOW + timedelta(seconds=301),
            anonymous_allowed=False,
        )


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"webhook_token": "tok-5f0c1de2a7b94c38"}, "call it token"),
        ({"apiKey": "tok-5f0c1de2a7b94c38"}, "call it token"),
        (
            {"symbol": "BTCUSD"},
            "the message has none of the fields token, secret and passphrase: send just one",
        ),
        ({"token": "put the value of WEBHOOK_TOKEN here"}, "still the placeholder of the example"),
        ({"passphrase": "tok-5f0c1de2a7b94c38 "}, "a blank or a line break at an end"),
        ({"secret": "another-token-of-somebody"}, "no configured secret matches (token)"),
    ],
)
def test_the_log_is_told_which_slip_a_token_holds(fields, says):
    reason = refused(json.dumps(fields).encode(), {})
    assert says in reason
    assert "5f0c1" not in reason
