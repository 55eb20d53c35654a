"""`gateway pause` and `gateway bypass`: controls of the whole gateway, which end by themselves."""

from __future__ import annotations

import click

from gateway.cli.api_client import ask
from gateway.cli.options import AS_JSON, BY, examples
from gateway.cli.output import say, say_json, to_the_second


def _control(kind: str, text: str) -> click.Command:
    """Make the command that sets and lifts the control `kind`; `text` is its help."""

    @click.command(
        name=kind,
        help=text,
        epilog=examples(f"gateway {kind} --for 30m --reason migration", f"gateway {kind} --end"),
    )
    @click.option("--for", "duration", metavar="1h", help="how long, a day at most")
    @click.option("--end", "lift", is_flag=True, help="lift it before its time")
    @click.option("--reason", default="")
    @BY
    @AS_JSON
    def command(duration: str | None, reason: str, by: str | None, *, lift: bool, as_json: bool) -> None:
        if bool(duration) is lift:  # neither is given, or both are
            raise click.UsageError(f"how long? gateway {kind} --for 1h, or gateway {kind} --end")
        asked = {"by": by, "duration": duration or "", "reason": reason}
        controls = ask("POST", f"/api/v1/orders/{kind}", json=asked)
        control = controls[kind]
        if as_json:
            say_json(controls)
        elif control:
            because = f": {control['reason']}" if control["reason"] else ""
            say(f"{kind} until {to_the_second(control['until'])}, by {control['by']}{because}")
            say(f"`gateway {kind} --end` lifts it before its time")
        else:
            say(f"there is no {kind} any more")

    return command


pause = _control(
    "pause",
    "Page nobody for a while, critical alerts included. What fires is shown where it always is.",
)
bypass = _control(
    "bypass",
    "Suppress nothing for a while: no silence, inhibition, maintenance, mute or closing by hand keeps anything"
    " from being told.",
)
