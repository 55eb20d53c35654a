"""`gateway pause` and `gateway bypass`: controls of the whole gateway, which end by themselves."""

from __future__ import annotations

import json

import click

from gateway.cli.api_client import ask
from gateway.cli.options import AS_JSON, BY, examples
from gateway.cli.output import to_the_second


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
    def command(duration: str | None, reason: str, by: str, *, lift: bool, as_json: bool) -> None:
        if bool(duration) is lift:  # neither is given, or both are
            raise click.UsageError(f"how long? gateway {kind} --for 1h, or gateway {kind} --end")
        asked = {"by": by, "duration": duration or "", "reason": reason}
        controls = ask("POST", f"/api/v1/orders/{kind}", json=asked)
        control = controls[kind]
        if as_json:
            click.echo(json.dumps(controls, indent=2))
        elif control:
            click.echo(f"{kind} until {to_the_second(control['until'])}, by {control['by']}")
        else:
            click.echo(f"there is no {kind} any more")

    return command


pause = _control(
    "pause",
    "Page nobody for a while, critical alerts included. What fires is shown where it always is.",
)
bypass = _control(
    "bypass",
    "Suppress nothing for a while: no silence, inhibition, maintenance or mute keeps anything from being told.",
)
