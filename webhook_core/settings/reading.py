"""The environment and strategies.toml -> Settings, or every fault at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from webhook_core.intake.credentials import Credential
from webhook_core.ledger import url as ledger_url
from webhook_core.settings import addresses, certificates, cross_checks, guard_values, secret_values
from webhook_core.settings import variables as values
from webhook_core.settings.secret_values import Secret, SecretNames
from webhook_core.settings.settings import Settings, account_at
from webhook_core.settings.strategies import StrategiesFile
from webhook_core.settings.strategies import read as read_strategies
from webhook_core.settings.strategies import text_of as strategies_text
from webhook_core.settings.strategy import SCHEMES, SecretText
from webhook_core.settings.variables import EnvReader

GOOGLES_OWN_HOPS = 0
"""On Google Cloud its front end has written the last entry of X-Forwarded-For; elsewhere nobody
has, until the operator says so."""
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
VARIABLES: Mapping[str, tuple[Callable[[str], Any], Any]] = {
    "TRADING_MODE": (values.one_of("paper", "validate", "live"), "paper"),
    "VENUE": (values.venue, None),
    "KRAKEN_API_KEY": (secret_values.kraken_key, None),
    "KRAKEN_API_SECRET": (secret_values.kraken_secret, None),
    "KRAKEN_ACCOUNT": (values.label, "default"),
    "KRAKEN_API_URL": (addresses.exchange_url, None),
    "KRAKEN_NONCE_WINDOW": (values.whole(0, 10**17), None),
    "WEBHOOK_SECRET": (secret_values.secrets, ()),
    "WEBHOOK_TOKEN": (secret_values.secrets, ()),
    "WEBHOOK_TOKEN_KEYS": (secret_values.secrets, ()),
    "REVOKED_TOKENS": (values.token_ids, frozenset()),
    "ALLOW_TOKEN_IN_URL": (values.flag, False),
    "ALLOWED_SYMBOLS": (values.symbols, None),
    "MAX_ORDER_COST": (values.cost_limits, None),
    "EXITS_IGNORE_MAX_ORDER_COST": (values.flag, True),
    "EXITS_IGNORE_LIMITS": (values.flag, True),
    **{name.upper(): (parse, None) for name, (parse, _) in guard_values.GUARDS.items()},
    "LEDGER_URL": (ledger_url.checked, None),
    "LEDGER_ID": (ledger_url.checked_id, None),
    "HISTORY_DAYS": (values.whole(1, 3650), 90),
    "NOTIFY": (addresses.told("NOTIFY"), ()),
    "NOTIFY_ABOUT": (addresses.told("NOTIFY_ABOUT"), None),
    "NOTIFY_SUMMARY": (addresses.told("NOTIFY_SUMMARY"), None),
    "STRATEGIES_FILE": (values.text, "strategies.toml"),
    "OPERATOR_TOKEN": (secret_values.long_secret, None),
    "ENVIRONMENT": (values.one_of("development", "production"), None),
    "LOG_LEVEL": (values.one_of(*LOG_LEVELS, fold=str.upper), "INFO"),
    "GCP_PROJECT_ID": (values.project_id, None),
    "CORS_ORIGINS": (addresses.origins, ()),
    "ALERT_MAX_AGE_SECONDS": (values.whole(1, 3600), 60),
    "DUPLICATE_WINDOW_SECONDS": (
        values.whole(30, 3600, "TradingView's four sends of one alert take up to 27 s"),
        45,
    ),
    "ORDER_DEADLINE_SECONDS": (values.whole(6, 60, "Kraken takes deadlines of up to 60 s"), 10),
    "VISIBILITY_MARGIN_SECONDS": (values.whole(30, 3600, "an order may be listed late"), 60),
    "REQUEST_BUDGET_SECONDS": (values.seconds(1.5, 300), 2.5),  # an order needs 1.2 s that are left
    "PAPER_BALANCES": (values.balances, {"USD": Decimal(10000), "BTC": Decimal(1)}),
    "PAPER_FEES": (values.fees, (Decimal("0.40"), Decimal("0.80"))),
    "PAPER_PRICES": (values.one_of("alert", "kraken"), "alert"),
    "RATE_LIMIT_PER_MINUTE": (values.whole(1, 100_000), 60),
    "ALLOWED_IPS": (addresses.networks, None),
    "TRUSTED_PROXY_HOPS": (addresses.hops, None),
    "CLIENT_CERT_HEADERS": (values.flag, False),
    "CLIENT_CERT_FINGERPRINTS": (certificates.fingerprints, None),
    "CLIENT_CERT_SUBJECT": (certificates.subject, None),
    "LOAD_BALANCER_IPS": (addresses.networks, None),
    "HEALTH_DETAILS": (values.flag, False),
}
"""Every variable with its parser and its default. What depends on where we run has None here."""
SECRETS = (*cross_checks.KRAKEN_SECRETS, "OPERATOR_TOKEN")
LISTS_OF_SECRETS = (*cross_checks.PROOFS, cross_checks.TOKEN_KEYS)


class SettingsError(Exception):
    """The start is refused. ``faults`` has one line each, beginning with the variable;
    the text has them all."""

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__(
            "\n".join(["The settings can't be used:", *(f"  {fault}" for fault in faults)])
        )


def _secrets(reader: EnvReader, names: SecretNames) -> dict[str, Any]:
    """Those of the environment; a name that is not read yet leaves None, or its place in a list."""
    found: dict[str, Any] = {}
    for variable in SECRETS:
        parse, default = VARIABLES[variable]
        found[variable] = reader.parsed(variable, names.single(variable, parse), default)
    none: tuple[str | None, ...] = ()
    for variable in LISTS_OF_SECRETS:
        found[variable] = reader.parsed(variable, names.listed(variable), none)
    return found


def _strategies(
    reader: EnvReader, path: str, read_file: Callable[[str], str | None], names: SecretNames
) -> StrategiesFile:
    try:
        document = read_file(path)
    except (OSError, UnicodeDecodeError) as error:
        reader.fault(
            "STRATEGIES_FILE", f"{values.shown_path(path)} can't be read ({type(error).__name__})"
        )
        document = ""
    if document is None and path == reader.env.get("STRATEGIES_FILE", "").strip():
        reader.fault(
            "STRATEGIES_FILE",
            f"there is no file {values.shown_path(path)}; on Google Cloud it must be uploaded too",
        )
    if not document:
        return StrategiesFile({}, (), frozenset(), ())
    found = read_strategies(document, path, reader.env, names)
    held = [*found.secrets, *found.addresses]
    return found._replace(inline=cross_checks.inline_secrets(held, document, path))


def _assemble(reader: EnvReader, given: Mapping[str, Any], strategies: StrategiesFile) -> Settings:
    """Faulty variables stand here with their defaults: the faults are known, and
    nobody sees the result."""
    on_google_cloud = reader.given("K_SERVICE")
    project = given["GCP_PROJECT_ID"] or reader.parsed(
        "GOOGLE_CLOUD_PROJECT", values.project_id, None
    )
    credentials, texts = _proofs(reader, given, strategies)
    hops = given["TRUSTED_PROXY_HOPS"]
    if on_google_cloud and not reader.given("TRUSTED_PROXY_HOPS"):
        hops = GOOGLES_OWN_HOPS
    of_variables = {_field_of(name): value for name, value in given.items()}
    said = {name: value for name, value in of_variables.items() if name in Settings._fields}
    said |= {name.lower(): _hidden(given[name]) for name in SECRETS}
    said |= {
        "credentials": credentials,
        "ledger_url": given["LEDGER_URL"] or _default_ledger(on_google_cloud, project),
        "strategies": strategies.strategies,
        "gcp_project_id": project,
        "paper_maker_fee": given["PAPER_FEES"][0],
        "paper_taker_fee": given["PAPER_FEES"][1],
        "trusted_proxy_hops": hops,
        "client_certificates": certificates.client_certificates(given),
        "on_google_cloud": on_google_cloud,
        "account": account_at(given["KRAKEN_ACCOUNT"], given["VENUE"]),
        "exits_ignore_cost": given["EXITS_IGNORE_MAX_ORDER_COST"],
        "guards": guard_values.guards({name: given[name.upper()] for name in guard_values.GUARDS}),
        "secret_texts": (*(Secret(text) for _, text in texts), *strategies.told(given["NOTIFY"])),
    }
    return Settings(**said)


def _proofs(
    reader: EnvReader, given: Mapping[str, Any], strategies: StrategiesFile
) -> tuple[tuple[Credential, ...], list[tuple[str, str]]]:
    """What senders prove themselves with, and every secret that is configured by what names it.
    What is wrong with them goes to the reader's faults."""
    secrets = [*_webhook_secrets(given), *strategies.secrets]
    signs = cross_checks.token_keys(given, reader)
    credentials = (*cross_checks.credentials(secrets, reader), *(key for _, key in signs))
    texts = [(secret.source, secret.text) for secret in secrets]
    texts += [(key.key_id, form) for text, key in signs for form in (text, f"{key.name}:{text}")]
    texts += [(name, given[name]) for name in reversed(SECRETS) if given[name]]
    reader.faults.extend([*strategies.faults, *cross_checks.shared_secrets(texts, credentials)])
    if given["TRADING_MODE"] == "live":
        from webhook_core.settings import weak_secrets  # nothing else is held to it

        operator = given["OPERATOR_TOKEN"]
        own = [SecretText("token", "OPERATOR_TOKEN", operator)] if operator else []
        good = {credential.key_id for credential in credentials}  # others have their fault
        usable = [secret for secret in secrets if secret.source in good]
        reader.faults.extend(weak_secrets.faults([*usable, *own]))
    return credentials, texts


def _field_of(variable: str) -> str:
    """Of Settings: most have the variable's own name."""
    return variable.lower().replace("_seconds", "_s")


def _webhook_secrets(given: Mapping[str, Any]) -> Iterator[SecretText]:
    for scheme in SCHEMES:
        variable = f"WEBHOOK_{scheme.upper()}"
        for number, text in enumerate(given[variable]):
            if text is not None:
                yield SecretText(scheme, f"{variable}[{number}]", text)


def _default_ledger(on_google_cloud: bool, project: str | None) -> str:
    """Instances on Google Cloud come and go: what they know must live outside of them. Without a
    project: no default."""
    if not on_google_cloud:
        return "sqlite:///.state/ledger.db"
    return f"firestore://{project}" if project else ""


def _hidden(text: str | None) -> Secret | None:
    return None if text is None else Secret(text)


def read_settings(
    env: Mapping[str, str],
    *,
    read_file: Callable[[str], str | None] | None = None,
    values: Mapping[str, str] | None = None,
) -> Settings:
    """The settings, or SettingsError with every fault. Nothing is read here
    but the strategies file.

    ``read_file``: a file's text, None where there is none. ``values``: what stands under
    the names of secrets, once it is read; every rule about a secret holds for its value
    then, as if the variable held it.
    """
    reader, names = EnvReader(env), SecretNames(values or {})
    plain = [name for name in VARIABLES if name not in (*SECRETS, *LISTS_OF_SECRETS)]
    given = {name: reader.parsed(name, *VARIABLES[name]) for name in plain}
    strategies = _strategies(reader, given["STRATEGIES_FILE"], read_file or strategies_text, names)
    given["NOTIFY_ABOUT"] = strategies.about_beside(given["NOTIFY_ABOUT"])
    given["ENVIRONMENT"] = given["ENVIRONMENT"] or (
        "production" if reader.given("K_SERVICE") else "development"
    )
    implied = cross_checks.implied_secrets(
        reader, given, bool(strategies.secrets or strategies.faults or names.found)
    )
    reader.env = {**env, **implied}
    given |= _secrets(reader, names)
    settings = _assemble(reader, given, strategies)._replace(
        secret_names=cross_checks.with_alternatives(names.found, implied),
        unread=cross_checks.with_alternatives(names.unread, implied),
    )
    reader.faults.extend(cross_checks.unknown_names(env, VARIABLES.keys() | strategies.variables))
    reader.faults.extend(cross_checks.refusals(settings, reader, strategies))
    if reader.faults:
        raise SettingsError(reader.faults)
    return settings._replace(warnings=tuple(cross_checks.warnings(settings, strategies)))
