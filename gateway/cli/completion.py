"""Complete words for a shell: what the running gateway knows by an id, and names of the rules.

A shell that completes shows no error: where nothing answers, nothing is offered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import click
from click.shell_completion import CompletionItem

from gateway.cli.api_client import ask
from gateway.clock import utc_ms
from gateway.config.environment import from_process
from gateway.errors import GatewayError
from gateway.model.harmless import harmless_line
from gateway.rules.files import load_rules

Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def _completing(found: Callable[[], Iterable[tuple[str, str]]]) -> Complete:
    """Make a completion of names, each with a few words about it."""

    def complete(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[CompletionItem]:
        try:
            return [
                CompletionItem(harmless_line(name), help=harmless_line(about))
                for name, about in found()
                if name.startswith(begun)
            ]
        except (click.ClickException, GatewayError, KeyError, TypeError):
            return []

    return complete


def _items(path: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = ask("GET", path)["items"]
    return items


def _incidents() -> Iterable[tuple[str, str]]:
    return ((incident["id"], incident["title"]) for incident in _items("/api/v1/incidents"))


def _silences() -> Iterable[tuple[str, str]]:
    return ((silence["id"], ", ".join(silence["matchers"])) for silence in _items("/api/v1/silences"))


def _destinations() -> Iterable[tuple[str, str]]:
    rules = load_rules(from_process().settings.rules, utc_ms()).rulebook
    listed = rules.destinations.items() if rules is not None else ()
    return ((name, destination.kind) for name, destination in listed)


def _quarantined() -> Iterable[tuple[str, str]]:
    return ((entry["id"], entry["error"]) for entry in _items("/api/v1/quarantine"))


def _sources() -> Iterable[tuple[str, str]]:
    rules = load_rules(from_process().settings.rules, utc_ms()).rulebook
    return ((name, "source") for name in (rules.sources if rules is not None else ()))


def _undelivered() -> Iterable[tuple[str, str]]:
    return [*_destinations(), *_incidents()]


incidents = _completing(_incidents)
silences = _completing(_silences)
destinations = _completing(_destinations)
dead_letters = _completing(_undelivered)
quarantined = _completing(_quarantined)
sources = _completing(_sources)
