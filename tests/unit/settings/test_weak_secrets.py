"""What somebody could guess starts nothing in live."""

from __future__ import annotations

import secrets

import pytest

from tests.support.row_by_row import row_by_row
from webhook_core.settings.reading import SettingsError, read_settings
from webhook_core.settings.weak_secrets import weakness

LIVE = {
    "TRADING_MODE": "live", "KRAKEN_API_KEY": "k", "KRAKEN_API_SECRET": "a2V5",
    "ALLOWED_SYMBOLS": "*",
    "MAX_ORDER_COST": "none", "WEBHOOK_TOKEN": secrets.token_hex(32),
}  # fmt: skip
WEAK = [
    "aaaaaaaaaaaaaaaa", "0" * 64, "abcabcabcabcabcabc", "passwordpassword",
    "Winter2026!Winter2026!",
    "0123456789abcdef", "fedcba9876543210", "1234567890123456", "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfgh", "your-token-goes-here", "change-me-change-it", "11112222333344445555",
    "put-your-token-here", "deadbeefdeadbeef", "password12345678", "supersecretpassword",
    "MyTradingViewToken", "webhook-secret-2026", "tradingview-kraken-webhook",
    "P@ssw0rd-Kraken-2026",
    "BitcoinToTheMoon2026", "kraken_bot_token_001", "letmein-letmein-now", "Tr4d1ngB0tS3cret!",
    "correct horse battery staple", "elephant-giraffe-zebra", "MyDogIsCalledRex2019",
    "manchesterunited1999", "Jennifer.Smith.1984", "hauptbahnhof-muenchen", "maison-bleue-jardin",
    "sunflowertelescope", "your-webhook-token-here", "ElephantGiraffe99!", "monkey_banana_tree_7",
    "correcthorsebatterystaple", "ILoveCrypto4Ever!!", "loginthethewebhooksuper_btc12345678",
]  # fmt: skip


@row_by_row
@pytest.mark.parametrize("text", WEAK)
@pytest.mark.parametrize("name", ["WEBHOOK_TOKEN", "WEBHOOK_SECRET", "OPERATOR_TOKEN"])
def test_live_refuses_it_and_says_what_to_take(name, text):
    with pytest.raises(SettingsError) as caught:
        read_settings({**LIVE, name: text})
    (fault,) = caught.value.faults
    assert fault.startswith(name)
    assert "openssl rand -hex 32" in fault
    assert text not in fault


@row_by_row
@pytest.mark.parametrize("text", WEAK)
def test_paper_takes_it(text):
    assert read_settings({"WEBHOOK_TOKEN": text}).credentials


@pytest.mark.parametrize("size", [16, 24, 32])
def test_what_is_random_is_not_weak(size):
    made = [make(size) for make in (secrets.token_hex, secrets.token_urlsafe) for _ in range(500)]
    assert sum(weakness(text) is not None for text in made) <= 1
