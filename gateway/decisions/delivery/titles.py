"""Say in one line what an incident is about: the kind of alert, how many, and the things that are broken; and
where that is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from gateway.decisions.delivery.thing import Thing, in_reading_order, place_of, plumbing_in
from gateway.model.alert import Alert
from gateway.model.rules.rulebook import LabelRules

THINGS_SHOWN = 3  # of those that differ; a longer list is not read on a phone
SHORTEST_RUN = 3  # `cart-0, cart-1` is as short as `cart-0…1`
_DIGITS = re.compile(r"([0-9]{1,18})")
_NUMBERED = re.compile(r"(.*?)([0-9]{1,9})", re.DOTALL)


def what_and_where(
    alerts: Sequence[tuple[Alert, Thing, bool]], labels: LabelRules, elsewhere: int = 0
) -> dict[str, Any]:
    """Return the title, and the labels that say where it is, for alerts with their
    things and whether they fire.

    `elsewhere` counts further alerts of the same group, which fire in other incidents.
    """
    shared = _shared(alert for alert, _, _ in alerts)
    # What speaks of an exporter in one alert says nothing of the place of all of them.
    passed_over = frozenset[str]().union(*(thing.passed_over for _, thing, _ in alerts))
    order = in_reading_order(shared, passed_over, labels)
    names = [name for name in order if name not in ("alertname", labels.severity.label)]
    of_target = all(thing.of_target for _, thing, _ in alerts)
    place = place_of(shared, passed_over, labels, of_target=of_target)
    # The title names what fires, and everything once nothing does.
    named = [(alert.name, thing) for alert, thing, fires in alerts if fires] or [
        (alert.name, thing) for alert, thing, _ in alerts
    ]
    return {
        "title": title_of([name for name, _ in named], [thing for _, thing in named], elsewhere),
        "where": {name: shared[name] for name in names},
        "place": place,
        "plumbing": plumbing_in(tuple(names), passed_over),
        "service": next((place[name] for name in labels.service if name in place), ""),
    }


def _shared(alerts: Iterable[Alert]) -> dict[str, str]:
    items: list[tuple[str, str]] | None = None
    for alert in alerts:
        found = alert.labels.items()
        items = [item for item in (found if items is None else items) if item in found]
    return dict(items or ())


def title_of(names: Sequence[str], things: Sequence[Thing], elsewhere: int = 0) -> str:
    """Return the title for alerts, given by name and thing, the most important one first:
    `HighErrorRate ×3 · shop/cart-0…2`.
    """
    first, *others = dict.fromkeys(names) or ["(no alert)"]
    about = _common(things) if others else _folded_things(things)
    if about and elsewhere and not others:
        # The things named here are those of this incident alone.
        about = f"{about} +{elsewhere}"
    return f"{_counted(first, len(others), len(names) + elsewhere)}{f' · {about}' if about else ''}"


def _counted(first: str, others: int, alerts: int) -> str:
    if others:
        return f"{first} +{others} kind{'s' if others > 1 else ''} (×{alerts})"
    return f"{first} ×{alerts}" if alerts > 1 else first


def _common(things: Sequence[Thing]) -> str:
    """Return what alerts of several kinds have in common: the thing, or at least its namespace."""
    if len({str(thing) for thing in things}) == 1:
        return str(things[0])
    scopes = {thing.scope for thing in things}
    return scopes.pop() if len(scopes) == 1 else ""


def _folded_things(things: Sequence[Thing]) -> str:
    scopes = {thing.scope for thing in things}
    names = {thing.name for thing in things if thing.name}
    if len(names) < 2 or len(scopes) > 1:
        return folded(str(thing) for thing in things)
    scope = scopes.pop()
    return f"{scope}/{folded(names)}" if scope else folded(names)


def folded(texts: Iterable[str], most: int = THINGS_SHOWN) -> str:
    """Return different texts in the order that a person expects, runs of numbers as one: `cart-0…5, web +3`."""
    runs = _runs(sorted({text for text in texts if text}, key=natural))
    shown = [_run(run) for run in runs[:most]]
    left_out = sum(map(len, runs[most:]))
    return ", ".join(shown) + (f" +{left_out}" if left_out else "")


def natural(text: str) -> tuple[tuple[int, str], ...]:
    """Return a key that sorts `node-2` before `node-10`."""
    parts = _DIGITS.split(text)
    # Texts and numbers alternate, so that the same positions are compared with each other.
    return tuple([(int(part) if at % 2 else 0, part) for at, part in enumerate(parts)])


def _runs(texts: Sequence[str]) -> list[list[str]]:
    """Return the texts in runs that differ by the next number alone; a short run is taken apart."""
    runs: list[list[str]] = []
    for text in texts:
        if runs and _follows(runs[-1][-1], text):
            runs[-1].append(text)
        else:
            runs.append([text])
    return [
        part for run in runs for part in ([run] if len(run) >= SHORTEST_RUN else [[text] for text in run])
    ]


def _follows(before: str, text: str) -> bool:
    earlier, later = _NUMBERED.fullmatch(before), _NUMBERED.fullmatch(text)
    if earlier is None or later is None or earlier[1] != later[1]:
        return False
    # `n09` is followed by `n10`, and `n9` by `n10`, but `n009` is not followed by `n10`.
    return later[2] == str(int(earlier[2]) + 1).zfill(len(earlier[2]))


def _run(run: Sequence[str]) -> str:
    if len(run) == 1:
        return run[0]
    last = _NUMBERED.fullmatch(run[-1])
    return f"{run[0]}…{last[2] if last else run[-1]}"
