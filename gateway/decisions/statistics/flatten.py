"""The report as CSV: a line for each row, for `other` and for `total`, with a column for each figure.

Columns are named by their path with dots, and are the same for every report. Maps whose keys nobody knows
beforehand are one cell of JSON; what is not there is empty.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from gateway.decisions.statistics.corrected import CLASSES
from gateway.decisions.statistics.times import INCIDENCE_SECONDS
from gateway.model.statistics.report import Report
from gateway.model.statistics.rows import (
    ByTrust,
    CallsByKind,
    Counts,
    Interval,
    Judged,
    Labels,
    LateSeconds,
    PairTable,
    Sums,
)

PART = "part"  # row, other or total
_PARTS = ("rows", "other", "total")
_NESTED: Mapping[str, tuple[str, ...]] = {
    "counts": Counts.__struct_fields__,
    "counts.calls_by_kind": CallsByKind.__struct_fields__,
    "labels": Labels.__struct_fields__,
    "labels.by_trust": ByTrust.__struct_fields__,
    **{f"labels.by_trust.{trust}": Judged.__struct_fields__ for trust in ByTrust.__struct_fields__},
    "precision.sums": Sums.__struct_fields__,
    "precision_sampled.sums": Sums.__struct_fields__,
    "implied.table": PairTable.__struct_fields__,
    "corrected.strata": CLASSES,
    **{f"corrected.strata.{name}": ("pages", "checked", "actionable") for name in CLASSES},
    "missed.late_seconds": LateSeconds.__struct_fields__,
    "mtta.incidence": tuple(str(seconds) for seconds in INCIDENCE_SECONDS),
    **{f"mtta.incidence.{seconds}": ("acknowledged", "ended_before") for seconds in INCIDENCE_SECONDS},
    "mttr.within_goal": Interval.__struct_fields__,
    "load.by_hour": tuple(f"{hour:02}" for hour in range(24)),
    "load.budget": ("pages", "per_seconds"),
}
_OPEN_MAPS = ("because", "noise_reasons", "by_reason")


def to_csv(report: Report) -> str:
    said = msgspec.to_builtins(report)
    about = {name: value for name, value in said.items() if name not in _PARTS}
    listed = [("row", row) for row in said["rows"]]
    listed += [(part, said[part]) for part in ("other", "total") if said[part] is not None]
    out = io.StringIO()
    lines = [
        {PART: part, **{name: _cell(value) for name, value in about.items()}, **dict(_cells("", row))}
        for part, row in listed
    ]
    writer = csv.DictWriter(out, lines[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return out.getvalue()


def _cells(path: str, value: Any) -> Iterator[tuple[str, str]]:
    """Yield the columns under a path, whether or not there is a value."""
    name = path.rpartition(".")[2]
    if path in _NESTED and not isinstance(value, Mapping):
        value = dict(zip(_NESTED[path], value or (None,) * len(_NESTED[path]), strict=True))
    if isinstance(value, Mapping) and name not in _OPEN_MAPS:
        for key in _NESTED.get(path, tuple(value)):
            yield from _cells(f"{path}.{key}" if path else key, value[key])
    else:
        yield path, _cell(value)


def _cell(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return msgspec.json.encode(value).decode()
