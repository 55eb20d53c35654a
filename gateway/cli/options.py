"""Options that several commands have, and the examples at the end of a command's help."""

from __future__ import annotations

import click

from gateway.config.environment import from_process


def examples(*lines: str) -> str:
    """Return the end of a command's help: command lines to copy, kept as they are."""
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines)])


def name_of(value: str | None, context: click.Context | None = None) -> str | None:
    """Return the name of whoever acts, None where a token says it. Raises `UsageError` where nothing does."""
    # A token of a person's says who it is. Of any other the gateway asks for the name itself.
    if not value and from_process().settings.token is None:
        # In a container no USER is set, and what nobody has ordered nobody can be asked about.
        raise click.UsageError("who does it? Add --by NAME: no USER is set here", context)
    return value or None


def _who(context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    return name_of(value, context)


BY = click.option("--by", envvar="USER", show_envvar=True, metavar="NAME", callback=_who, help="who does it")
AS_JSON = click.option("--json", "as_json", is_flag=True, help="for machines")
