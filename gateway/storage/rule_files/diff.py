"""What a reload changes, in lines for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields

from gateway.model.rulebook import CorrelateRule, Destination, Route, Rulebook

_UNSAID = ("origin", "parent", "children")


def differences(old: Rulebook, new: Rulebook) -> tuple[str, ...]:
    lines = _changed("labels", old.labels, new.labels)
    if old.closed_by_hand != new.closed_by_hand:
        lines.append(f"policy: closed_by_hand {old.closed_by_hand // 1000}s -> {new.closed_by_hand // 1000}s")
    lines += _named("destination", old.destinations, new.destinations)
    lines += _named("route", _by_name(old.routes), _by_name(new.routes))
    lines += _named("correlate rule", _by_name(old.correlate), _by_name(new.correlate))
    orders = [[one.name for one in book.routes] for book in (old, new)]
    if orders[0] != orders[1] and sorted(orders[0]) == sorted(orders[1]):
        lines.append("routes stand in another order")
    return tuple(lines)


def _by_name(rules: Sequence[Route] | Sequence[CorrelateRule]) -> Mapping[str, Route | CorrelateRule]:
    return {one.name: one for one in rules}


def _named(
    what: str, old: Mapping[str, Route | CorrelateRule | Destination], new: Mapping[str, Route | CorrelateRule | Destination]
) -> list[str]:
    lines = [f"{what} `{name}` added ({new[name].origin})" for name in new if name not in old]
    lines += [f"{what} `{name}` removed (was {old[name].origin})" for name in old if name not in new]
    for name in new:
        if name in old:
            lines += _changed(f"{what} `{name}`", old[name], new[name])
    return lines


def _changed(what: str, old: object, new: object) -> list[str]:
    names = [one.name for one in fields(old) if one.name not in _UNSAID]  # type: ignore[arg-type]
    return [
        f"{what}: {name} {_said(getattr(old, name))} -> {_said(getattr(new, name))}"
        for name in names
        if getattr(old, name) != getattr(new, name)
    ]


def _said(value: object) -> str:
    if isinstance(value, (frozenset, set)):
        return f"[{', '.join(sorted(str(one) for one in value))}]"
    if isinstance(value, tuple):
        return f"[{', '.join(str(one) for one in value)}]"
    return str(value)
