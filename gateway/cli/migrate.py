"""`gateway migrate`: the store is laid out for another number of shards."""

from __future__ import annotations

import asyncio

import click

from gateway.cli.options import examples
from gateway.cli.output import say
from gateway.clock import utc_ms
from gateway.config.environment import Environment, from_process
from gateway.model.counted import counted
from gateway.model.rules.rulebook import Rulebook
from gateway.rules.files import load_rules
from gateway.runtime.store import open_store
from gateway.storage.reshard import migrate
from gateway.storage.reshard_rows import Records


@click.command(name="migrate", epilog=examples("GATEWAY_SHARDS=4 gateway migrate"))
def migrate_command() -> None:
    """Lay the store out anew, as GATEWAY_SHARDS and partition_by of the rules say.

    All gateways have to be stopped.
    """
    environment = from_process()
    for warning in environment.warnings:
        say(warning, err=True)
    rules = load_rules(environment.settings.rules, utc_ms()).without_errors()
    migrated = asyncio.run(_migrate(environment, rules))
    if migrated is None:
        say("nothing to do: the store is laid out like that")
    else:
        say(
            f"{migrated.layout}: {counted(len(migrated.alerts), 'alert')},"
            f" {counted(len(migrated.incidents), 'incident')}, {counted(len(migrated.agenda), 'subject')}"
        )


async def _migrate(environment: Environment, rules: Rulebook) -> Records | None:
    async with open_store(environment.settings) as client:
        return await migrate(client, rules, environment.settings.shards)
