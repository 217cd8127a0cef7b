"""What an alert asks of Firestore, by itself: the commit of a claim and that of its record, as
large as ours, on one kept connection. So much of a warm alert's time is the emulator's.

Little of it is for what they hold. In turn, milliseconds (at the fastest tenth): an empty commit
0.97, one that writes a single field 1.35, our claim 1.53; 1400 characters cost it 0.03, nine fields
0.15, two conditions 0.1, and neither a mask nor an update time anything that shows. Two commits of
one field each would save 0.4 of 3.1."""

from __future__ import annotations

import json
import time
import uuid
from http.client import HTTPConnection

from tests.bench.google_on_loopback import PROJECT

_ROOT = f"projects/{PROJECT}/databases/(default)/documents"
_FIELDS = {
    "document": {"stringValue": "x" * 1400},
    "base": {"stringValue": "x" * 64},
    "generation": {"integerValue": "0"},
    "strategy": {"stringValue": "default"},
    "claimedAt": {"timestampValue": "2026-11-29T09:36:42.125598Z"},
}
_NULL = {"nullValue": None}


class BareCommits:
    """Until it is closed."""

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        self._connection = HTTPConnection(host, int(port), timeout=30)

    def close(self) -> None:
        self._connection.close()

    def take(self) -> float:
        """Seconds that the two of one alert took, their bodies made before."""
        entry = f"{_ROOT}/ledger/{uuid.uuid4().hex * 2}"
        absent = {"currentDocument": {"exists": False}}
        gates = [{"verify": f"{_ROOT}/documents/{n * 64}", **absent} for n in ("a", "b")]
        place = {"state": {"stringValue": "SUBMITTING"}}
        place |= dict.fromkeys(("unfinished", "orderId", "expireAt"), _NULL)
        claimed, claim_s = self._commit([_update(entry, place) | absent, *gates])
        text = {"stringValue": uuid.uuid4().hex}
        done = {"state": {"stringValue": "ACCEPTED"}, "unfinished": text, "orderId": text}
        done["expireAt"] = {"timestampValue": "2027-02-27T09:36:42.125598Z"}
        record = _update(entry, done) | {"currentDocument": {"updateTime": claimed}}
        mask = {"updateMask": {"fieldPaths": sorted(record["update"]["fields"])}}
        return claim_s + self._commit([record | mask])[1]

    def _commit(self, writes: list[dict]) -> tuple[str, float]:
        """When it was written, and the seconds that it took."""
        body = json.dumps({"writes": writes}).encode()
        headers = {"Authorization": "Bearer owner", "Content-Type": "application/json"}
        began = time.perf_counter()
        self._connection.request("POST", f"/v1/{_ROOT}:commit", body, headers)
        answer = self._connection.getresponse().read()
        taken = time.perf_counter() - began
        return json.loads(answer)["writeResults"][0]["updateTime"], taken


def _update(name: str, fields: dict) -> dict:
    return {"update": {"name": name, "fields": _FIELDS | fields}}
