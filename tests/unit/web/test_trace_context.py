import pytest

from tests.support.row_by_row import row_by_row
from webhook_core.web import trace_context

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PARENT = f"00-{TRACE}-{SPAN}-01"
OLDER = "105445aa7843bc8bf206b12000100000"


@row_by_row
@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({}, {}),
        ({"traceparent": PARENT}, {"trace": TRACE, "span_id": SPAN, "trace_sampled": True}),
        (
            {"traceparent": PARENT[:-1] + "0"},
            {"trace": TRACE, "span_id": SPAN, "trace_sampled": False},
        ),
        (
            {"traceparent": f"cc-{TRACE}-{SPAN}-01-later"},
            {"trace": TRACE, "span_id": SPAN, "trace_sampled": True},
        ),
        ({"x-cloud-trace-context": OLDER}, {"trace": OLDER, "trace_sampled": False}),
        (
            {"x-cloud-trace-context": f"{OLDER}/255;o=1"},
            {"trace": OLDER, "span_id": "00000000000000ff", "trace_sampled": True},
        ),
        (
            {"x-cloud-trace-context": f"{OLDER}/{2**64 - 1};o=0"},
            {"trace": OLDER, "span_id": "f" * 16, "trace_sampled": False},
        ),
        (
            {"traceparent": PARENT, "x-cloud-trace-context": f"{OLDER}/1;o=0"},
            {"trace": TRACE, "span_id": SPAN, "trace_sampled": True},
        ),
        (
            {"traceparent": "garbage", "x-cloud-trace-context": OLDER},
            {"trace": OLDER, "trace_sampled": False},
        ),
        ({"function-execution-id": "WgSXJzUMtjc6"}, {"execution_id": "WgSXJzUMtjc6"}),
    ],
)
def test_what_the_headers_say_about_the_trace(headers, found):
    assert trace_context.facts(headers) == found


@row_by_row
@pytest.mark.parametrize(
    "text",
    [
        "", "-", "00", "00---", f"ff-{TRACE}-{SPAN}-01", f"00-{TRACE}-{SPAN}-01-more",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01", f"00-{TRACE.upper()}-{SPAN}-01", f"00-{TRACE[1:]}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-1",
        f"00-{TRACE}-{SPAN}-0x", f"{PARENT}, {PARENT}", f'00-{TRACE}-{SPAN}-01","severity":"ERROR',
        f"0٣-{TRACE}-{SPAN}-01",
    ],
)  # fmt: skip
def test_what_is_no_traceparent_is_no_trace(text):
    assert trace_context.facts({"traceparent": text}) == {}


@row_by_row
@pytest.mark.parametrize(
    "text",
    [
        "", "/1;o=1", "0" * 32, f"{OLDER}x", f"{OLDER}/x", f"{OLDER}/0", f"{OLDER}/{2**64}",
        f"{OLDER}/-1", f"{OLDER}/٣",
        f"{OLDER}/{'9' * 5000}", f"{OLDER};o=2", f'{OLDER}";"severity":"ERROR',
        f"{OLDER}/1;o=1, {OLDER}/1;o=1",
    ],
)  # fmt: skip
def test_what_is_no_cloud_trace_is_no_trace(text):
    assert trace_context.facts({"x-cloud-trace-context": text}) == {}


@pytest.mark.parametrize("text", ["", "a b", 'a"b', "a\nb", "é", "x" * 65])
def test_an_execution_id_is_letters_and_digits(text):
    assert trace_context.facts({"function-execution-id": text}) == {}
