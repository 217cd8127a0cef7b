"""Google's own client of Firestore, over gRPC: what it reads and writes is what
Firestore's form is."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from unittest import mock

from tests.support.firestore_emulator import FirestoreEmulator

if TYPE_CHECKING:
    from google.cloud.firestore import Client


def official_client(
    project: str, emulator: FirestoreEmulator, database: str = "(default)"
) -> Client:
    """For the emulator itself, whatever stands before it."""
    from google.cloud.firestore import Client

    os.environ["no_grpc_proxy"] = "127.0.0.1"  # noqa: SIM112  gRPC reads it in small letters alone
    with mock.patch.dict(os.environ, emulator.environment):
        return Client(project=project, database=database)
