"""What make does on a machine as it comes: without venv, with a port that is taken, in a clone that
was moved."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import zipfile

import pytest

from tests.support import pseudo_terminal
from tests.support.project import ROOT
from webhook_core.operations.cli import cli

MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
TARGETS = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)[1].split()
WAIT_S = 60
"""A loaded machine is slow, and a wait that ends early costs nothing."""
MAKE_S = 2 * WAIT_S
OURS = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "LC_ALL": "C.UTF-8"}


def make(folder, *arguments, **env):
    return subprocess.run(
        ["make", *arguments], cwd=folder, env={**OURS, **env}, capture_output=True, text=True,
        check=False,
        timeout=MAKE_S,
    )  # fmt: skip


@pytest.fixture
def bare(tmp_path):
    """The Makefile and two requirements that can be installed without a network, one of them twice
    in a row."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "requirements.txt").write_text("tiny==1.0\n")
    (tmp_path / "requirements-dev.txt").write_text("-r requirements.txt\nsmall==2.0\n")
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    for name, version in (("tiny", "1.0"), ("small", "2.0")):
        with zipfile.ZipFile(wheels / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
            info = f"{name}-{version}.dist-info"
            wheel.writestr(f"{name}.py", "")
            wheel.writestr(
                f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
            )
            wheel.writestr(
                f"{info}/WHEEL",
                "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            )
            wheel.writestr(f"{info}/RECORD", "")
    return tmp_path


OFFLINE = {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull}


def python_with_pip_at_hand(folder):
    """A Python whose environments find the pip of the tests: to unpack one for each takes most of
    the time of the test."""
    wrapper = folder / "python3"
    wrapper.write_text(
        "#!/bin/sh\n"
        f'[ "$1 $2" = "-m venv" ] || exec {sys.executable} "$@"\n'
        f'shift 2; {sys.executable} -m venv --without-pip "$@" || exit; for place; do :; done\n'
        f'for found in "$place"/lib/python*/site-packages; do\n'
        f'  echo {sysconfig.get_path("purelib")} > "$found/of-the-tests.pth"\n'
        "done\n"
    )
    wrapper.chmod(0o755)
    return wrapper


def python_without(folder, module):
    """A Python that lacks a module, as Debian's lacks ensurepip."""
    hiding = folder / f"without-{module}"
    hiding.mkdir()
    (hiding / f"{module}.py").write_text("raise ImportError('not here')\n")
    wrapper = hiding / "python3"
    wrapper.write_text(f'#!/bin/sh\nPYTHONPATH={hiding} exec {sys.executable} "$@"\n')
    wrapper.chmod(0o755)
    return wrapper


# -- help ------------------------------------------------------------------------------------------


def test_make_alone_and_make_help_name_every_target(bare):
    alone, asked = make(bare), make(bare, "help")
    assert (alone.returncode, alone.stderr, alone.stdout) == (0, "", asked.stdout)
    assert set(re.findall(r"^make ([a-z]+)", alone.stdout, re.MULTILINE)) == set(TARGETS) - {"venv"}
    assert not (bare / ".venv").exists()


def test_no_recipe_runs_a_script_of_the_environment():
    """They hold the path of the folder that they were installed in."""
    recipes = re.sub(r"^#.*$", "", MAKEFILE, flags=re.MULTILINE)
    assert re.findall(r"\$\(VENV\)/bin/(\w+)", recipes) == ["python"]
    assert "$(BIN)" not in recipes


# -- installing ------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", ["ensurepip", "venv"])
def test_a_python_without_venv_says_what_to_install_and_leaves_nothing(bare, module):
    done = make(bare, "demo", f"PYTHON={python_without(bare, module)}")
    assert done.returncode == 2
    assert "apt install python3-venv" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert not (bare / ".venv").exists()


@pytest.mark.parametrize("text", ["no-such-python", "false"])
def test_a_python_that_is_none_says_how_to_name_one(bare, text):
    done = make(bare, "serve", f"PYTHON={text}")
    assert done.returncode == 2
    assert done.stderr.splitlines()[0] == (
        f"Python 3.11 or newer is needed, and {text} is none: install it, or name one, as in: "
        "make PYTHON=python3.13"
    )


def test_an_install_that_fails_is_said_and_tried_again_and_the_next_make_installs_nothing(bare):
    python = python_with_pip_at_hand(bare)
    done = make(bare, "venv", f"PYTHON={python}", **OFFLINE)
    assert done.returncode == 2
    assert "No matching distribution found for tiny==1.0" in done.stderr
    assert not (bare / ".venv" / ".installed").exists()
    env = {**OURS, **OFFLINE, "PIP_FIND_LINKS": str(bare / "wheels")}
    command = ["make", "venv", f"PYTHON={python}"]
    shown = pseudo_terminal.run(command, bare, env, 80)
    assert shown.status == 0, shown.text
    assert "Installing 2 packages into .venv" in shown.text
    assert "  2 fetched, unpacking them ..." in shown.text
    assert (
        pseudo_terminal.run(command, bare, env, 80).text.strip()
        == "make: Nothing to be done for 'venv'."
    )
    python = bare / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("/gone/with/the/last/upgrade")
    again = make(bare, *command[1:], **OFFLINE, PIP_FIND_LINKS=str(bare / "wheels"))
    assert again.returncode == 0, again.stderr
    assert again.stdout.splitlines() == [
        "Installing 2 packages into .venv: two or three minutes, once."
    ]
    subprocess.run([python, "-c", "import tiny, small"], check=True)


# -- serving ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def moved(tmp_path_factory):
    """A clone whose environment was made where it stood before; it finds its packages in that of
    the tests."""
    before = tmp_path_factory.mktemp("clone") / "before it was moved"
    before.mkdir()
    for name in ("Makefile", "main.py", "requirements.txt", "requirements-dev.txt"):
        shutil.copy(ROOT / name, before)
    for name in ("webhook_core", "examples"):
        shutil.copytree(ROOT / name, before / name, ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", before / ".venv"], check=True)
    (packages,) = (before / ".venv" / "lib").glob("python*/site-packages")
    (packages / "of-the-tests.pth").write_text(sysconfig.get_path("purelib") + "\n")
    (before / ".venv" / ".installed").touch()
    after = before.with_name("and after")
    before.rename(after)
    return after


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Serving:
    def __init__(self, folder, *options, **env):
        command = ["make", "serve", *options]
        self.process = subprocess.Popen(
            command, cwd=folder, env={**OURS, **env}, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True,
            start_new_session=True,
        )  # fmt: skip

    def until(self, text):
        """The lines up to the one with this text."""
        lines = []
        for line in self.process.stdout:
            lines.append(line.rstrip("\n"))
            if text in line:
                return lines
        raise AssertionError("\n".join(lines))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)  # Ctrl-C
        rest = self.process.communicate(timeout=WAIT_S)[0]
        assert "Traceback" not in rest


def test_serve_in_a_moved_clone_says_where_it_listens_and_what_to_type_next(moved):
    port = free_port()
    with Serving(moved, f"PORT={port}") as serving:
        *_, first, sender = serving.until("send_alert.py")
        assert first == (
            f"listening on http://127.0.0.1:{port} in paper mode; Ctrl-C ends it. Next, in "
            "another terminal:"
        )
        orders = serving.until("webhook_core orders")[-1]
        sent = subprocess.run(
            ["sh", "-c", sender], cwd=moved, env=OURS, capture_output=True, text=True, check=True
        )
        assert sent.stdout.count("HTTP 200") == 2
        listed = subprocess.run(
            ["sh", "-c", orders], cwd=moved, env=OURS, capture_output=True, text=True, check=True
        )
        assert "ACCEPTED\tbuy 0.001 BTC/USD market" in listed.stdout


def test_serve_reads_the_settings_of_env_and_says_to_read_them(moved):
    (moved / ".env").write_text('WEBHOOK_TOKEN=a-token-of-these-tests\nMAX_ORDER_COST="500 USD"\n')
    port = free_port()
    try:
        with Serving(moved, f"PORT={port}") as serving:
            lines = serving.until("webhook_core orders")
            assert lines[-4].strip() == "set -a; . ./.env; set +a"
            script = "\n".join(lines[-4:])
            sent = subprocess.run(
                ["sh", "-c", script],
                cwd=moved,
                env=OURS,
                capture_output=True,
                text=True,
                check=False,
            )
            assert sent.stdout.count("HTTP 200") == 2
    finally:
        (moved / ".env").unlink()


def test_with_strategies_of_one_s_own_what_serve_says_to_type_trades_as_the_first(moved):
    (moved / "strategies.toml").write_text('[trend]\ntoken = "env:TREND_TOKEN"\n[other]\n')
    (moved / ".env").write_text(
        "WEBHOOK_TOKEN=a-token-of-these-tests\nTREND_TOKEN=of-trend-alone-4f3e2d\n"
        "WEBHOOK_SECRET=a-secret-of-these-tests\n"
    )
    try:
        with Serving(moved, f"PORT={free_port()}") as serving:
            script = "\n".join(serving.until("webhook_core orders")[-4:])
            sent = subprocess.run(
                ["sh", "-c", script],
                cwd=moved, env=OURS, capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert sent.stdout.count("HTTP 200") == 2, sent.stdout
            assert "\ttrend\tsend-alert-" in sent.stdout
    finally:
        (moved / ".env").unlink()
        (moved / "strategies.toml").unlink()


MARKET = "python3 examples/send_alert.py examples/market.json"


@pytest.mark.parametrize(
    ("text", "sender"),
    [
        (None, MARKET),
        ("", MARKET),
        ("not toml", MARKET),
        ('[notify]\nfill = true\n', MARKET),
        ('[trend]\n[my-strategy]\nmax_order_cost = "10 USD"\n', MARKET),
        ("[trend]\n[other]\n", f"{MARKET} --strategy trend"),
        ('["two words"]\n', f"{MARKET} --strategy 'two words'"),
        (
            '[trend]\ntoken = "env:OWN"\n',
            f'WEBHOOK_TOKEN="$OWN" {MARKET} --strategy trend --token',
        ),
        (
            '[trend]\ntoken = ["env:NEW", "env:OLD"]\n',
            f'WEBHOOK_TOKEN="$NEW" {MARKET} --strategy trend --token',
        ),
        (
            '[my-strategy]\ntoken = "written-in-the-file"\n',
            f"WEBHOOK_TOKEN=THE_TOKEN_OF_my-strategy {MARKET} --strategy my-strategy --token",
        ),
        (
            '[trend]\nsecret = "env:OWN"\n',
            f'WEBHOOK_SECRET="$OWN" {MARKET} --strategy trend',
        ),
    ],
)  # fmt: skip
def test_what_is_sent_first_is_proved_and_named_as_the_strategies_want_it(
    tmp_path, monkeypatch, text, sender
):
    file = tmp_path / "s.toml"
    if text is not None:
        file.write_text(text, "utf-8")
    monkeypatch.setenv("STRATEGIES_FILE", str(file))
    sys.path.insert(0, str(ROOT / "examples"))
    try:
        import serve
    finally:
        sys.path.remove(str(ROOT / "examples"))
    advice = serve.advice(8080, "paper")
    (line,) = [line.strip() for line in advice if "send_alert.py" in line]
    assert line == f"{sender} --twice"
    assert "written-in" not in "".join(advice)


def test_a_port_that_is_taken_says_how_to_name_another(moved):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = make(moved, "serve", f"PORT={port}")
    said = done.stderr.splitlines()
    assert done.returncode == 2
    assert re.fullmatch(
        f"Port {port} is taken: name another one, as in: make serve PORT=[0-9]+", said[0]
    )
    assert said[0].split("=")[-1] != str(port)
    assert len(said) == 2  # the second is make's own


@pytest.mark.parametrize("port", ["abc", "0", "65536", "-1", "80 80", "8080x"])
def test_a_port_that_is_none_says_so(moved, port):
    done = make(moved, "serve", f"PORT={port}")
    assert done.returncode == 2
    assert done.stderr.splitlines()[0] == (
        f"PORT={port} is no port: write a number from 1 to 65535, as in: make serve PORT=8090"
    )


def test_settings_at_fault_end_serve_without_a_word_of_where_it_listens(moved):
    done = make(moved, "serve", f"PORT={free_port()}", TRADING_MODE="alive")
    assert done.returncode == 2
    assert "TRADING_MODE" in done.stderr
    assert "listening" not in done.stdout


def test_the_advice_for_real_money_sends_no_order():
    sys.path.insert(0, str(ROOT / "examples"))
    try:
        import serve
    finally:
        sys.path.remove(str(ROOT / "examples"))
    first, sender, *_ = [line for line in serve.advice(8080, "live") if ". ./.env" not in line]
    assert first.startswith("REAL MONEY: listening on http://127.0.0.1:8080 in live mode")
    assert sender.endswith("send_alert.py examples/market.json --validate")


# -- the demo --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("encoding", "tick"), [("utf-8", "✓"), ("ascii", "ok:")])
def test_the_demo_marks_what_it_has_checked(moved, encoding, tick):
    done = subprocess.run(
        [moved / ".venv" / "bin" / "python", "examples/demo.py"],
        cwd=moved, env={**OURS, "PYTHONIOENCODING": encoding}, capture_output=True, check=False,
    )  # fmt: skip
    text = done.stdout.decode(encoding)
    assert done.returncode == 0, text
    assert text.count(f"     {tick} ") == 16
    assert re.findall(r"^ *200 ", text, re.MULTILINE) == []


# -- completion ------------------------------------------------------------------------------------

COMPLETING = """
eval "$REGISTERS"
complete -p bridge
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _bridge_completion "$1"; printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture(scope="module")
def registers(moved):
    """What a shell runs when it starts."""
    return subprocess.run(
        ["bash", "-c", "_BRIDGE_COMPLETE=bash_source examples/bridge"],
        cwd=moved, env=OURS, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ([""], sorted(cli.commands)),
        (["re"], [name for name in sorted(cli.commands) if name.startswith("re")]),
        (["orders", "--s"], ["--state", "--strategy", "--since", "--symbol"]),
        (["orders", "--state", "NOT"], ["NOT_PLACED", "NOT_SENT"]),
        (["orders", "--state", "EXPIRED,rej"], ["EXPIRED,REJECTED"]),
    ],
)
def test_bash_completes_the_operators_commands(moved, registers, typed, completed):
    done = subprocess.run(
        ["bash", "-c", COMPLETING, "-", "examples/bridge", *typed],
        cwd=moved, env={**OURS, "REGISTERS": registers}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    registered, *words = done.stdout.splitlines()
    assert registered.endswith("-F _bridge_completion bridge")
    assert words == completed
    assert done.stderr == ""


def test_simulate_plays_every_module_that_asks_how_many_examples_to_try():
    asking = [
        path.relative_to(ROOT).as_posix()
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        if "\nfrom tests.support.examples import examples\n" in path.read_text("utf-8")
    ]
    chosen = re.search(r"EXAMPLES=all \$\(PY\) -m pytest -q tests -m '(.*?)'", MAKEFILE)[1]
    command = [sys.executable, "-m", "pytest", "--collect-only", "-p", "no:cacheprovider"]
    run = subprocess.run(
        [*command, "-m", chosen, *asking], cwd=ROOT, capture_output=True, text=True, check=False
    )
    played = re.findall(r"^(tests/\S+\.py)\b", run.stdout, re.MULTILINE)
    assert "tests/simulation/test_limits.py" in asking
    assert set(played) == set(asking), run.stdout + run.stderr
