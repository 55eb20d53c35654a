"""List what a reload of the rules changes, in lines for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime

from gateway.model.durations import UNITS
from gateway.model.rules.destination import Integration
from gateway.model.rules.kinds import CorrelateRule
from gateway.model.rules.origin import SecretName
from gateway.model.rules.route import Condition, PageWhen, Route
from gateway.model.rules.rulebook import Rule, Rulebook
from gateway.model.severity import Severity
from gateway.model.statistics.settings import Digest

_HIDDEN_FIELDS = ("origin", "parent", "children")
_TIME_FIELDS = ("start", "end")
_DURATION_FIELDS = (
    "longest_hold",
    "fallback_after",
    "group_wait",
    "update_interval",
    "resolve_after",
    "remind",
    "window",
    "closed_by_hand",
    "wait",
    "longest",
    "unmatched",
    "group_interval",
    "repeat_interval",
    "stale_after",
    "every",
    "cutoff",
    "miss_within",
    "budget_per",
    "resolved_by_itself_within",
)
_RULE_KEYS = {
    "go_on": "continue",
    "reason_required": "reason",
    "four_eyes": "critical: four_eyes",
    "budget_pages": "budget: pages",
    "budget_per": "budget: per",
    "noise_by_people": "noise: human_label",
    "resolved_by_itself_within": "noise: resolved_by_itself_within",
}


def differences(old: Rulebook, new: Rulebook) -> tuple[str, ...]:
    lines = _changed("labels", old.labels, new.labels)
    if old.partition_by != new.partition_by:
        lines.append(_line("rules", "partition_by", old.partition_by, new.partition_by))
    if old.closed_by_hand != new.closed_by_hand:
        lines.append(_line("policy", "closed_by_hand", old.closed_by_hand, new.closed_by_hand))
    if old.audit != new.audit:
        lines.append(_line("policy", "audit", old.audit, new.audit))
    lines += _changed("policy.silences", old.silences, new.silences)
    lines += _changed("policy.act", old.act, new.act)
    lines += _changed("precision", old.precision, new.precision)
    after = new.by_kind
    for kind, rules in old.by_kind.items():
        lines += _named(kind, rules, after[kind])
    # A route under another parent inherits other destinations, although its own lines are the same.
    lines += _moved(old, new)
    lines += [
        f"time interval `{name}` changed"
        for name in new.intervals
        if old.intervals.get(name, new.intervals[name]) != new.intervals[name]
    ]
    lines += _reordered("routes", old.routes, new.routes)
    lines += _reordered("correlate rules", old.correlate, new.correlate)
    return tuple(lines)


def _named(what: str, old: Mapping[str, Rule], new: Mapping[str, Rule]) -> list[str]:
    lines = [f"{what} `{name}` added ({new[name].origin})" for name in new if name not in old]
    lines += [f"{what} `{name}` removed (was {old[name].origin})" for name in old if name not in new]
    for name in new:
        if name in old:
            lines += _changed(f"{what} `{name}`", old[name], new[name])
    return lines


def _moved(old: Rulebook, new: Rulebook) -> list[str]:
    before, after = _parents(old), _parents(new)
    return [
        f"route `{name}`: parent {before[name] or 'none'} -> {after[name] or 'none'}"
        for name in after
        if name in before and before[name] != after[name]
    ]


def _parents(book: Rulebook) -> dict[str, str]:
    return {
        route.name: "" if route.parent is None else book.routes[route.parent].name for route in book.routes
    }


def _reordered(
    what: str, old: Sequence[Route | CorrelateRule], new: Sequence[Route | CorrelateRule]
) -> list[str]:
    """Report a new order of the rules that are in both sets, since the first match wins."""
    before, after = [rule.name for rule in old], [rule.name for rule in new]
    both = {*before} & {*after}
    if [name for name in before if name in both] == [name for name in after if name in both]:
        return []
    return [f"{what} stand in another order"]


def _changed(what: str, old: object, new: object) -> list[str]:
    """Return a line for each field that changed.

    For a field that is a dataclass itself, its fields are listed.
    """
    lines: list[str] = []
    for name in [field.name for field in fields(old) if field.compare and field.name not in _HIDDEN_FIELDS]:  # type: ignore[arg-type]
        before, after = getattr(old, name), getattr(new, name)
        if before == after:
            continue
        if (
            is_dataclass(before)
            and type(before) is type(after)
            and not isinstance(before, PageWhen | SecretName)
        ):
            lines += _changed(what if name == "via" else f"{what}: {name}", before, after)
        else:
            lines.append(_line(what, name, before, after))
    return lines


def _line(what: str, name: str, before: object, after: object) -> str:
    return f"{what}: {_RULE_KEYS.get(name, name)} {_shown(before, name)} -> {_shown(after, name)}"


def _shown(value: object, name: str = "") -> str:
    match value:
        case None:
            return {"resolve_after": "default", "stale_after": "default", "remind": "off"}.get(name, "none")
        case bool():
            return str(value).lower()
        case Severity():
            return value.word
        case int() if name in _DURATION_FIELDS:
            return _duration(value)
        case int() if name in _TIME_FIELDS:
            return datetime.fromtimestamp(value / 1000, UTC).isoformat() if value else "open"
        case Mapping():
            return f"{{{', '.join(f'{key}: {_shown(item)}' for key, item in value.items())}}}"
        case frozenset():
            return f"[{', '.join(sorted(str(item) for item in value))}]"
        case tuple():
            return f"[{', '.join(_shown_item(item) for item in value)}]"
    return _shown_item(value)


def _shown_item(value: object) -> str:
    match value:
        case SecretName():
            return value.env
        case PageWhen() if value.conditions:
            return f"{value.quantifier} of [{', '.join(_condition(condition) for condition in value.conditions)}]"
        case PageWhen():
            return "always"
        case Integration():
            return value.kind
        case Digest():
            return f"{value.at} {value.location} to {_shown(value.to)}"
    return str(value) or "none"


def _condition(condition: Condition) -> str:
    given = ((name, getattr(condition, name)) for name in ("severity", "alerts", "match"))
    return ", ".join(f"{name} {_shown(value)}" for name, value in given if value is not None)


def _duration(value: int) -> str:
    """Return milliseconds in the notation of rule files, such as `2h30m`."""
    left, parts = value, []
    for unit in ("d", "h", "m", "s", "ms"):
        count, left = divmod(left, UNITS[unit])
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"
