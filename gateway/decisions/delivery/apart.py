"""Find what tells the alerts of one incident apart, for rows, lines and notes alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gateway.model.notification import AlertLine

LABELS_SHOWN = 2  # behind a name
SHOWN_BY_THE_SIGN = "severity"


def differing_labels(lines: Sequence[AlertLine]) -> list[str]:
    """Return the labels in which these alerts differ, those by which people know the thing first."""
    names = dict.fromkeys(name for line in lines for name in line.labels)
    return [name for name in names if len({line.labels.get(name, "") for line in lines}) > 1]


def names_of(lines: Iterable[AlertLine], among: Iterable[AlertLine]) -> list[str]:
    """Name alerts, each by its kind and its thing; where others of `among` are called the same, with the
    labels that tell it from them.
    """
    alike: dict[str, list[AlertLine]] = {}
    for line in among:
        alike.setdefault(_called(line), []).append(line)
    apart = {called: _telling(others) for called, others in alike.items()}
    return [_named(line, apart.get(_called(line), [])) for line in lines]


def _called(line: AlertLine) -> str:
    return f"{line.name} {line.thing}".rstrip()


def _telling(lines: Sequence[AlertLine]) -> list[str]:
    return [name for name in differing_labels(lines) if name != SHOWN_BY_THE_SIGN] if len(lines) > 1 else []


def _named(line: AlertLine, apart: Sequence[str]) -> str:
    plumbing = {*[*line.labels][len(line.labels) - line.plumbing :]}
    own = [name for name in apart if line.labels.get(name)]
    # Two alerts may differ by an id alone; else ids only push aside what a person knows.
    shown = [name for name in own if name not in plumbing] or own
    return " ".join([_called(line), *(f"{name}={line.labels[name]}" for name in shown[:LABELS_SHOWN])])
