"""`gateway token`: tokens of people, in the file that GATEWAY_TOKENS_FILE names."""

from __future__ import annotations

import click

from gateway.cli.options import examples
from gateway.cli.output import say
from gateway.clock import utc_now
from gateway.config.environment import from_process
from gateway.config.new_token import add_token
from gateway.config.tokens_file import VARIABLE, TokensFile
from gateway.errors import BadSettings
from gateway.model.counted import counted
from gateway.model.people import Role


@click.group(epilog=examples("gateway token add ann act", "gateway token add 'Bob Miller' see"))
def token() -> None:
    """Tokens of people: their names stand beside what they do, and a second one can approve a silence."""


@token.command(
    name="add", epilog=examples("gateway token add ann act --slack U024BE7LH", "gateway token add wall see")
)
@click.argument("name")
@click.argument("role", type=click.Choice([role.value for role in Role]))
@click.option(
    "--slack",
    metavar="U…",
    default="",
    help="the id of the person's Slack user: with it, what they do here and what somebody does in Slack is known to be"
    " of one person or of two",
)
def add(name: str, role: str, slack: str) -> None:
    """Make a token for NAME and show it once. see: look; act: also silence, acknowledge, close, approve;
    administer: also pause and bypass.
    """
    path = from_process().settings.tokens_file
    if path is None:
        raise BadSettings(
            f"{VARIABLE} is not set: it names the file of people's tokens, here and for `gateway serve`"
        )
    others = sum(issued.name == name.strip() for issued in TokensFile(path).issued)
    made = add_token(path, name, Role(role), utc_now().date(), slack)
    say(made)
    say(
        f"It is shown once: give it to {name.strip()}, who sets it as GATEWAY_TOKEN. {path} has its hash; a running"
        " gateway takes it within seconds.",
        err=True,
    )
    if others:
        say(
            f"{name.strip()} has {counted(others, 'other token')}, still valid: take the older"
            f" {'line' if others == 1 else 'lines'} out of {path} to take it back",
            err=True,
        )
