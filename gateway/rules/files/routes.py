"""Read the section `routes:`."""

from __future__ import annotations

from typing import Any

import yaml

from gateway.model.matchers import Matcher
from gateway.model.rules.route import Condition, Mute, PageWhen, Quantifier
from gateway.rules.files.keys import ESCALATION_STEP, LATER_ROUTE, MUTE, ROUTE, SHIFT, TIMERS
from gateway.rules.files.raw import RawRoute, RawRules, RawShift, RawStep
from gateway.rules.files.reader import Reader, Reference
from gateway.rules.files.rule_fields import rule_name
from gateway.rules.files.times import read_hours


def read_route(
    reader: Reader, node: yaml.Node, within: tuple[Matcher, ...], raw: RawRules
) -> RawRoute | None:
    given = reader.fields(node, ROUTE, LATER_ROUTE)
    name = rule_name(reader, node, given)
    own: dict[str, Any] = {}
    for timer in TIMERS:
        if timer in given:
            own[timer] = _timer(reader, timer, given[timer])
    for text in ("owner", "reason"):
        if text in given:
            own[text] = reader.text(given[text]) or ""
    if "page_when" in given:
        own["page_when"] = read_page_when(reader, given["page_when"])
    if "mute" in given:
        own["mute"] = read_mute(reader, given["mute"], raw)
    hours = read_hours(reader, given, raw)
    shifts = (
        [_read_shift(reader, shift, raw) for shift in reader.items(given["shifts"])]
        if "shifts" in given
        else None
    )
    escalate = _read_escalation(reader, given["escalate"], raw) if "escalate" in given else None
    match = reader.matchers(given["match"]) if "match" in given else ()
    parent = reader.line(given["parent"]) if "parent" in given else None
    go_on = bool(reader.flag(given["continue"])) if "continue" in given else False
    notify = reader.references(given["notify"]) if "notify" in given else None
    page = reader.references(given["page"]) if "page" in given else None
    if name is None:
        return None
    above = Reference(parent, reader.place(given["parent"])) if parent else None
    return RawRoute(
        name=name,
        place=reader.place(node),
        match=(*within, *match),
        parent=above,
        go_on=go_on,
        own={**own, "hours": hours},
        notify=notify,
        page=page,
        shifts=tuple(shifts) if shifts is not None else None,
        escalate=escalate,
    )


def read_mute(reader: Reader, node: yaml.Node, raw: RawRules) -> Mute:
    given = reader.fields(node, MUTE)
    page, notify = (reader.references(given[key]) if key in given else () for key in ("page", "notify"))
    raw.intervals_named += (*page, *notify)
    critical = bool(reader.flag(given["mute_critical"])) if "mute_critical" in given else False
    return Mute(
        tuple(interval.name for interval in page), tuple(interval.name for interval in notify), critical
    )


def _read_shift(reader: Reader, node: yaml.Node, raw: RawRules) -> RawShift:
    given = reader.fields(node, SHIFT)
    # A shift that is always on is what the route's own `notify` and `page` are for: its hours were forgotten.
    if "during" not in given and isinstance(node, yaml.MappingNode):
        reader.error(node, "`during` is missing: a shift has its hours")
    notify, page = (reader.references(given[key]) if key in given else () for key in ("notify", "page"))
    return RawShift(read_hours(reader, given, raw), notify, page)


def _read_escalation(reader: Reader, node: yaml.Node, raw: RawRules) -> tuple[RawStep, ...]:
    steps = [_read_step(reader, item, raw) for item in reader.items(node)]
    for item, step, before in zip(reader.items(node)[1:], steps[1:], steps, strict=False):
        # In another order nobody can say how far apart two steps are meant to be.
        if step.after <= before.after:
            reader.error(item, "a step comes after the one before it: sort them by `after`")
    return tuple(steps)


def _read_step(reader: Reader, node: yaml.Node, raw: RawRules) -> RawStep:
    given = reader.fields(node, ESCALATION_STEP)
    notify, page = (reader.references(given[key]) if key in given else () for key in ("notify", "page"))
    if isinstance(node, yaml.MappingNode):
        if "after" not in given:
            reader.error(node, "`after` is missing: how long after the first call is it taken?")
        # It would be taken, and nobody would hear of it.
        if not notify and not page:
            reader.error(node, "the step tells nobody: give it `page` or `notify`")
    if "unless" in given and reader.text(given["unless"]) != "acknowledged":
        reader.error(given["unless"], "write `unless: acknowledged`, or leave it out")
    after = reader.duration(given["after"]) if "after" in given else None
    return RawStep(
        after or 0, "unless" in given, read_hours(reader, given, raw), notify, page, reader.place(node)
    )


def _timer(reader: Reader, timer: str, node: yaml.Node) -> int | None:
    # YAML reads an unquoted `off` as false, and a child has to be able to turn off what its parent reminds
    # of.
    if timer == "remind" and isinstance(node, yaml.ScalarNode) and node.value in ("off", "false", "no"):
        return None
    return reader.duration(node)


def read_page_when(reader: Reader, node: yaml.Node) -> PageWhen:
    given = reader.fields(node, ("any", "all"))
    if len(given) != 1:
        reader.error(node, "`page_when` is {any: […]} or {all: […]}")
        return PageWhen()
    [(quantifier, inner)] = given.items()
    conditions = [read_condition(reader, item) for item in reader.items(inner)]
    # `any` of nothing would never page, and `all` of nothing always would: neither can be meant.
    if not conditions:
        reader.error(
            inner, "at least one condition is needed: {severity: critical}, {alerts: 2} or {match: […]}"
        )
    return PageWhen(
        Quantifier(quantifier), tuple(condition for condition in conditions if condition is not None)
    )


def read_condition(reader: Reader, node: yaml.Node) -> Condition | None:
    given = reader.fields(node, ("severity", "alerts", "match"))
    if len(given) != 1:
        reader.error(node, "one condition is {severity: critical}, {alerts: 2} or {match: […]}")
        return None
    if "severity" in given:
        step = reader.severity(given["severity"])
        return Condition(severity=step) if step is not None else None
    if "alerts" in given:
        count = reader.whole(given["alerts"])
        return Condition(alerts=count) if count is not None else None
    return Condition(match=reader.matchers(given["match"]))
