"""The operator's replay: the one way in which an alert that ended without
an order is sent again."""

from __future__ import annotations

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from click.testing import CliRunner

from tests.support.faked_function import TOKEN, Function
from tests.support.ledger_entries import moved, submitting
from tests.support.terminal import function_on, only, rows, run
from tests.support.trading_venue import replay_of
from webhook_core.bootstrap import build
from webhook_core.errors import LedgerUnavailable
from webhook_core.events import LOGGER
from webhook_core.ledger.entry import REPLAYABLE, State, Unit
from webhook_core.ledger.transitions import IllegalTransition, replayed_by_operator
from webhook_core.operations.cli import cli
from webhook_core.operations.commands.terminal import budget
from webhook_core.operations.replay_search import ReplayRefused, unit_named
from webhook_core.settings.reading import read_settings
from webhook_core.trading.requests import NotSent, Rejected, Unknown, VenueOrder

POOR = Rejected(("EOrder:Insufficient funds",))
LOST = Unknown("the reply was lost")


@pytest.fixture(autouse=True)
def logger_as_it_was():
    before = LOGGER.handlers[:], LOGGER.level, LOGGER.propagate
    yield
    LOGGER.handlers[:], LOGGER.propagate = before[0], before[2]
    LOGGER.setLevel(before[1])


@pytest.fixture
def function(tmp_path):
    return function_on(tmp_path / "ledger.db")


def rejected(function, **fields):
    function.venue.refuse = [POOR]
    return function.post(function.alert(**fields))


def not_placed(function, **fields):
    function.venue.refuse = [LOST]
    answer = function.post(function.alert(**fields))
    for _ in range(2):
        function.clock.sleep(80)
        run(function, "reconcile")
    return answer


def expired(function, **fields):
    function.venue.refuse = [NotSent("no connection")]
    answer = function.post(function.alert(**fields))
    function.clock.sleep(61)
    run(function, "reconcile")
    return answer


def entries(function):
    return function.store.entries().entries


def entry(function):
    return only(entries(function))


# -- the transition --------------------------------------------------------------------------------


@pytest.mark.parametrize("state", State)
def test_only_what_ended_without_an_order_can_be_replayed(state):
    before = moved(submitting(), state)
    now = before.claimed_at + timedelta(hours=1)
    if state not in {State.REJECTED, State.NOT_PLACED, State.EXPIRED, State.DENIED}:
        with pytest.raises(IllegalTransition):
            replayed_by_operator(before, before.current.request, now, 10)
        return
    after = replayed_by_operator(before, before.current.request, now, 10)
    assert after.attempts[:-1] == before.attempts
    assert (after.state, after.current.number) == (State.SUBMITTING, before.current.number + 1)
    assert after.claimed_at == before.claimed_at
    assert after.current.claimed_at == now
    assert after.current.deadline == (now + timedelta(seconds=10)).replace(microsecond=0)
    assert (after.current.errors, after.current.reason, after.current.settled_at) == ((), "", None)
    assert (after.current.open_absent_at, after.current.order_id) == (None, None)


@pytest.mark.parametrize("key", ["id::a-1", "id:a/b:c/d/0/1", "sha256:00", ""])
def test_a_units_name_names_the_unit(key):
    unit = Unit("live", "default", key, leg=2, generation=31)
    assert unit_named(unit.name) == unit


@pytest.mark.parametrize(
    "name", ["", "a-1", "live/default/x/0/id::a-1", "live/default/0/-1/k", "live/default/0/²/k"]
)
def test_another_text_names_no_unit(name):
    assert unit_named(name) is None


# -- sending again ---------------------------------------------------------------------------------


@pytest.mark.parametrize("ended", [rejected, not_placed, expired])
def test_a_replay_sends_the_stored_request_once_as_a_new_attempt(function, ended):
    ended(function, order_type="stop-loss-limit", stop_price="61000", leverage="2")
    before = entry(function)
    assert before.state in REPLAYABLE
    sent_before = len(function.venue.submitted)
    result = run(function, "replay", "a-1", "--yes")
    assert result.exit_code == 0
    assert "Kraken accepted the order." in result.stdout
    assert len(function.venue.submitted) == sent_before + 1
    request, client_order_id, deadline = function.venue.submitted[-1]
    after = entry(function)
    assert request == before.current.request
    assert (after.state, after.current.client_order_id, after.current.deadline) == (
        State.ACCEPTED, client_order_id, deadline,
    )  # fmt: skip
    assert after.current.order_id in result.stdout
    assert client_order_id not in {attempt.client_order_id for attempt in before.attempts}
    assert deadline == (function.clock.now() + timedelta(seconds=10)).replace(microsecond=0)


def test_every_attempt_has_a_client_order_id_of_its_own(function):
    rejected(function)
    for _ in range(3):
        function.venue.refuse = [POOR]
        assert run(function, "replay", "a-1", "--yes").exit_code == 1
    ids = [client_order_id for _, client_order_id, _ in function.venue.submitted]
    assert len(ids) == len(set(ids)) == 4
    assert [attempt.client_order_id for attempt in entry(function).attempts] == ids


def test_what_will_be_sent_is_shown_before_it_is_asked(function):
    rejected(
        function,
        order_type="stop-loss-limit",
        stop_price="61000",
        leverage="2",
        strategy_name="trend",
    )
    function.clock.sleep(3 * 3600 + 60)
    result = run(function, "replay", "a-1", answer="n\n")
    assert result.exit_code == 1
    shown = {row[0]: row[-1] for row in rows(result)}
    assert shown["alert"] == "a-1"
    assert shown["received"] == "2026-11-22 12:00:00 UTC, 3 h 1 min ago"
    assert (shown["mode"], shown["account"], shown["strategy"]) == ("paper", "default", "trend")
    assert shown["attempt 1"] == "2026-11-22 12:00:00 UTC REJECTED EOrder:Insufficient funds"
    for name, text in entry(function).current.request.parameters.items():
        assert shown[name] == text
    assert shown["cl_ord_id"] == entry(function).unit.client_order_id(2)
    assert result.stdout.splitlines()[-1].startswith("Send this order now? [y/N]: n")


@pytest.mark.parametrize("answer", ["n\n", "\n", ""])
def test_nothing_is_sent_or_written_without_a_yes(function, answer):
    rejected(function)
    before = entry(function)
    assert run(function, "replay", "a-1", answer=answer).exit_code == 1
    assert entry(function) == before
    assert len(function.venue.submitted) == 1


def test_a_typed_yes_sends(function):
    rejected(function)
    assert run(function, "replay", "a-1", answer="y\n").exit_code == 0
    assert entry(function).state is State.ACCEPTED


def test_a_redelivery_after_a_replay_gets_the_replays_answer(function):
    alert = function.alert()
    function.venue.refuse = [POOR]
    assert function.post(alert).status == 422
    run(function, "replay", "a-1", "--yes")
    answer = function.post(alert)
    assert (answer.status, answer["replayed"], answer["order_id"]) == (
        200,
        True,
        entry(function).current.order_id,
    )
    assert len(function.venue.submitted) == 2


def test_a_replay_whose_reply_is_lost_is_unknown_and_reconciled_as_usual(function):
    rejected(function)
    function.venue.lose_reply = True
    result = run(function, "replay", "a-1", "--yes")
    assert result.exit_code == 1
    assert ".venv/bin/python -m webhook_core reconcile\n" in result.stdout
    assert entry(function).state is State.SUBMITTING
    again = run(function, "replay", "a-1", "--yes")
    assert again.exit_code == 1
    assert "its outcome is not known yet" in again.stderr
    function.clock.sleep(6)
    assert run(function, "reconcile").exit_code == 0
    assert entry(function).state is State.ACCEPTED
    assert len(function.venue.submitted) == 2


def test_a_replay_that_was_not_sent_expires_and_can_be_replayed_again(function):
    rejected(function)
    function.clock.sleep(3600)
    function.venue.refuse = [NotSent("no connection")]
    assert run(function, "replay", "a-1", "--yes").exit_code == 1
    assert entry(function).state is State.NOT_SENT
    assert "reconcile makes it EXPIRED" in run(function, "replay", "a-1", "--yes").stderr
    run(function, "reconcile")
    assert run(function, "replay", "a-1", "--yes").exit_code == 0
    assert [attempt.state for attempt in entry(function).attempts] == [
        State.REJECTED,
        State.EXPIRED,
        State.ACCEPTED,
    ]


def test_a_replay_is_not_rounded_anew(function):
    rejected(function)
    function.venue.refuse = [
        Rejected(("EGeneral:Invalid arguments:volume minimum not met",), stale_rules=True)
    ]
    function.venue.calls.clear()
    result = run(function, "replay", "a-1", "--yes")
    assert result.exit_code == 1
    assert "sends the stored request as it was" in result.stdout
    assert function.venue.calls == ["find_open", "find_closed", "submit"]
    assert entry(function).state is State.REJECTED


# -- refusals --------------------------------------------------------------------------------------


def found_open(function):
    ours = function.venue.submitted[0][1]
    function.venue.listed_open[ours] = VenueOrder("OLATE-AAAAA-AAAAAA", ours, "open")


def found_closed(function):
    ours = function.venue.submitted[0][1]
    function.venue.closed_orders[ours] = VenueOrder("OLATE-AAAAA-AAAAAA", ours, "canceled")


def cannot_read(name):
    def arrange(function):
        function.venue.unreadable = {name}

    return arrange


@pytest.mark.parametrize("ended", [rejected, not_placed])
@pytest.mark.parametrize(
    ("arrange", "says"),
    [
        (found_open, "Attempt 1 was placed after all: Kraken has it as OLATE-AAAAA-AAAAAA, open"),
        (
            found_closed,
            "Attempt 1 was placed after all: Kraken has it as OLATE-AAAAA-AAAAAA, canceled",
        ),
        (
            cannot_read("find_open"),
            "Whether attempt 1 was placed can't be seen: find_open could not be read.",
        ),
        (
            cannot_read("find_closed"),
            "Whether attempt 1 was placed can't be seen: find_closed could not be read.",
        ),
    ],
)
def test_an_order_at_kraken_or_a_read_that_fails_refuses(function, ended, arrange, says):
    ended(function)
    arrange(function)
    refused(function, says)


def refused(function, says, *options):
    before, sent = entries(function), len(function.venue.submitted)
    result = run(function, "replay", "a-1", "--yes", *options)
    assert result.exit_code == 1
    assert says in result.stderr
    assert entries(function) == before
    assert len(function.venue.submitted) == sent


def test_every_earlier_attempt_is_looked_up(function):
    rejected(function)
    for _ in range(2):
        function.venue.refuse = [POOR]
        run(function, "replay", "a-1", "--yes")
    second = function.venue.submitted[1][1]
    function.venue.closed_orders[second] = VenueOrder("OLATE-AAAAA-AAAAAA", second, "closed")
    refused(
        function,
        (
            "Attempt 2 was placed after all: Kraken has it as OLATE-AAAAA-AAAAAA, closed, under "
            f"client order id {second}"
        ),
    )


def accepted(function):
    function.post(function.alert())


def unknown(function):
    function.venue.lose_reply = True
    function.post(function.alert())


def not_sent(function):
    function.venue.refuse = [NotSent("no connection")]
    function.post(function.alert())


@pytest.mark.parametrize(
    ("arrange", "says"),
    [
        (accepted, "The alert is ACCEPTED: Kraken accepted it as OFAKE1-AAAAA-AAAAAA."),
        (unknown, "The alert is SUBMITTING: its outcome is not known yet, it may have been placed"),
        (not_sent, "The alert is NOT_SENT: it was not sent, and a redelivery may still send it"),
        (lambda function: None, "No such alert among the newest 10000 entries of sqlite:///"),
    ],
)
def test_an_alert_in_another_state_or_none_refuses(function, arrange, says):
    arrange(function)
    refused(function, says)


@pytest.mark.parametrize(
    ("fields", "env", "price_now", "says"),
    [
        ({}, {"ALLOWED_SYMBOLS": "ETH/USD"}, 60000,
            "ALLOWED_SYMBOLS: BTC/USD is not among ETH/USD"),
        ({}, {"MAX_ORDER_COST": "599 USD"}, 60000, "MAX_ORDER_COST: cost 600 USD"),
        # The alert's price was 60000.
        ({}, {"MAX_ORDER_COST": "650 USD"}, 70000, "MAX_ORDER_COST: cost 700 USD"),
        ({}, {"MAX_ORDER_COST": "650 EUR"}, 60000,
            "MAX_ORDER_COST_CURRENCY: no cap is set for USD"),
        ({"order_type": "limit"}, {"MAX_ORDER_COST": "599 USD"}, 10,
            "MAX_ORDER_COST: cost 600 USD"),
        ({"order_type": "stop-loss", "stop_price": "90000"}, {"MAX_ORDER_COST": "899 USD"}, 60000,
            "cost 900 USD"),
        (
            {"order_type": "stop-loss-limit", "stop_price": "90000"}, {"MAX_ORDER_COST": "899 USD"},
            10, "cost 900 USD",
        ),
        ({"order_type": "limit", "price": "+2%"}, {"MAX_ORDER_COST": "611 USD"}, 60000,
            "MAX_ORDER_COST: cost 612 USD"),
        ({"order_type": "limit", "price": "-2%"}, {"MAX_ORDER_COST": "599 USD"}, 60000,
            "MAX_ORDER_COST: cost 600 USD"),
        (
            {"order_type": "trailing-stop-limit", "trail": "500", "trail_limit": "+500"},
            {"MAX_ORDER_COST": "609 USD"}, 60000,
            "MAX_ORDER_COST: cost 610 USD",
        ),
    ],
)  # fmt: skip
def test_todays_limits_hold_for_a_replay(tmp_path, fields, env, price_now, says):
    path = tmp_path / "ledger.db"
    before = function_on(path)
    rejected(before, **fields)
    today = function_on(path, **env)
    today.venue.price = Decimal(price_now)
    refused(today, f"Today's limits forbid it: {says}" if ":" in says else says)
    assert "find_open" not in today.venue.calls


def test_the_limits_of_the_alerts_own_strategy_hold(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rejected(function_on(tmp_path / "ledger.db"), strategy_name="trend")
    (tmp_path / "strategies.toml").write_text(
        '[trend]\nmax_order_cost = "100 USD"\n[other]\nvolume = "1"\n'
    )
    refused(function_on(tmp_path / "ledger.db"), "above the cap of 100 USD")


def test_a_cost_that_cannot_be_known_refuses(tmp_path):
    rejected(function_on(tmp_path / "ledger.db"))
    today = function_on(tmp_path / "ledger.db", MAX_ORDER_COST="650 USD")
    today.venue.unreadable = {"last_price"}
    refused(today, "last_price could not be read")


@pytest.mark.parametrize(
    "fields",
    [{}, {"order_type": "limit"}, {"order_type": "limit", "price": "-2%", "stop_loss": "1%"}],
)
def test_a_replay_within_todays_limits_is_sent(tmp_path, fields):
    rejected(function_on(tmp_path / "ledger.db"), **fields)
    today = function_on(tmp_path / "ledger.db", MAX_ORDER_COST="600 USD", ALLOWED_SYMBOLS="BTC/USD")
    assert run(today, "replay", "a-1", "--yes").exit_code == 0
    assert len(today.venue.submitted) == 1


@pytest.mark.parametrize("mode", ["live", "validate"])
def test_an_alert_of_paper_is_never_sent_for_real(tmp_path, mode):
    rejected(function_on(tmp_path / "ledger.db"))
    real = {
        "TRADING_MODE": mode, "KRAKEN_API_KEY": "k" * 56, "KRAKEN_API_SECRET": "a2V5" * 22,
        "ALLOWED_SYMBOLS": "*",
        "MAX_ORDER_COST": "none",
    }  # fmt: skip
    now = function_on(tmp_path / "ledger.db", **real)
    refused(now, f"The alert came in paper mode for account default; this is {mode} mode")
    refused(now, "The alert came in paper mode", "--unit", entry(now).unit.name)


# -- which entry -----------------------------------------------------------------------------------


def two_generations(function):
    """The same words twice, the second time past the window: two firings with one alert id."""
    for _ in range(2):
        function.venue.refuse = [POOR]
        answer = function.post(function.alert(id=None, fired_at=None))
        function.clock.sleep(60)
    return answer["alert_id"]


def test_of_several_entries_the_operator_is_asked_which(function):
    alert_id = two_generations(function)
    result = run(function, "replay", alert_id, "--yes")
    assert result.exit_code == 2
    assert "--generation or --unit" in result.stderr
    assert [row[0] for row in rows(result)] == ["GENERATION", "1", "0"]
    assert [row[-1] for row in rows(result)[1:]] == [found.unit.name for found in entries(function)]
    assert len(function.venue.submitted) == 2


@pytest.mark.parametrize("by", ["generation", "unit"])
def test_the_entry_that_was_named_is_sent_and_no_other(function, by):
    alert_id = two_generations(function)
    newer, older = entries(function)
    option = ("--generation", "0") if by == "generation" else ("--unit", older.unit.name)
    assert run(function, "replay", alert_id, *option, "--yes").exit_code == 0
    assert function.store.find(older.unit).state is State.ACCEPTED
    assert function.store.find(newer.unit) == newer


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--generation", "7"), "No such alert of generation 7"),
        (("--unit", "paper/default/0/0/id::a-2"), "has no such unit of this alert"),
        (("--unit", "nonsense"), "has no such unit of this alert"),
        (("--unit", "paper/default/0/0/id::other"), "has no such unit of this alert"),
    ],
)
def test_an_entry_that_is_not_there_refuses(function, options, says):
    rejected(function, id="other")
    function.venue.refuse = [POOR]
    function.post(function.alert())
    refused(function, says, *options)


def test_a_search_ends_after_a_bounded_number_of_entries(function, monkeypatch):
    from webhook_core.operations import replay_search

    monkeypatch.setattr(replay_search, "PAGE", 2)
    monkeypatch.setattr(replay_search, "MOST_PAGES", 3)
    for number in range(8):
        rejected(function, id=f"a-{number}")
    assert run(function, "replay", "a-2", answer="n").stdout.startswith("alert")
    beyond = run(function, "replay", "a-1", answer="n")
    assert "among the newest 6 entries" in beyond.stderr
    named = run(function, "replay", "a-1", "--unit", "paper/default/0/0/id::a-1", answer="n")
    assert named.stdout.startswith("alert")


# -- two at once -----------------------------------------------------------------------------------


@pytest.mark.parametrize("round_", range(5))
def test_of_two_replays_at_once_one_sends(tmp_path, round_):
    path = tmp_path / "ledger.db"
    first = function_on(path)
    rejected(first)
    second = function_on(path)
    second.venue = first.venue
    second.__post_init__()
    together = threading.Barrier(2)
    results = []

    def one(function):
        replay = replay_of(function)
        checked = replay.check(replay.find("a-1"), budget(function.clock))
        together.wait(10)
        try:
            results.append(replay.send(checked, budget(function.clock)).state)
        except ReplayRefused as refusal:
            results.append(refusal.message.split(":")[0])

    threads = [threading.Thread(target=one, args=(function,)) for function in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(results) == ["ACCEPTED", "Somebody was faster"]
    assert len(first.venue.submitted) == 2  # the alert's own and one replay
    assert len(entry(first).attempts) == 2


def test_a_replay_of_what_somebody_replayed_meanwhile_sends_nothing(function):
    """Even if that replay ended in the same state: the entry is not the one that was looked at."""
    rejected(function)
    replay = replay_of(function)
    checked = replay.check(replay.find("a-1"), budget(function.clock))
    function.venue.refuse = [POOR]
    run(function, "replay", "a-1", "--yes")
    assert entry(function).state is State.REJECTED
    with pytest.raises(ReplayRefused, match="Somebody was faster: the alert is REJECTED"):
        replay.send(checked, budget(function.clock))
    assert len(function.venue.submitted) == 2


@pytest.mark.parametrize(("seconds", "reads"), [(30, 0), (31, 2)])
def test_after_a_long_thought_kraken_is_asked_again(function, seconds, reads):
    rejected(function)
    replay = replay_of(function)
    checked = replay.check(replay.find("a-1"), budget(function.clock))
    function.clock.sleep(seconds)
    function.venue.calls.clear()
    replay.send(checked, budget(function.clock))
    assert len(function.venue.calls) == reads + 1


def test_what_shows_up_during_a_long_thought_refuses(function):
    not_placed(function)
    replay = replay_of(function)
    checked = replay.check(replay.find("a-1"), budget(function.clock))
    function.clock.sleep(31)
    found_open(function)
    with pytest.raises(ReplayRefused, match="placed after all"):
        replay.send(checked, budget(function.clock))
    assert len(function.venue.submitted) == 1


# -- a ledger that fails ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("write", "sent", "says"),
    [
        ("claim_next", 0, "Nothing was sent."),
        ("record", 1, "The order may have been placed, under client order id"),
    ],
)
def test_a_ledger_that_fails_says_whether_anything_was_sent(
    function, monkeypatch, write, sent, says
):
    rejected(function)

    def failing(_store, _entry):
        raise LedgerUnavailable("The ledger is not available: its disk is full.")

    monkeypatch.setattr(type(function.store), write, failing)
    result = run(function, "replay", "a-1", "--yes")
    assert result.exit_code == 1
    assert says in result.stderr
    assert len(function.venue.submitted) == 1 + sent


# -- the paper Kraken ------------------------------------------------------------------------------


def test_a_replay_on_the_paper_kraken_is_an_order_of_its_book(tmp_path, monkeypatch):
    """Everything real but the socket: refused for lack of funds, and
    replayed once there are some."""
    monkeypatch.chdir(tmp_path)
    env = {"WEBHOOK_TOKEN": TOKEN, "LEDGER_URL": f"sqlite:///{tmp_path}/ledger.db"}
    function = Function()
    function.application = build(read_settings(env))
    function.clock = function.application.clock
    assert function.post(function.alert(volume="0.5"))["code"] == "order_rejected"
    poor = CliRunner().invoke(cli, ["replay", "a-1", "--yes"], env=env)
    assert (poor.exit_code, "Insufficient funds" in poor.stdout) == (1, True)
    assert function.post(function.alert(id="a-2", side="sell", volume="1")).status == 200
    done = CliRunner().invoke(cli, ["replay", "a-1"], input="y\n", env=env)
    assert done.exit_code == 0, done.output
    account = function.application.venue.account(budget(function.clock))
    assert Decimal(account["balances"]["XXBT"]["balance"]) == Decimal("0.5")


def test_a_cancel_is_not_sent_again_by_hand(function):
    function.venue.refuse = [Rejected(("EOrder:Unknown order",))]
    cancel = function.alert(
        action="cancel", order_id="OABCDE-FGHIJ-KLMNOP", side=None, volume=None, price=None
    )
    assert function.post(cancel).status == 422
    replay = replay_of(function)
    with pytest.raises(ReplayRefused, match="send a new alert"):
        replay.check(replay.find(cancel["id"]), budget(function.clock))


def test_a_size_in_quote_is_held_against_the_cap_as_it_is():
    function = Function(env={"MAX_ORDER_COST": "500 USD"})
    function.venue.refuse = [Rejected(("EOrder:Insufficient funds",))]
    alert = function.alert(quantity_type="quote", volume="500", price=None)
    assert function.post(alert).status == 422
    replay = replay_of(function)
    assert (
        replay.check(replay.find(alert["id"]), budget(function.clock)).request.parameters["volume"]
        == "500"
    )
