"""One alert from end to end, as a sender would send it, on the route that only validates:
nothing is placed."""

from __future__ import annotations

import base64
import hmac
import json
import uuid
from collections.abc import Iterator
from datetime import datetime
from decimal import ROUND_CEILING, Decimal, localcontext
from typing import Any

from webhook_core.application import Application
from webhook_core.clock import Budget
from webhook_core.errors import LossUnknown, VenueUnavailable
from webhook_core.findings import Finding, fail, ok, warn
from webhook_core.intake.credentials import Credential, Scheme
from webhook_core.settings.certificates import ClientCertificates
from webhook_core.settings.settings import Settings
from webhook_core.trading.instruments import Instrument
from webhook_core.trading.limits import symbol_allowed
from webhook_core.trading.rounding import cost_of, plain
from webhook_core.trading.symbols import UnknownSymbol, display_name
from webhook_core.value import replace
from webhook_core.web import client_certificate
from webhook_core.web.messages import HttpRequest, HttpResponse

READ_S = 5.0
SLOW_S = 2.0
"""TradingView hangs up after 3 s, and its own way there and back is in that."""
_ANY_PAIR = "BTC/USD"
_ADVICE = {
    "order_denied": (
        "your limits refuse the smallest order of this pair: see ALLOWED_SYMBOLS, "
        "MAX_ORDER_COST and the strategy"
    ),
    "order_rejected": "Kraken would refuse every such alert; its words say why",
    "venue_unavailable": "look at what was found about Kraken, then try again",
    LossUnknown.code: "POST /reconcile has to run every minute",
    "unauthenticated": (
        "the first secret does not prove an alert of its own, or ALLOWED_IPS shuts it out"
    ),
    "internal_error": "this is a bug: run again with LOG_LEVEL=ERROR, and report it",
}


def check_alert(application: Application) -> Iterator[Finding]:
    """The smallest order of the first allowed pair, proved by the first credential.

    Raises VenueUnavailable, UnknownSymbol.
    """
    application = replace(application, open_history=None)  # nobody's alert is in nobody's history
    settings, clock = application.settings, application.clock
    credential = next(iter(settings.credentials), None)
    instrument = _first_pair(application, credential.strategy if credential else None)
    volume, price = _smallest(application, instrument)
    fields = {"symbol": instrument.altname, "side": "buy", "order_type": "market"}
    fields |= {"volume": plain(volume)} | ({"price": plain(price)} if price else {})
    started = clock.monotonic()
    request = signed_request(fields, credential, settings, clock.now())
    response = application.handle(request)
    seconds = clock.monotonic() - started
    proof = f"proved by {credential.key_id}" if credential else "without any proof"
    yield _judge(f"buy {plain(volume)} {display_name(instrument)}, {proof}", response, seconds)


def _judge(what: str, response: HttpResponse, seconds: float) -> Finding:
    answer: dict[str, Any] = json.loads(response.body)
    code = str(answer["code"])
    if response.status != 200 or code != "validated":
        found = f"{what}: {response.status} {code}: {answer['error']}"
        verdict = warn if code == LossUnknown.code else fail  # the next reconcile run ends it
        return verdict("alert", found, _ADVICE.get(code, "the answer says what is wrong"))
    found = f"{what}: {response.status} {code} in {seconds * 1000:.0f} ms, nothing was placed"
    if seconds > SLOW_S:
        return warn(
            "alert",
            found,
            "TradingView hangs up after 3 s: run the function nearer to Kraken, or on a faster "
            "machine",
        )
    return ok("alert", found)


def _first_pair(application: Application, strategy: str | None) -> Instrument:
    """The first pair that every list of the strategy allows; if there is none, the first of its
    own: the answer will tell."""
    budget = Budget.start(application.clock, READ_S)
    lists = application.settings.rules_for(strategy or "default").allow_lists
    symbols = lists[-1] if lists else (_ANY_PAIR,)
    for symbol in symbols:
        try:
            instrument = application.decider.instrument(symbol, budget)
        except UnknownSymbol:
            continue
        if all(symbol_allowed(instrument, allowed).passed for allowed in lists):
            return instrument
    return application.decider.instrument(symbols[0], budget)


def _smallest(application: Application, instrument: Instrument) -> tuple[Decimal, Decimal | None]:
    """The pair's least volume that is worth its least cost, and the price for that; None
    if Kraken does not say one."""
    volume, costmin = instrument.ordermin or Decimal(1), instrument.costmin or Decimal(0)
    try:
        price = application.venue.last_price(instrument, Budget.start(application.clock, READ_S))
    except VenueUnavailable:
        if application.settings.trading_mode != "paper":
            return volume, None
        # The paper market starts without prices; any will do.
        price = 2 * costmin / volume or Decimal(1)
    if cost_of(volume, price) < costmin:
        digits = 8 if instrument.lot_decimals is None else instrument.lot_decimals
        with localcontext(prec=60):
            volume = (costmin / price).quantize(Decimal(1).scaleb(-digits), ROUND_CEILING)
    return volume, price


def signed_request(
    fields: dict[str, str], credential: Credential | None, settings: Settings, now: datetime
) -> HttpRequest:
    """The alert as the sender that holds this credential sends it, from an address
    that ALLOWED_IPS has."""
    alert_id = f"doctor-{uuid.uuid4().hex}"
    document = {"id": alert_id, "fired_at": now.strftime("%Y-%m-%dT%H:%M:%SZ"), **fields}
    headers = {"content-type": "application/json"}
    if credential and credential.scheme is Scheme.TOKEN:
        document["token"] = credential.secret.decode()
    body = json.dumps(document).encode()
    if credential and credential.scheme is Scheme.X_SIGNATURE:
        headers["x-signature"] = hmac.digest(credential.secret, body, "sha256").hex()
    if credential and credential.scheme is Scheme.STANDARD_WEBHOOKS:
        headers |= _standard_webhooks(credential.secret, alert_id, int(now.timestamp()), body)
    if settings.allowed_ips:
        address = str(settings.allowed_ips[0].network_address)
        hops = settings.trusted_proxy_hops or 0
        headers["x-forwarded-for"] = ", ".join([address] + ["127.0.0.1"] * hops)
    else:
        address = "127.0.0.1"
    if settings.client_certificates is not None:
        hops = settings.trusted_proxy_hops or 0
        address = _as_its_balancer_does(headers, address, settings.client_certificates, hops)
    return HttpRequest("POST", "/webhook/tradingview/validate", {}, headers, body, address, now)


def _as_its_balancer_does(
    headers: dict[str, str], sender: str, wanted: ClientCertificates, hops: int
) -> str:
    """The balancer's headers, and its own address."""
    balancer = str(wanted.balancers[0].network_address)
    headers["x-forwarded-for"] = ", ".join([sender] + [balancer] * hops)
    headers[client_certificate.PRESENT] = "true"
    headers[client_certificate.HASH] = next(iter(wanted.fingerprints)).hex()
    return balancer


def _standard_webhooks(
    secret: bytes, webhook_id: str, timestamp: int, body: bytes
) -> dict[str, str]:
    signature = base64.b64encode(
        hmac.digest(secret, f"{webhook_id}.{timestamp}.".encode() + body, "sha256")
    ).decode()
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{signature}",
    }
