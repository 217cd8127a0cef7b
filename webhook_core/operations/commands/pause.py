"""pause and resume: stop the alerts of a strategy or of the account, and let them go on. A pause
may take its open orders out of the book too, and close what it has bought."""

from __future__ import annotations

import getpass
from typing import Any

import click

from webhook_core.operations.commands.own import cancel_after_asking, close_after_asking
from webhook_core.operations.commands.tables import show_line
from webhook_core.operations.commands.terminal import OpenApplication
from webhook_core.risk.pauses import Pause
from webhook_core.web.pause_requests import PauseRequest


@click.command()
@click.argument("strategy", required=False)
@click.option("--entries", is_flag=True, help="Exits and cancels pass.")
@click.option("--for", "span", help="It ends by itself: 30s, 90min, 2h, 7d.")
@click.option("--why", default="", help="For whoever wonders later.")
@click.option("--cancel", is_flag=True, help="Cancel its open orders too, after asking.")
@click.option("--close", is_flag=True, help="Sell what it has bought too, after asking.")
@click.option("--yes", is_flag=True, help="Cancel and close without asking.")
@click.pass_obj
def pause(
    open_application: OpenApplication,
    /,
    strategy: str | None,
    cancel: bool,
    close: bool,
    yes: bool,
    **said: str | bool | None,
) -> None:
    """Stop the alerts of STRATEGY, or of the whole account without one.

    In effect, on every instance, for every alert that has not claimed its order when this returns:
    it is answered 422 paused, and nothing of it is sent later. Orders that rest at Kraken stay, and
    so do positions. A pause only tightens one that stands; to loosen it, resume first.

    With --cancel the open orders that the bridge placed go too, stops and take profits among them
    (with --entries those stay); nothing that was placed by hand. With --close what the bridge has
    bought and not sold is closed, at the market; nothing that was bought by hand. Both are shown
    first. Exit status 1 if an order may be open yet, or a position held: then run it again."""
    asked = {"by": _who(), "strategy": strategy, "for": said["span"], "why": said["why"]}
    given = {name: str(text) for name, text in asked.items() if text is not None}
    operators = open_application().operators
    stands = operators.pause({**given, "entries": str(said["entries"])})
    show_line(_sentence(stands["pause"]))
    wanted = PauseRequest(strategy, given["by"], entries_only=bool(said["entries"]))
    done = [cancel_after_asking(operators, wanted, yes=yes)] if cancel else []
    done += [close_after_asking(operators, wanted, yes=yes)] if close else []
    if not all(done):
        click.get_current_context().exit(1)


@click.command()
@click.argument("strategy", required=False)
@click.pass_obj
def resume(open_application: OpenApplication, /, strategy: str | None) -> None:
    """End the pause of STRATEGY, or the account's own without one; those of its strategies stay."""
    said = {"by": _who()} | ({} if strategy is None else {"strategy": strategy})
    done = open_application().operators.resume(said)
    ended = done["ended"]
    show_line("No such pause stands." if ended is None else f"Ended: {_sentence(ended)}")
    for left in done["paused"]:
        show_line(f"Still: {_sentence(left)}", err=True)


def _sentence(facts: dict[str, Any]) -> str:
    said = Pause(**facts).sentence
    return f"{said[0].upper()}{said[1:]}."


def _who() -> str:
    try:
        return f"{getpass.getuser()} at a terminal"
    except (KeyError, OSError):  # a container whose user has no name
        return "a terminal"
