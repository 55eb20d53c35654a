"""The commands of `gateway`, in one table: where each is defined, and its line in `gateway --help`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple


class Entry(NamedTuple):
    """Names the place where a command is defined, and its line in `gateway
    --help`: the first sentence of its own help.
    """

    module: str
    attribute: str
    help: str


COMMANDS: Final[Mapping[str, Entry]] = MappingProxyType(
    {
        "bypass": Entry(
            "gateway.cli.controls",
            "bypass",
            "Suppress nothing for a while: no silence, inhibition, maintenance, mute or "
            "closing by hand keeps anything"
            " from being told.",
        ),
        "check": Entry(
            "gateway.cli.check",
            "check",
            "Check rule files: every finding as file:line:column: message.",
        ),
        "dead-letters": Entry(
            "gateway.cli.dead_letters",
            "dead_letters",
            "List what a destination refused for good, or try it again: one, a destination's, or all.",
        ),
        "demo": Entry(
            "gateway.cli.demo",
            "demo",
            "The gateway with a local Slack and PagerDuty, and a recorded storm to watch.",
        ),
        "doctor": Entry(
            "gateway.cli.doctor",
            "doctor",
            "Look at everything that the gateway needs: settings, rules, store, credentials, "
            "and the running gateway.",
        ),
        "explain": Entry(
            "gateway.cli.explain",
            "explain_command",
            "Say what the rules would make of a webhook body, and why.",
        ),
        "handover": Entry(
            "gateway.cli.handover",
            "handover",
            "Say what a shift leaves to the next: what is open, what changed, what was silenced or snoozed.",
        ),
        "incidents": Entry(
            "gateway.cli.incidents",
            "incidents",
            "List the incidents of a running gateway (GATEWAY_URL), show one, acknowledge, snooze or close it.",
        ),
        "init": Entry(
            "gateway.cli.init",
            "init",
            "Write a commented starter set of rules, with the schema by which editors check them.",
        ),
        "migrate": Entry(
            "gateway.cli.migrate",
            "migrate_command",
            "Lay the store out anew, as GATEWAY_SHARDS and partition_by of the rules say.",
        ),
        "page-test": Entry(
            "gateway.cli.doctor",
            "page_test_command",
            "Tell a destination that a test fires, and that it ended: does a message arrive, does a phone ring?",
        ),
        "pause": Entry("gateway.cli.controls", "pause", "Page nobody for a while, critical alerts included."),
        "quarantine": Entry(
            "gateway.cli.quarantine",
            "quarantine",
            "List what could not be taken as an alert, or read an entry once more.",
        ),
        "serve": Entry("gateway.cli.serve", "serve", "Run the gateway; settings come from the environment."),
        "silence": Entry(
            "gateway.cli.silences",
            "silence",
            "Silences of a running gateway: keep what matches from people for a while.",
        ),
        "label": Entry(
            "gateway.cli.label",
            "label",
            "Label the newest pages of an incident, or be asked for each page of the sample "
            "that nobody has judged.",
        ),
        "log-level": Entry(
            "gateway.cli.log_level", "log_level", "Show or change from which level on a running gateway logs."
        ),
        "stats": Entry(
            "gateway.cli.stats",
            "stats",
            "Say how many pages were worth the interruption, how long things take, and what quiet costs.",
        ),
        "token": Entry(
            "gateway.cli.token",
            "token",
            "Tokens of people: their names stand beside what they do, and a second one can approve a silence.",
        ),
    }
)
