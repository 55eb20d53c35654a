"""`gateway pause` and `gateway bypass`."""

from __future__ import annotations

import json

import click

from gateway.cli.api_client import ask
from gateway.cli.options import AS_JSON, BY
from gateway.cli.output import second


def _ordering(kind: str, text: str) -> click.Command:
    @click.command(name=kind, help=text)
    @click.option("--for", "duration", metavar="1h", help="how long, a day at most")
    @click.option("--end", "lift", is_flag=True, help="lift it before its time")
    @click.option("--reason", default="")
    @BY
    @AS_JSON
    def command(duration: str | None, reason: str, by: str, *, lift: bool, as_json: bool) -> None:
        if bool(duration) is lift:
            raise click.UsageError(f"how long? gateway {kind} --for 1h, or gateway {kind} --end")
        found = ask("POST", f"/api/v1/orders/{kind}", json={"by": by, "duration": duration or "", "reason": reason})
        if as_json:
            click.echo(json.dumps(found, indent=2))
        else:
            standing = found[kind]
            click.echo(
                f"{kind} until {second(standing['until'])}, by {standing['by']}" if standing else f"there is no {kind} any more"
            )

    return command
