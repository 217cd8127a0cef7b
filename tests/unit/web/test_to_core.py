"""What main.py makes of whatever a server hands it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.support.project import ROOT

RAW = r"""
import io, json, sys
import flask, main
for query in json.loads(sys.argv[1]):
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/\xff\x00", "QUERY_STRING": query,
               "SERVER_NAME": "x", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1",
               "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(),
               "HTTP_X_RAW": "\xff", "REMOTE_ADDR": "::1"}
    request = main.to_core(flask.Request(environ), main._instance.clock.now())
    print(json.dumps(dict(sorted(request.query.items()))), main._instance.handle(request).status)
"""
QUERIES = {
    "": "{}",
    "a=1&b=2": '{"a": "1", "b": "2"}',
    "a=1&a=2": '{"a": "1"}',
    "a=&b": '{"a": "", "b": ""}',
    "a=\xff": '{"a": "\\ufffd"}',
    "\xff\xfe=\x80": '{"\\ufffd\\ufffd": "\\ufffd"}',
    "a=%ff%00": '{"a": "\\ufffd\\u0000"}',
    "a=%ed%a0%80": '{"a": "\\ufffd\\ufffd\\ufffd"}',
    "a=x+y%2": '{"a": "x y%2"}',
}


@pytest.fixture(scope="module")
def read():
    done = subprocess.run(
        [sys.executable, "-c", RAW, json.dumps([*QUERIES])],
        cwd=ROOT, env={"STRATEGIES_FILE": "", "LEDGER_URL": "memory://"}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said = [line for line in done.stdout.splitlines() if line.startswith("{")]
    return dict(zip(QUERIES, said, strict=True))


@pytest.mark.parametrize(("query", "names"), QUERIES.items())
def test_any_query_is_read_and_none_is_a_crash(read, query, names):
    assert read[query] == f"{names} 404"
