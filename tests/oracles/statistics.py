"""A second reading of the contract of statistics: every figure of a report, made again from the events alone.

Nothing of the gateway is imported, and nothing is clever: where a figure is over all pairs of things,
all pairs
are looked at. Times are ms; `asking` has the fields of a request, `from`, `to` and `as_of` among them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.oracles.load import Load
from tests.oracles.reading import DAY, Json

KINDS = ("first", "late", "escalation", "fallback", "reminder", "rise", "again")
MAX_KEYS = 200


def recompute(lines: Iterable[str], **asking: Any) -> Json:
    """Return what a report has to say. The reasons of nulls, `seed` and what the store lost are left out."""
    return Recount(lines, asking).report()


class Recount(Load):
    def row(
        self,
        picked: Callable[[Any], bool],
        lo: int,
        hi: int,
        key: Any = None,
        start: str | None = None,
        by: str = "",
    ) -> Json:
        def mine(events: list[Json]) -> list[Json]:
            return [one for one in events if lo <= self.moment(one) < hi and any(map(picked, self.keys(one)))]

        pages, calls, pairs, spells = map(mine, (self.pages, self.calls, self.pairs, self.all("quiet_spell")))
        first: dict[str, Json] = {}
        for page in self.pages:
            if any(map(picked, self.keys(page))):
                first.setdefault(page["incident"], page)
        firsts = [page for page in first.values() if lo <= page["at"] < hi]
        drawn = [page for page in pages if page["draw"] < self.sample]
        later = {event["call"] for event in self.all("call_confirmed")}
        sure = sum(call["confirmed"] or call["id"] in later for call in calls)
        kinds = Counter(call["call_kind"] for call in calls)
        return {
            "key": key, "bucket_start": start,
            "counts": {
                "incidents": len(firsts), "pages": len(pages), "calls": len(calls),
                "calls_by_kind": {kind: kinds[kind] for kind in KINDS},
                "own": sum(c["of"]["own"] for c in calls), "duplicates": sum(c["duplicate"] for c in calls),
                "confirmed": sure, "unconfirmed": len(calls) - sure,
            },
            "labels": self.labels(pages), "precision": self.precision(pages),
            "precision_sampled": {**self.precision(drawn, "person"), "pages": len(drawn)},
            "implied": self.implied(pages), "corrected": self.corrected(pages),
            "missed": self.missed(spells, pages),
            "mtta": self.mtta(firsts), "mttr": self.mttr(firsts),
            "mtbf": self.mtbf(picked, lo, hi, by or "none"),
            "load": self.load(pairs, picked if by == "person" else lambda _: True, lo, hi),
        }  # fmt: skip

    def first_instant(self, day: date) -> int:
        """Return the first instant whose local day is this one or later."""
        low = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1000 - DAY
        high = low + 2 * DAY
        while low < high:
            middle = (low + high) // 2
            reached = self.local(middle).date() >= day
            low, high = (low, middle) if reached else (middle + 1, high)
        return low

    def buckets(self) -> list[tuple[int, int, str | None]]:
        lo, hi = self.asking["from"], self.asking["to"]
        if self.bucket == "none":
            return [(lo, hi, None)]
        day, length = self.local(lo).date(), timedelta(days=7 if self.bucket == "week" else 1)
        day -= timedelta(days=day.weekday() if self.bucket == "week" else 0)
        found = []
        while (begin := self.first_instant(day)) < hi:
            end, day = self.first_instant(day + length), day + length
            if max(lo, begin) < min(hi, end):
                found.append((max(lo, begin), min(hi, end), self.local(begin).isoformat()))
        return found

    def report(self) -> Json:
        lo, hi = self.asking["from"], self.asking["to"]
        inside = [
            (page["at"], key) for page in self.pages if lo <= page["at"] < hi for key in self.keys(page)
        ]
        if self.by == "person" and not (self.persons == "all" and self.viewer.get("administers")):
            inside = [(at, key) for at, key in inside if key in (None, self.viewer.get("person"))]
        sizes = Counter(key for _, key in inside)
        ranked = sorted(sizes, key=lambda key: (-sizes[key], key is None, key or ""))
        kept, others = ranked[:MAX_KEYS], ranked[MAX_KEYS:]
        rows = []
        for begin, end, start in self.buckets():
            here = {key for at, key in inside if begin <= at < end} & set(kept)
            for key in sorted(here, key=lambda k: (k is None, k or "")) if self.by != "none" else [None]:
                rows += [self.row(lambda k, key=key: k == key, begin, end, key, start, self.by)]
        other = self.row(lambda key: key in others, lo, hi, by=self.by) if others else None
        total = self.row(lambda _: True, lo, hi)
        loads = [row["load"] for row in [*rows, *([other] if other else [])]]
        if self.persons == "team" and total["load"]["persons"] == "shown":
            self.hide(loads, total["load"])
        for load in [*loads, total["load"]]:
            load.pop("called", None)
            load.pop("working", None)
        return {
            "schema": 1, **{name: self.asking[name] for name in ("from", "to", "as_of")},
            "tz": self.asking.get("tz", "UTC"),
            "by": self.by, "bucket": self.bucket, "cutoff_seconds": self.cutoff / 1000,
            "miss_within_seconds": self.miss_within / 1000,
            "sample": self.sample, "rules_revision": self.revision, "other_values": len(others), "rows": rows,
            "other": other, "total": total,
        }  # fmt: skip
