"""Options that several commands have."""

from __future__ import annotations

import click

BY = click.option("--by", required=True, envvar="USER", show_envvar=True, metavar="NAME", help="who does it")
AS_JSON = click.option("--json", "as_json", is_flag=True, help="for machines")
