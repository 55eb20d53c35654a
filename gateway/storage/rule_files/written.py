"""The sections as they are written: values with the places of the names that they refer to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from gateway.model.matchers import Matcher
from gateway.model.rulebook import (
    ALL_LABELS,
    Condition,
    CorrelateRule,
    Destination,
    LabelRules,
    Origin,
    PagerDutyService,
    PageWhen,
    Quantifier,
    SeverityRule,
    SlackChannel,
)
from gateway.model.severity import BUILT_IN_WORDS, Severity
from gateway.storage.rule_files.findings import Place, nearest
from gateway.storage.rule_files.read import Reader

LATER_RULE = ("during", "not_during", "mode")
TOP = ("within", "labels", "destinations", "routes", "correlate", "policy")
LATER_TOP = (
    "partition_by", "sources", "topology", "inhibit", "time_intervals", "maintenance", "transient", "flapping", "storm", "watchdogs", "precision",
)  # fmt: skip
LABELS = ("ignore", "rename", "severity", "service", "scope", "redact", "links")
DESTINATION = ("slack", "pagerduty", "fallback", "fallback_after")
SLACK = ("channel", "allow", "token", "mention_on_page")
PAGERDUTY = ("routing_key", "service")
TIMERS = ("group_wait", "update_interval", "resolve_after", "remind")
ROUTE = ("name", "parent", "match", "continue", "owner", "reason", "notify", "page", "page_when", *TIMERS)
LATER_ROUTE = ("digest", "longest_hold", "escalate", "shifts", "mute", *LATER_RULE)
CORRELATE = ("name", "match", "owner", "reason", "by", "window", "stop_values", "max_values", "max_alerts")
LATER_CORRELATE = ("topology", "onset", *LATER_RULE)
POLICY = ("closed_by_hand",)
LATER_POLICY = ("silences", "act", "audit")
DESTINATION_NAME = r"[A-Za-z0-9_.-]+"
CHANNEL = r"#?[^\s|#<>@]+"
_LABEL = re.compile(r"\{[^{}]+\}")


@dataclass(frozen=True, slots=True)
class Reference:
    """A name that must exist elsewhere, and where it stands."""

    name: str
    place: Place


@dataclass(frozen=True, slots=True)
class WrittenDestination:
    value: Destination
    place: Place
    fallback: tuple[Reference, ...]


@dataclass(frozen=True, slots=True)
class WrittenRoute:
    """`own` holds what the route itself says; the rest is inherited."""

    name: str
    place: Place
    match: tuple[Matcher, ...]
    parent: Reference | None
    go_on: bool
    own: Mapping[str, Any]
    notify: tuple[Reference, ...] | None
    page: tuple[Reference, ...] | None


@dataclass(frozen=True, slots=True)
class WrittenCorrelate:
    value: CorrelateRule
    place: Place


@dataclass(slots=True)
class Written:
    """Everything of all files, in reading order."""

    labels: LabelRules | None = None
    closed_by_hand: int | None = None
    sections: dict[str, Place] = field(default_factory=dict)  # the ones that may stand only once
    destinations: list[WrittenDestination] = field(default_factory=list)
    routes: list[WrittenRoute] = field(default_factory=list)
    correlate: list[WrittenCorrelate] = field(default_factory=list)


def read_file(reader: Reader, root: yaml.Node, within: tuple[Matcher, ...], written: Written) -> None:
    """Add one file's sections; `within` comes from the folders."""
    sections = reader.fields(root, TOP, LATER_TOP)
    if "within" in sections:
        within = (*within, *reader.matchers(sections["within"]))
    _read_single(reader, sections, written)
    if "destinations" in sections:
        for name, (key, value) in reader.entries(sections["destinations"]).items():
            _add(written.destinations, read_destination(reader, name, key, value))
    for node in reader.items(sections["routes"]) if "routes" in sections else ():
        _add(written.routes, read_route(reader, node, within))
    for node in reader.items(sections["correlate"]) if "correlate" in sections else ():
        _add(written.correlate, read_correlate(reader, node, within))


def _read_single(reader: Reader, sections: Mapping[str, yaml.Node], written: Written) -> None:
    """The sections that stand once in a whole set."""
    for name in ("labels", "policy"):
        if name in sections and name in written.sections:
            other = written.sections[name]
            reader.error(sections[name], f"`{name}` stands in {other.file}:{other.line} already")
        elif name in sections:
            written.sections[name] = reader.place(sections[name])
    if "labels" in sections:
        written.labels = read_labels(reader, sections["labels"])
    if "policy" in sections:
        policy = reader.fields(sections["policy"], POLICY, LATER_POLICY)
        if "closed_by_hand" in policy:
            written.closed_by_hand = reader.duration(policy["closed_by_hand"])


def _add(found: list[Any], one: Any | None) -> None:
    if one is not None:
        found.append(one)


def read_labels(reader: Reader, node: yaml.Node) -> LabelRules:
    given = reader.fields(node, LABELS)
    read: dict[str, Any] = {}
    for name in ("ignore", "redact"):
        if name in given:
            read[name] = frozenset(reader.texts(given[name]))
    for name in ("service", "scope"):
        if name in given:
            read[name] = reader.texts(given[name])
    for name in ("rename", "links"):
        if name in given:
            read[name] = reader.mapping(given[name], reader.text)
    unknown = set(read.get("links", {})) - {"runbook", "dashboard"}
    if unknown:
        reader.error(given["links"], f"unknown link `{min(unknown)}`: runbook and dashboard are known")
    if "links" in read:
        read["links"] = {**LabelRules().links, **read["links"]}
    if "severity" in given:
        read["severity"] = _read_severity_rule(reader, given["severity"])
    return LabelRules(**read)


def _read_severity_rule(reader: Reader, node: yaml.Node) -> SeverityRule:
    given = reader.fields(node, ("from", "map", "default"))
    read: dict[str, Any] = {}
    if "from" in given and (label := reader.text(given["from"])):
        read["label"] = label
    if "map" in given:
        added = reader.mapping(given["map"], lambda value: severity(reader, value))
        read["words"] = {**BUILT_IN_WORDS, **{word.strip().lower(): step for word, step in added.items()}}
    if "default" in given and (step := severity(reader, given["default"])) is not None:
        read["default"] = step
    return SeverityRule(**read)


def severity(reader: Reader, node: yaml.Node) -> Severity | None:
    text = reader.text(node)
    if text is None:
        return None
    found = BUILT_IN_WORDS.get(text.strip().lower())
    if found is None:
        reader.error(node, f"unknown severity `{text[:40]}`{nearest(text.lower(), BUILT_IN_WORDS)}")
    return found


def read_destination(reader: Reader, name: str, key: yaml.Node, node: yaml.Node) -> WrittenDestination | None:
    if reader.name(key, DESTINATION_NAME, "a name of letters, digits, _ . and -") is None:
        return None
    given = reader.fields(node, DESTINATION, ("webhook",))
    kinds = [kind for kind in ("slack", "pagerduty") if kind in given]
    if len(kinds) != 1:
        if isinstance(node, yaml.MappingNode) and not any(key.value == "webhook" for key, _ in node.value):
            reader.error(node, "a destination is either {slack: …} or {pagerduty: …}")
        return None
    via = _read_slack(reader, given["slack"]) if kinds == ["slack"] else _read_pagerduty(reader, given["pagerduty"])
    after = reader.duration(given["fallback_after"]) if "fallback_after" in given else None
    fallback = _references(reader, given["fallback"]) if "fallback" in given else ()
    if "fallback_after" in given and not fallback:
        reader.error(given["fallback_after"], "`fallback_after` means nothing without `fallback`")
    if via is None:
        return None
    place = reader.place(key)
    more = {} if after is None else {"fallback_after": after}
    value = Destination(name, Origin(place.file, place.line), via, tuple(one.name for one in fallback), **more)
    return WrittenDestination(value, place, fallback)


def _read_slack(reader: Reader, node: yaml.Node) -> SlackChannel | None:
    given = reader.fields(node, SLACK)
    if "channel" not in given:
        reader.error(node, "`channel` is missing: an id such as C024BE91L, or a name such as '#payments'")
        return None
    channel = reader.name(given["channel"], CHANNEL, "an id such as C024BE91L or a name such as '#payments'")
    token = reader.secret(given["token"]) if "token" in given else None
    allow = frozenset(
        value for item in (reader.items(given["allow"]) if "allow" in given else ()) if (value := reader.name(item, r"[A-Za-z0-9_.-]+", "a value of letters, digits, _ . and -"))
    )  # fmt: skip
    mentions = reader.texts(given["mention_on_page"]) if "mention_on_page" in given else ()
    if channel is None:
        return None
    if re.search(r"[{}]", _LABEL.sub("", channel)):
        reader.error(given["channel"], f"`{channel[:60]}` has a brace that belongs to no {{label}}")
        return None
    if "{" in channel and not allow:
        reader.error(given["channel"], "a channel from a label needs `allow`, the values that may stand in it")
    if "{" not in channel and "allow" in given:
        reader.error(given["allow"], "`allow` is for channels from a label, such as '#{team}-oncall'")
    more = {"token": token} if token else {}
    return SlackChannel(channel, allow=allow, mention_on_page=mentions, **more)


def _read_pagerduty(reader: Reader, node: yaml.Node) -> PagerDutyService | None:
    given = reader.fields(node, PAGERDUTY)
    if "routing_key" not in given:
        reader.error(node, "`routing_key` is missing: {env: PAGERDUTY_ROUTING_KEY}")
        return None
    key = reader.secret(given["routing_key"])
    service = reader.name(given["service"]) if "service" in given else ""
    return PagerDutyService(key, service or "") if key else None


def _references(reader: Reader, node: yaml.Node) -> tuple[Reference, ...]:
    return tuple(Reference(name, reader.place(item)) for item in reader.items(node) if (name := reader.line(item)))


def _rule_name(reader: Reader, node: yaml.Node, given: Mapping[str, yaml.Node]) -> str | None:
    if "name" not in given:
        if isinstance(node, yaml.MappingNode):
            reader.error(node, "`name` is missing")
        return None
    return reader.line(given["name"])


def read_route(reader: Reader, node: yaml.Node, within: tuple[Matcher, ...]) -> WrittenRoute | None:
    given = reader.fields(node, ROUTE, LATER_ROUTE)
    name = _rule_name(reader, node, given)
    own: dict[str, Any] = {}
    for timer in TIMERS:
        if timer in given:
            own[timer] = _timer(reader, timer, given[timer])
    for text in ("owner", "reason"):
        if text in given:
            own[text] = reader.text(given[text]) or ""
    if "page_when" in given:
        own["page_when"] = read_page_when(reader, given["page_when"])
    match = reader.matchers(given["match"]) if "match" in given else ()
    parent = reader.line(given["parent"]) if "parent" in given else None
    go_on = bool(reader.flag(given["continue"])) if "continue" in given else False
    notify = _references(reader, given["notify"]) if "notify" in given else None
    page = _references(reader, given["page"]) if "page" in given else None
    if name is None:
        return None
    above = Reference(parent, reader.place(given["parent"])) if parent else None
    return WrittenRoute(name, reader.place(node), (*within, *match), above, go_on, own, notify, page)


def _timer(reader: Reader, timer: str, node: yaml.Node) -> int | None:
    if timer == "remind" and isinstance(node, yaml.ScalarNode) and node.value in ("off", "false", "no"):
        return None
    return reader.duration(node)


def read_page_when(reader: Reader, node: yaml.Node) -> PageWhen:
    given = reader.fields(node, ("any", "all"))
    if len(given) != 1:
        reader.error(node, "`page_when` is {any: […]} or {all: […]}")
        return PageWhen()
    (quantifier, inner), = given.items()  # fmt: skip
    conditions = [read_condition(reader, item) for item in reader.items(inner)]
    if not conditions:
        reader.error(inner, "at least one condition is needed: {severity: critical}, {alerts: 2} or {match: […]}")
    return PageWhen(Quantifier(quantifier), tuple(one for one in conditions if one is not None))


def read_condition(reader: Reader, node: yaml.Node) -> Condition | None:
    given = reader.fields(node, ("severity", "alerts", "match"))
    if len(given) != 1:
        reader.error(node, "one condition is {severity: critical}, {alerts: 2} or {match: […]}")
        return None
    if "severity" in given:
        step = severity(reader, given["severity"])
        return Condition(severity=step) if step is not None else None
    if "alerts" in given:
        count = reader.whole(given["alerts"])
        return Condition(alerts=count) if count is not None else None
    return Condition(match=reader.matchers(given["match"]))


def read_correlate(reader: Reader, node: yaml.Node, within: tuple[Matcher, ...]) -> WrittenCorrelate | None:
    given = reader.fields(node, CORRELATE, LATER_CORRELATE)
    name = _rule_name(reader, node, given)
    read: dict[str, Any] = {"window": reader.duration(given["window"]) if "window" in given else None}
    for text in ("owner", "reason"):
        if text in given:
            read[text] = reader.text(given[text]) or ""
    if "by" in given:
        read["by"] = reader.texts(given["by"])
        if not read["by"]:
            reader.error(given["by"], '`by` needs labels, or ["..."] for all of them')
        if ALL_LABELS in read["by"] and len(read["by"]) > 1:
            reader.error(given["by"], '"..." already means all labels')
    if "stop_values" in given:
        read["stop_values"] = reader.mapping(given["stop_values"], lambda value: frozenset(reader.texts(value)))
    if "max_values" in given:
        read["max_values"] = reader.mapping(given["max_values"], reader.whole)
    if "max_alerts" in given and (most := reader.whole(given["max_alerts"], 1, 5_000)) is not None:
        read["max_alerts"] = most
    match = reader.matchers(given["match"]) if "match" in given else ()
    if name is None:
        return None
    place = reader.place(node)
    return WrittenCorrelate(CorrelateRule(name, Origin(place.file, place.line), (*within, *match), **read), place)
