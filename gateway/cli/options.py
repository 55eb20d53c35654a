"""Options that several commands have, and the examples at the end of a command's help."""

from __future__ import annotations

import click


def examples(*lines: str) -> str:
    """Return the end of a command's help: command lines to copy, kept as they are."""
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines)])


BY = click.option("--by", required=True, envvar="USER", show_envvar=True, metavar="NAME", help="who does it")
AS_JSON = click.option("--json", "as_json", is_flag=True, help="for machines")
