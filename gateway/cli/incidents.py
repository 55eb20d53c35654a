"""`gateway incidents`: list, show, acknowledge, snooze and close the incidents of a running gateway."""

from __future__ import annotations

import time
from typing import Any, NamedTuple
from urllib.parse import quote

import click

from gateway.cli import completion
from gateway.cli.api_client import ask
from gateway.cli.options import AS_JSON, examples
from gateway.cli.output import out, say_json
from gateway.cli.show_incidents import show_incidents
from gateway.config.environment import from_process
from gateway.model.severity import Severity

STATES = ("active", "all", "open", "acknowledged", "closed_by_hand", "quiet", "resolved")
SEVERITIES = tuple(severity.word for severity in reversed(Severity))
WATCH_SECONDS = 5.0
MY_NAME = ""  # `--ack`, `--unsnooze` and `--close` without a name


@click.command(
    epilog=examples(
        "gateway incidents",
        "gateway incidents --severity critical --watch",
        "gateway incidents 3rx1eh7gj8rt",
        "gateway incidents 3rx --ack",
        'gateway incidents 3rx --ack --note "the disk of db-7 is full"',
        "gateway incidents 3rx --snooze --for 1h",
        'gateway incidents 3rx1eh7gj8rt --close ann --note "a false alarm, OPS-1234"',
    )
)
@click.argument("incident", required=False, shell_complete=completion.incidents)
@click.option(
    "--state",
    type=click.Choice(STATES),
    default="active",
    show_default=True,
    help="which to list; active is all but resolved",
)
@click.option("--severity", type=click.Choice(SEVERITIES), help="list what is at least as bad")
@click.option(
    "--ack", "ack_by", is_flag=False, flag_value=MY_NAME, metavar="[NAME]", help="NAME has it, or --by"
)
@click.option(
    "--close",
    "close_by",
    is_flag=False,
    flag_value=MY_NAME,
    metavar="[NAME]",
    help="NAME, or --by, closes it while it still fires",
)
@click.option("--unack", is_flag=True, help="nobody has it any more")
@click.option("--snooze", is_flag=True, help="nobody is called of it for a while, and nobody has it")
@click.option("--for", "duration", metavar="1h", help="how long it is snoozed, 7d at most")
@click.option("--unsnooze", is_flag=True, help="end a snooze before its time")
@click.option("--note", default="", help="what NAME says of it, or why it is closed")
@click.option("--by", envvar="USER", show_envvar=True, metavar="NAME", help="who does it")
@click.option("--watch", is_flag=True, help=f"list them again every {WATCH_SECONDS:g} s, until Ctrl-C")
@AS_JSON
def incidents(
    incident: str | None,
    note: str,
    by: str | None,
    *,
    watch: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """List the incidents of a running gateway (GATEWAY_URL), show one, acknowledge, snooze or close it.

    The first characters of an incident's id are enough, unless another one begins so.
    """
    act = _act_of(given, note)
    if act is not None and not incident:
        raise click.UsageError(f"which incident? gateway incidents ID --{act.option}")
    if watch and (act is not None or as_json):
        raise click.UsageError("--watch shows incidents to people again and again: it goes alone")
    path = f"/api/v1/incidents/{quote(incident, safe='')}" if incident else "/api/v1/incidents"
    if act is not None:
        found = _done(act, path, incident or "", by)
    else:
        asked = {} if incident else {name: given[name] for name in ("state", "severity") if given[name]}
        if watch:
            _watch(path, asked)
        found = ask("GET", path, params=asked)
    if as_json:
        say_json(found)
    else:
        show_incidents(found)


class _Act(NamedTuple):
    """An act on an incident that was asked for; `name` is the person whom the option itself names."""

    option: str
    path: str
    name: str
    body: dict[str, str]


def _act_of(given: dict[str, Any], note: str) -> _Act | None:
    """Return what the options ask for, None for nothing. Raises `UsageError` where they ask for two things."""
    acts, noted = [], {"note": note} if note else {}
    if (ack_by := given["ack_by"]) is not None:
        acts.append(_Act("ack", "acknowledge", ack_by, noted))
    if given["unack"]:
        acts.append(_Act("unack", "unacknowledge", MY_NAME, noted))
    if given["snooze"]:
        if not given["duration"]:
            raise click.UsageError("how long? gateway incidents ID --snooze --for 1h")
        acts.append(_Act("snooze", "snooze", MY_NAME, {"duration": given["duration"]}))
    if given["unsnooze"]:
        acts.append(_Act("unsnooze", "unsnooze", MY_NAME, {}))
    if (close_by := given["close_by"]) is not None:
        acts.append(_Act("close", "close", close_by, {"note": note}))
    if len(acts) > 1:
        both = " and ".join(f"--{act.option}" for act in acts[:2])
        raise click.UsageError(f"{both} exclude each other: one thing at a time")
    if given["duration"] and not given["snooze"]:
        raise click.UsageError("--for says how long it is snoozed: gateway incidents ID --snooze --for 1h")
    if note and not any("note" in act.body for act in acts):
        raise click.UsageError(
            "--note goes with --ack, --unack or --close: gateway incidents ID --ack --note TEXT"
        )
    return acts[0] if acts else None


def _done(act: _Act, path: str, incident: str, by: str | None) -> dict[str, Any]:
    """Do it, as the named person or else as the one who types."""
    name = act.name or by
    # A person's token says who it is.
    if not name and from_process().settings.token is None:
        raise click.UsageError(f"who? gateway incidents {incident} --{act.option} --by NAME")
    return ask("POST", f"{path}/{act.path}", json={"by": name or None, **act.body})


def _watch(path: str, asked: dict[str, str]) -> None:
    """Show the same again and again. A gateway that is away for a moment is said, and asked again."""
    while True:
        try:
            found = ask("GET", path, params=asked)
        except click.ClickException as error:
            out.print(error.message, style="red")
        else:
            if out.is_terminal:
                out.clear()
            show_incidents(found)
        time.sleep(WATCH_SECONDS)
