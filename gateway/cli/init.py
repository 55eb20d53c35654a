"""`gateway init`: write a starter set of rules."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from shlex import quote

import click

from gateway.cli.options import examples
from gateway.cli.output import say
from gateway.config.environment import from_process
from gateway.rules.files import rules_schema

STARTER, SCHEMA = "starter.yaml", "rules.schema.json"


@click.command(epilog=examples("gateway init", "gateway init /etc/alert-gateway/rules"))
@click.argument("folder", required=False, type=click.Path(path_type=Path, file_okay=False))
def init(folder: Path | None) -> None:
    """Write a commented starter set of rules, with the schema by which editors check them.

    FOLDER is GATEWAY_RULES, or rules/, unless it is given. Nothing that is there is written over.
    """
    # The other commands read GATEWAY_RULES or rules/, and would not find the rules in a folder of another name.
    serve = "gateway serve"
    if folder is not None and folder.resolve() != Path("rules").resolve():
        serve = f"GATEWAY_RULES={quote(str(folder))} {serve}"
    folder = folder or from_process().settings.rules
    # All files of a folder are one set: beside rules that are there, the starter's would take their alerts.
    there = next(folder.rglob("*.y*ml"), None) if folder.is_dir() else folder if folder.exists() else None
    if there is not None:
        raise click.ClickException(f"{there} is there already: nothing was written; name another folder")
    starter = (files("gateway.rules") / "starter" / STARTER).read_text("utf-8")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / STARTER).write_text(starter, "utf-8")
        (folder / SCHEMA).write_text(json.dumps(rules_schema(), indent=2) + "\n", "utf-8")
    except OSError as error:
        raise click.ClickException(f"{folder} cannot be written: {error.strerror}") from error
    say(f"{folder / STARTER}: the rules; change the channel first")
    say(f"{folder / SCHEMA}: what editors check them by")
    check = f"gateway check {quote(str(folder))}"
    say(f"next: {check}, then set SLACK_BOT_TOKEN and PAGERDUTY_ROUTING_KEY and run {serve}")
