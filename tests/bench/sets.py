"""The sets of a deployment that are measured: what each is configured with, and the
libraries that this asks for.

``cloud`` is what K_SERVICE turns on: production, and lines for Cloud Logging. There, paper is on
SQLite only to show what each of Google's libraries adds; live takes no other ledger than Firestore.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from pathlib import Path

from tests.bench.cold import KEY, SECRET, TOKEN
from tests.bench.google_on_loopback import PROJECT, secret_name
from tests.support.project import ROOT
from tests.support.served_function import base_environment

LEAN = ("functions_framework", "pydantic", "krakenex")
SECRET_MANAGER = "google.cloud.secretmanager_v1"
SECRETS = {"WEBHOOK_TOKEN": TOKEN, "KRAKEN_API_KEY": KEY, "KRAKEN_API_SECRET": SECRET}
LIVE = {"TRADING_MODE": "live", "ALLOWED_SYMBOLS": "*", "MAX_ORDER_COST": "none"}


@dataclass(frozen=True)
class Place:
    """What stands around every function that is measured.

    ``hiding``: of installed.py. ``google`` and ``firestore`` are variables; None: not here.
    """

    kraken_port: int
    folder: Path
    hiding: Path
    google: dict[str, str]
    firestore: dict[str, str] | None

    @property
    def kraken_url(self) -> str:
        return f"http://127.0.0.1:{self.kraken_port}"

    def mounted(self) -> dict[str, str]:
        """Every secret as a file, in a directory of its own."""
        for name, value in SECRETS.items():
            (self.folder / name).mkdir(exist_ok=True)
            (self.folder / name / "value").write_text(value + "\n", "utf-8")
        return {name: f"file:{self.folder / name / 'value'}" for name in SECRETS}


def bare_environment(place: Place) -> dict[str, str]:
    """Little: PYTHONDONTWRITEBYTECODE, for one, would have every start compile our source anew."""
    return base_environment() | {
        "PYTHONPATH": f"{place.hiding}:{ROOT}",
        "KRAKEN_API_URL": place.kraken_url,
    }


@dataclass(frozen=True)
class Set:
    """``bound``: of the CPU of a cold start, as a multiple of importing ``libraries`` and one bare
    krakenex order. ``modules``: of those that it loads. ``server_bound``: of the CPU of the
    production server until its first answer, as a multiple of the same for paper; ``server_mib``:
    of its memory then.
    """

    name: str
    libraries: tuple[str, ...] = LEAN
    bound: float = 1.2
    peak_mib: float | None = 80
    modules: int | None = None
    server_bound: float | None = None
    server_mib: float | None = None
    live: bool = True
    on_google_cloud: bool = False
    secrets: str = "in the environment"
    firestore: bool = False

    def environment(self, place: Place) -> dict[str, str]:
        """The whole environment of one start. A SQLite ledger is a new one each time."""
        environment = bare_environment(place) | self._secrets(place) | (LIVE if self.live else {})
        if self.on_google_cloud:
            environment |= {"K_SERVICE": "bench", "GOOGLE_CLOUD_PROJECT": PROJECT, **place.google}
        if self.firestore:
            return environment | (place.firestore or {}) | {"LEDGER_URL": f"firestore://{PROJECT}"}
        return environment | {"LEDGER_URL": f"sqlite:///{place.folder}/{uuid.uuid4().hex}.db"}

    def _secrets(self, place: Place) -> dict[str, str]:
        places = {
            "in the environment": SECRETS,
            "mounted": place.mounted(),
            "Secret Manager": {name: secret_name(name) for name in SECRETS},
        }
        return {
            name: text
            for name, text in places[self.secrets].items()
            if self.live or name == "WEBHOOK_TOKEN"
        }


SETS = (
    Set("paper", live=False),
    Set("live", bound=1.17),
    Set(
        "cloud, mounted secrets",
        LEAN, 1.25, None, live=False, on_google_cloud=True, secrets="mounted",
    ),
    Set(
        "cloud, Secret Manager",
        (*LEAN, SECRET_MANAGER), 1.2, None, live=False, on_google_cloud=True,
        secrets="Secret Manager",
    ),
    Set(
        "cloud, mounted secrets, Firestore",
        LEAN, 1.35, None, modules=620, server_bound=1.2, server_mib=58,
        on_google_cloud=True, secrets="mounted", firestore=True,
    ),
    Set(
        "cloud, Secret Manager, Firestore",
        (*LEAN, SECRET_MANAGER), 1.35, None, on_google_cloud=True, secrets="Secret Manager",
        firestore=True,
    ),
)  # fmt: skip
