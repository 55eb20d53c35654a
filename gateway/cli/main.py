"""The `gateway` command, and how each of its commands ends.

A command is imported when it is called. `gateway --version`, `--help` and the completion of words read the
table alone: a command with everything that it imports takes a second of CPU, too long for somebody who only
asks what there is.
"""

from __future__ import annotations

import importlib
import io
import sys
from difflib import get_close_matches

import click
from click.shell_completion import CompletionItem

from gateway.cli.commands import COMMANDS
from gateway.cli.exit_codes import FINDINGS, INTERRUPTED, USAGE
from gateway.errors import BadRules, BadSettings, GatewayError
from gateway.model.harmless import harmless


class CommandTable(click.Group):
    """A group that lists and completes its commands from `COMMANDS`, and imports the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        command: click.Command = getattr(importlib.import_module(entry.module), entry.attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS:
            near = get_close_matches(args[0], COMMANDS, 1)
            meant = f"did you mean `gateway {near[0]}`?" if near else "`gateway --help` lists all"
            raise click.UsageError(f"there is no command `{args[0]}`; {meant}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name].help) for name in self.list_commands(ctx)])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        commands = [
            CompletionItem(name, help=entry.help)
            for name, entry in COMMANDS.items()
            if name.startswith(incomplete)
        ]
        options = click.Command.shell_complete(
            self,
            ctx,
            incomplete,
        )  # the group's own would import every command
        return [*commands, *options]


@click.group(
    cls=CommandTable,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(package_name="alert-gateway", prog_name="gateway")
def cli() -> None:
    """The gateway between Prometheus Alertmanager and the people on call.

    The help of each command ends with examples: gateway COMMAND --help.

    \b
    Completion in bash (zsh_source and fish_source for the others):
      eval "$(_GATEWAY_COMPLETE=bash_source gateway)"
    """


def _say(text: str) -> None:
    """Write what went wrong, without what acts on a terminal: a
    gateway's refusal may hold a stranger's words.
    """
    click.echo(harmless(text), err=True)  # noqa: TID251 - `output.py` would import what only a command needs


def main() -> None:
    """Run the command that the arguments name. An expected error is a line for people, never a traceback."""
    try:
        cli(standalone_mode=False)
    except click.ClickException as error:
        shown = io.StringIO()
        error.show(shown)
        _say(shown.getvalue().rstrip("\n"))
        sys.exit(USAGE)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(INTERRUPTED)
    except BadRules as error:
        _say(str(error))
        sys.exit(FINDINGS)
    except GatewayError as error:
        _say(f"gateway: {error}")
        sys.exit(USAGE if isinstance(error, BadSettings) else FINDINGS)
