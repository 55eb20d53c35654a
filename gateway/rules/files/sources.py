"""Read the section `sources:`, and check all sources together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import yaml

from gateway.model.matchers import Matcher, Op
from gateway.model.own_alert import OWN_SOURCE
from gateway.model.rules.origin import SecretName
from gateway.model.rules.source import Source
from gateway.rules.files.findings import Place
from gateway.rules.files.keys import SOURCE
from gateway.rules.files.raw import RawSource
from gateway.rules.files.reader import Reader

SOURCE_NAME = r"[A-Za-z0-9_.-]+"
OWN_NAME = OWN_SOURCE.rstrip("/")
INTERVAL_KEYS = ("group_interval", "repeat_interval", "stale_after")


def read_source(reader: Reader, node: yaml.Node, within: tuple[Matcher, ...]) -> RawSource | None:
    given = reader.fields(node, SOURCE)
    if "name" not in given and isinstance(node, yaml.MappingNode):
        reader.error(node, "`name` is missing")
    name = (
        reader.name(given["name"], SOURCE_NAME, "a name of letters, digits, _ . and -")
        if "name" in given
        else None
    )
    # A webhook under this name could end the alerts by which the gateway says that it is ill.
    if name == OWN_NAME:
        reader.error(
            given["name"], f"`{OWN_NAME}` is the source of the gateway's own alerts: take another name"
        )
    match = (*within, *(reader.matchers(given["match"]) if "match" in given else ()))
    token = reader.secret(given["token"]) if "token" in given else None
    peers = (
        [reader.secret(peer) for peer in reader.items(given["alertmanager"])]
        if "alertmanager" in given
        else []
    )
    receiver = reader.line(given["receiver"]) if "receiver" in given else ""
    times = {key: reader.duration(given[key]) for key in INTERVAL_KEYS if key in given}
    _check(reader, node, given, match)
    if name is None:
        return None
    place = reader.place(node)
    more = {key: value for key, value in times.items() if value is not None}
    asked = tuple(dict.fromkeys(peer for peer in peers if peer is not None))
    value = Source(name, place.origin, match, token, asked, receiver or "", **more)
    return RawSource(value, place, "group_interval" in more)


def _check(
    reader: Reader, node: yaml.Node, given: Mapping[str, yaml.Node], match: tuple[Matcher, ...]
) -> None:
    """Report faults of one source that do not concern the others."""
    # Without it, every alert in that Alertmanager would be opened here, those for other teams included.
    if "alertmanager" in given and "receiver" not in given:
        reader.error(
            given["alertmanager"], "`receiver` is missing: which of Alertmanager's alerts come here?"
        )
    # Matchers of the folder and of the source that exclude each other send everything to quarantine.
    impossible = contradiction(match)
    if impossible:
        reader.warn(
            given.get("match", node),
            f"no alert satisfies {impossible[0]} and {impossible[1]}: nothing is let in",
        )


def contradiction(match: Sequence[Matcher]) -> tuple[Matcher, Matcher] | None:
    """Return two matchers that no alert can satisfy both, one of them an equality; None if there are none."""
    for matcher in match:
        if matcher.op is Op.EQUAL:
            for other in match:
                if other.name == matcher.name and not other.matches({matcher.name: matcher.value}):
                    return matcher, other
    return None


def source_errors(listed: Sequence[RawSource]) -> list[tuple[Place, str]]:
    """Return the errors: sources that could not be told apart, since only a token says who sent a webhook."""
    found: list[tuple[Place, str]] = []
    owners: dict[SecretName | None, str] = {}
    for listed_source in listed:
        token, name = listed_source.value.token, listed_source.value.name
        other = owners.setdefault(token, name)
        if other != name and token is None:
            found.append(
                (
                    listed_source.place,
                    f"`{name}` and `{other}` have no `token`: what comes could be of either",
                )
            )
        elif other != name and token is not None:
            found.append(
                (
                    listed_source.place,
                    f"`{name}` and `{other}` have one token, {token.env}: what comes could be of either",
                )
            )
    return found


def source_warnings(listed: Sequence[RawSource]) -> list[tuple[Place, str]]:
    """Return the warnings: intervals that would end a firing alert, or never notice an end that was lost."""
    found: list[tuple[Place, str]] = []
    for listed_source in listed:
        source = listed_source.value
        # An end that is lost on the way leaves an incident open that nobody can explain.
        if source.repeat_interval is None and source.stale_after is None:
            message = (
                f"`{source.name}` has no `repeat_interval`: its silence means nothing, "
                "and an end that is lost is never noticed; say what alertmanager.yml says"
            )
            found.append((listed_source.place, message))
        elif (
            source.repeat_interval is not None
            and source.silence is not None
            and source.silence < _longest(source)
        ):
            message = (
                f"`stale_after` of `{source.name}` is over before the next repeat:"
                " what fires would be taken for ended"
            )
            found.append((listed_source.place, message))
    return found


def _longest(source: Source) -> int:
    """Return for how long (ms) Alertmanager may be silent about an alert that fires.

    It repeats a group when it next flushes it, every `group_interval`, once `repeat_interval` is over
    (https://prometheus.io/docs/alerting/latest/configuration/#route).
    """
    return (source.repeat_interval or 0) + source.group_interval
