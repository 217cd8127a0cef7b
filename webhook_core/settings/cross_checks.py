"""What no single variable can tell: which settings refuse the start together, and which
deserve a loud word."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from webhook_core.intake.credentials import Credential, signing_credential, token_credential
from webhook_core.ledger.url import parse as parse_ledger_url
from webhook_core.settings import certificates
from webhook_core.settings.secret_values import SecretName, of_variable
from webhook_core.settings.strategies import StrategiesFile
from webhook_core.settings.strategy import SecretText
from webhook_core.settings.variables import EnvReader, suggestion

if TYPE_CHECKING:
    from webhook_core.intake.credentials import TokenKey
    from webhook_core.settings.settings import Settings

_OURS = (
    "ALERT_", "ALLOWED_", "ALLOW_TOKEN", "CLIENT_CERT", "DUPLICATE_WINDOW", "EXITS_", "HEALTH_",
    "HISTORY_DAY", "KRAKEN_", "LEDGER_", "LOAD_BALANCER", "MAX_ALERT", "MAX_ORDER", "MAX_SPREAD",
    "NOTIFY", "OPERATOR_", "ORDER_", "PAPER_", "PRICE_COL", "RATE_LIMIT", "REQUEST_BUDGET",
    "REVOKED_", "STRATEG", "TRADING_", "TRUSTED_PROXY", "VISIBILITY_", "WEBHOOK_",
)  # fmt: skip
"""Beginnings of our names: an unknown one is a slip, and may be a limit that would not hold."""
KRAKEN_SECRETS = ("KRAKEN_API_KEY", "KRAKEN_API_SECRET")
_PROGRAM = Path(__file__).resolve().parents[2]
TOKEN_KEYS = "WEBHOOK_TOKEN_KEYS"  # noqa: S105  a variable's name
PROOFS = ("WEBHOOK_TOKEN", "WEBHOOK_SECRET")
"""Of the senders; one of them is looked for where none is given, nor a key of scoped tokens."""


def unknown_names(env: Mapping[str, str], known: Collection[str]) -> Iterator[str]:
    for name, value in sorted(env.items()):
        if value == "" or name in known:
            continue
        if name.upper() in known:
            yield f"{name}: is written in capitals: {name.upper()}"
        elif name.upper().startswith(_OURS):
            yield f"{name}: is no variable of this program{suggestion(name.upper(), known)}"


def implied_secrets(
    reader: EnvReader, given: Mapping[str, Any], proof_elsewhere: bool
) -> dict[str, str]:
    """Required secrets that the environment lacks: with GCP_PROJECT_ID in Secret Manager."""
    project, mode = given["GCP_PROJECT_ID"], given["TRADING_MODE"]
    if project is None:
        return {}
    keys = KRAKEN_SECRETS if mode != "paper" and given["VENUE"] is None else ()
    wanted = [name for name in keys if not reader.given(name)]
    if (
        _why_proof(given["ENVIRONMENT"], mode)
        and not proof_elsewhere
        and not any(map(reader.given, (*PROOFS, "WEBHOOK_TOKEN_KEYS")))
    ):
        wanted.extend(PROOFS)
    return {name: of_variable(project, name) for name in wanted}


def with_alternatives(
    names: Sequence[SecretName], implied: Collection[str]
) -> tuple[SecretName, ...]:
    """Of the two implied proofs of the sender one is enough."""
    return tuple(
        name._replace(alternative=name.place in PROOFS and name.place in implied) for name in names
    )


def credentials(secrets: Sequence[SecretText], reader: EnvReader) -> Iterator[Credential]:
    """Each checked by the scheme that it is for. Its source is the key id in the
    log, and begins the fault."""
    for secret in secrets:
        make = token_credential if secret.scheme == "token" else signing_credential
        try:
            yield make(secret.text, secret.source, secret.strategy)
        except ValueError as error:
            reader.faults.append(str(error))


def shared_secrets(texts: Sequence[tuple[str, str]], proofs: Sequence[Credential]) -> Iterator[str]:
    """One secret, one purpose: what is made for one scheme must not verify under another, nor one
    token open two doors.

    ``texts``: (source, text). Compared as texts and as the keys that are made of them: whsec_ is
    base64 of its key."""
    first_use: dict[bytes, str] = {}
    keys = {proof.key_id: proof.secret for proof in proofs}
    for source, text in texts:
        plain = text.removeprefix("whsec_").encode()
        forms = plain, keys.get(source, plain)
        others = {first_use.setdefault(form, source) for form in forms} - {source}
        if others:
            yield f"{source}: is the same secret as {min(others)}; each needs one of its own"


def refusals(settings: Settings, reader: EnvReader, strategies: StrategiesFile) -> Iterator[str]:
    """The rules that need more than one variable. A variable that is at fault already is not
    complained of twice."""
    yield from _without_proof(settings, reader, strategies)
    yield from certificates.refusals(
        settings.client_certificates,
        settings.trusted_proxy_hops,
        reader,
        on_google_cloud=settings.on_google_cloud,
    )
    yield from _without_key(settings, reader)
    if settings.trading_mode == "live":
        yield from _without_bounds(reader)
    yield from _without_ledger(settings)


def _without_key(settings: Settings, reader: EnvReader) -> Iterator[str]:
    if settings.trading_mode == "paper" or settings.venue is not None:
        return
    for name in KRAKEN_SECRETS:
        if not reader.given(name):
            yield (
                f"{name}: is unset; TRADING_MODE={settings.trading_mode} needs it "
                "(TRADING_MODE=paper does not)"
            )


def _without_bounds(reader: EnvReader) -> Iterator[str]:
    for name, example in (
        ("ALLOWED_SYMBOLS", "BTC/USD,ETH/USD (or * for every pair)"),
        ("MAX_ORDER_COST", "500 USD (or none for no limit)"),
    ):
        if not reader.given(name):
            yield f"{name}: is unset; TRADING_MODE=live needs it, such as {example}"


def _without_ledger(settings: Settings) -> Iterator[str]:
    if not settings.ledger_url:
        yield (
            "LEDGER_URL: is unset and so is GCP_PROJECT_ID; set one, the default is "
            "firestore://GCP_PROJECT_ID"
        )
        return
    is_live_there = settings.trading_mode == "live" and settings.on_google_cloud
    if is_live_there and _dies_with_instance(settings):
        yield (
            "LEDGER_URL: this ledger dies with the instance, and a resend would trade again; "
            "on Google Cloud TRADING_MODE=live needs firestore://PROJECT"
        )
    if settings.ledger_id is not None and parse_ledger_url(settings.ledger_url).kind == "memory":
        yield (
            "LEDGER_ID: LEDGER_URL=memory:// is a new ledger at each start and has no id; "
            "leave LEDGER_ID out"
        )


def _without_proof(
    settings: Settings, reader: EnvReader, strategies: StrategiesFile
) -> Iterator[str]:
    given = any(map(reader.given, (*PROOFS, "WEBHOOK_TOKEN_KEYS")))
    at_fault = given or strategies.faults
    if settings.credentials or _proof_is_unread(settings) or at_fault:
        return
    reasons = _why_proof(settings.environment, settings.trading_mode)
    if reasons:
        yield (
            f"WEBHOOK_TOKEN: is unset, and so is WEBHOOK_SECRET; {' and '.join(reasons)} needs one "
            "of them: WEBHOOK_TOKEN for TradingView itself, WEBHOOK_SECRET for senders that sign; "
            "take for example the output of: openssl rand -hex 32"
        )


def _proof_is_unread(settings: Settings) -> bool:
    return any(name.place not in (*KRAKEN_SECRETS, "OPERATOR_TOKEN") for name in settings.unread)


def _why_proof(environment: str, trading_mode: str) -> list[str]:
    """Why senders must prove themselves; empty if they need not."""
    production, live = environment == "production", trading_mode == "live"
    return ["ENVIRONMENT=production"] * production + ["TRADING_MODE=live"] * live


def _dies_with_instance(settings: Settings) -> bool:
    return bool(settings.ledger_url) and parse_ledger_url(settings.ledger_url).kind != "firestore"


def inline_secrets(secrets: Sequence[SecretText], document: str, path: str) -> tuple[str, ...]:
    """Which of them the file itself holds, unless it is mounted from outside, as a secret is: the
    program's own files go into an image, its registry, and the builds before it."""
    inline = tuple(each.source for each in secrets if each.text in document)
    return () if inline and _is_mounted(Path(path).resolve()) else inline


def _is_mounted(file: Path) -> bool:
    """From outside of the program's own files."""
    places = (file, *file.parents[:-1])
    return not file.is_relative_to(_PROGRAM) and any(place.is_mount() for place in places)


def warnings(settings: Settings, strategies: StrategiesFile) -> Iterator[str]:
    """For the log of every start."""
    yield from _unvouched(settings)
    if settings.tells:
        from webhook_core.settings import told_addresses  # few deployments tell anybody

        yield from told_addresses.warnings(settings, by_section=bool(strategies.about))
    if strategies.inline and settings.environment == "production":
        yield (
            f"STRATEGIES_FILE: {', '.join(strategies.inline)} stands in a file that goes with the "
            "program, where everybody who can read the image or its builds reads it; write "
            "env:VARIABLE or the name of a secret in its place"
        )
    if not settings.credentials and not _proof_is_unread(settings):
        yield (
            "NO AUTHENTICATION: neither WEBHOOK_TOKEN nor WEBHOOK_SECRET is set, so this server "
            f"takes orders from anyone who can reach it (TRADING_MODE={settings.trading_mode}); "
            "set one of them"
        )
    if settings.on_google_cloud and _dies_with_instance(settings):
        yield "LEDGER_URL: this ledger dies with the instance; what it forgets can be traded twice"
    elif settings.trading_mode == "live" and parse_ledger_url(settings.ledger_url).kind == "memory":
        yield (
            "LEDGER_URL: memory:// forgets everything at a restart; an alert that is resent "
            "then trades again"
        )


def _unvouched(settings: Settings) -> Iterator[str]:
    """A list of addresses is worth as much as whoever says which address a caller has."""
    if settings.allowed_ips is None or settings.trusted_proxy_hops is not None:
        return
    if settings.on_google_cloud:
        yield (
            "ALLOWED_IPS: with TRUSTED_PROXY_HOPS=none the list is held against Google's own front "
            "end, which calls here for everybody, so no alert passes; leave TRUSTED_PROXY_HOPS out"
        )
    else:
        yield (
            "ALLOWED_IPS: no proxy vouches for a caller's address (TRUSTED_PROXY_HOPS=none), so "
            "the list is held against whoever connects here; behind a proxy, or a port that Docker "
            "publishes, that is never the sender: then say in TRUSTED_PROXY_HOPS what stands there"
        )


def token_keys(given: Mapping[str, Any], reader: EnvReader) -> list[tuple[str, TokenKey]]:
    """The text of each key that signs scoped tokens, and the key."""
    if not given[TOKEN_KEYS]:
        return []
    from webhook_core.settings.token_keys import token_keys as found  # few have any

    return list(found(given[TOKEN_KEYS], given["REVOKED_TOKENS"], reader))
