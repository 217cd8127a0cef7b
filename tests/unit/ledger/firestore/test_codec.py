"""Firestore's typed JSON: exact both ways, and held against Google's own
reading of the same JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from google.cloud.firestore_v1 import _helpers
from google.cloud.firestore_v1.types import Document
from hypothesis import given
from hypothesis import strategies as st

from tests.support.row_by_row import row_by_row
from webhook_core.ledger.firestore.codec import (
    decoded,
    decoded_fields,
    encoded,
    encoded_fields,
    moment_of,
    version_of,
)

TIMES = st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))]))
PLAIN = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | TIMES.filter(
        lambda moment: datetime(2, 1, 1, tzinfo=UTC) < moment < datetime(9999, 1, 1, tzinfo=UTC)
    )
)
VALUES = (
    PLAIN
    | st.lists(PLAIN)
    | st.dictionaries(st.text(st.characters(categories=["Ll"]), min_size=1), PLAIN)
)


@given(VALUES)
def test_what_is_written_is_read_as_it_was(value):
    assert decoded(encoded(value)) == value
    assert type(decoded(encoded(value))) is type(value)


@given(st.dictionaries(st.from_regex("[a-z]{1,9}", fullmatch=True), VALUES, max_size=4))
def test_google_s_own_client_reads_from_our_json_what_we_wrote(fields):
    document = Document.from_json(json.dumps({"fields": encoded_fields(fields)}))
    assert _helpers.decode_dict(document.fields, None) == fields


@given(st.dictionaries(st.from_regex("[a-z]{1,9}", fullmatch=True), VALUES, max_size=4))
def test_we_read_from_google_s_own_json_what_its_client_wrote(fields):
    text = Document.to_json(Document(fields=_helpers.encode_dict(fields)))
    assert decoded_fields(json.loads(text).get("fields", {})) == fields


@pytest.mark.parametrize("value", [Decimal("0.1"), 0.1, b"x", {1}, object()])
def test_what_would_not_be_held_exactly_is_not_written(value):
    with pytest.raises(TypeError):
        encoded(value)
    with pytest.raises(TypeError):
        encoded({"inside": [value]})


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, datetime(2026, 1, 1)])  # noqa: DTZ001  that is what is refused
def test_what_firestore_can_not_hold_is_not_written(value):
    with pytest.raises(ValueError, match=r"64 bits|zone"):
        encoded(value)


@pytest.mark.parametrize("number", ["0.1", "1E-8", "123456789012345678901234567890.123456789"])
def test_the_text_of_a_decimal_stays_that_text(number):
    assert encoded(number) == {"stringValue": number}
    assert decoded({"stringValue": number}) == number


@row_by_row
@pytest.mark.parametrize(
    ("kind", "content", "value"),
    [
        ("doubleValue", 1.5, 1.5),
        ("doubleValue", "Infinity", float("inf")),
        ("bytesValue", "YQ==", b"a"),
        (
            "referenceValue",
            "projects/p/databases/d/documents/a/b",
            "projects/p/databases/d/documents/a/b",
        ),
        ("geoPointValue", {"latitude": 1}, {"latitude": 1}),
        ("integerValue", 7, 7),
        ("arrayValue", {}, []),
        ("mapValue", {}, {}),
    ],
)
def test_what_others_have_added_is_read(kind, content, value):
    assert decoded({kind: content}) == value


@row_by_row
@pytest.mark.parametrize(
    "value",
    [
        {},
        {"stringValue": 1},
        {"stringValue": "a", "nullValue": None},
        {"integerValue": "1.5"},
        {"integerValue": ""},
        {"booleanValue": "true"},
        {"timestampValue": "2026-01-01"},
        {"timestampValue": "2026-13-01T00:00:00Z"},
        {"timestampValue": "2026-01-01T00:00:00+01:00"},
        {"timestampValue": "٢٠٢٦-01-01T00:00:00Z"},
        {"arrayValue": []},
        {"arrayValue": {"values": ["a"]}},
        {"mapValue": {"fields": {"a": 1}}},
        {"futureValue": "a"},
        "a",
        None,
    ],
)
def test_what_is_no_value_is_not_taken_for_one(value):
    with pytest.raises(ValueError, match="no value of Firestore's"):
        decoded(value)


@given(st.integers(0, 10**9 - 1))
def test_a_version_keeps_every_nanosecond_and_a_time_its_microseconds(nanoseconds):
    text = f"2026-03-01T12:00:00.{nanoseconds:09}Z"
    assert version_of(text) == text
    assert moment_of(text) == datetime(2026, 3, 1, 12, microsecond=nanoseconds // 1000, tzinfo=UTC)


@pytest.mark.parametrize("fraction", ["", ".5", ".500", ".500000", ".500000000"])
def test_one_moment_is_one_version_however_it_is_written(fraction):
    expected = (
        "2026-03-01T12:00:00.000000000Z" if not fraction else "2026-03-01T12:00:00.500000000Z"
    )
    assert version_of(f"2026-03-01T12:00:00{fraction}Z") == expected


@pytest.mark.parametrize(
    "version", ["", "3", "2026-03-01T12:00:00", "2026-03-01T12:00:00.1234567890Z", " "]
)
def test_the_version_of_another_store_is_none(version):
    with pytest.raises(ValueError, match="no time"):
        version_of(version)
