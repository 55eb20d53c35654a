"""The blocks of a row, each made of the pages, calls, spells and incidents that are the row's."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from tests.oracles.estimates import NEAR, Cluster, Followed, Z, n_effective, poisson_bounds, smallest, wilson
from tests.oracles.reading import IMPLIED, Json, Reading

GOAL = 2_592_000  # seconds
OF_FAILURES = (
    "failures", "services", "up_seconds", "value_seconds", "lower_seconds", "upper_seconds",
    "at_least_seconds",
)  # fmt: skip


class Blocks(Reading):
    def labels(self, pages: list[Json]) -> Json:
        given = [self.given[page["id"]] for page in pages]
        force = [g["in_force"] for g in given if g["in_force"]]
        values = Counter(label["value"] for label in force)
        return {
            "labelled": len(force), "actionable": values["actionable"], "noise": values["noise"],
            "unlabelled": len(pages) - len(force),
            "conflicts": sum(len({label["value"] for label in g["counted"]}) > 1 for g in given),
            "conflicts_persons": sum(len({label["value"] for label in g["persons"]}) > 1 for g in given),
            "withdrawn": sum(g["withdrawn"] for g in given), "late": sum(g["late"] for g in given),
            "sampled": sum(page["draw"] < self.sample and self.value(page) is not None for page in pages),
            "by_trust": {
                trust: {value: sum((label["trust"], label["value"]) == (trust, value) for label in force)
                        for value in ("actionable", "noise")}
                for trust in ("person", *IMPLIED)
            },
            "noise_reasons": dict(Counter(o["reason"] or "unsaid" for o in force if o["value"] == "noise")),
        }  # fmt: skip

    def clusters(self, pages: list[Json], whose: str) -> list[Cluster]:
        found: dict[str, list[bool]] = {}
        for page in pages:
            if self.value(page, whose):
                found.setdefault(page["incident"], []).append(self.value(page, whose) == "actionable")
        return [(sum(values), len(values)) for values in found.values()]

    def precision(self, pages: list[Json], whose: str = "in_force") -> Json:
        clusters, target = self.clusters(pages, whose), self.rules["target"]
        m, n, a, drawn = len(clusters), sum(n for _, n in clusters), sum(a for a, _ in clusters), len(pages)
        effective = n_effective(clusters) if n else None
        lower, upper = wilson(a / n, effective) if n and effective else (None, None)
        verdict = (
            "no_labels"
            if lower is None or upper is None
            else "met"
            if lower >= target
            else "missed"
            if upper < target
            else "undecided"
        )
        if whose == "person" and n and n / drawn < 0.8:
            verdict = "undecided"
        sums = {
            "m": m, "n": n, "a": a, "nn": sum(n * n for _, n in clusters),
            "aa": sum(a * a for a, _ in clusters), "an": sum(a * n for a, n in clusters),
            "aa_n": sum(a * a / n for a, n in clusters),
        }  # fmt: skip
        return {
            "value": a / n if n else None, "lower": lower, "upper": upper, "level": 0.95, "n": n,
            "n_effective": effective, "clusters": m,
            "sums": sums, "coverage": n / drawn if drawn else None, "bound_low": a / drawn if drawn else None,
            "bound_high": (a + drawn - n) / drawn if drawn else None, "target": target, "verdict": verdict,
        }  # fmt: skip

    def implied(self, pages: list[Json]) -> Json:
        pairs: dict[str, tuple[str, str]] = {}
        for page in pages:
            implied, person = self.value(page, "implied"), self.value(page, "person")
            if implied and person:
                pairs.setdefault(page["incident"], (implied, person))
        table = {
            f"{x}_{y}": list(pairs.values()).count((x, y))
            for x in ("actionable", "noise")
            for y in ("actionable", "noise")
        }
        n, kappa = len(pairs), None
        agreement = (table["actionable_actionable"] + table["noise_noise"]) / n if n else None
        x, y = (sum(pair[side] == "actionable" for pair in pairs.values()) for side in (0, 1))
        if n >= 20 and 0 < x < n and 0 < y < n and agreement is not None:
            chance = (x * y + (n - x) * (n - y)) / n**2
            kappa = (agreement - chance) / (1 - chance)
        return {"pairs": n, "table": table, "agreement": agreement, "kappa": kappa}

    def corrected(self, pages: list[Json]) -> Json:
        strata, value, variance = [], 0.0, 0.0
        for name in (*IMPLIED, "none"):
            those = [
                p for p in pages if (self.given[p["id"]]["implied"] or {"trust": "none"})["trust"] == name
            ]
            checked = [page for page in those if self.value(page, "person")]
            good = sum(self.value(page, "person") == "actionable" for page in checked)
            strata.append({"class": name, "pages": len(those), "checked": len(checked), "actionable": good})
            if len(checked) >= 5:
                e, weight, share = (
                    n_effective(self.clusters(checked, "person")),
                    len(those) / len(pages),
                    good / len(checked),
                )
                p = (e * share + 1) / (e + 2)
                value, variance = value + weight * share, variance + weight**2 * p * (1 - p) / e
        if not pages or any(s["pages"] and s["checked"] < 5 for s in strata):
            return {"value": None, "lower": None, "upper": None, "strata": strata}
        half = Z * math.sqrt(variance)
        return {
            "value": value,
            "lower": max(0, value - half),
            "upper": min(1, value + half),
            "strata": strata,
        }

    def missed(self, spells: list[Json], pages: list[Json]) -> Json:
        plain = [spell for spell in spells if spell["exempt"] is None]
        misses = [spell for spell in plain if spell["id"] in self.misses]
        late = []
        for spell in misses:
            told = [cause["at"] for cause in self.misses[spell["id"]] if cause["kind"] == "page"]
            if told and spell["would_tell_at"] is not None:
                late.append(max(0, min(told) - spell["would_tell_at"]) / 1000)
        ripe = [spell for spell in spells if spell["from"] + self.miss_within <= self.as_of]
        good = [page for page in self.pages if self.value(page) == "actionable"]
        after = sum(
            any(self.same(s, p) and 0 < p["at"] - s["from"] <= self.miss_within for s in ripe) for p in good
        )
        before = sum(
            any(self.same(s, p) and 0 < s["from"] - p["at"] <= self.miss_within for s in ripe) for p in good
        )
        useful = sum(self.value(page) == "actionable" for page in pages)
        return {
            "spells": len(plain), "misses": len(misses),
            "pending": sum(s["from"] + self.miss_within > self.as_of for s in plain),
            "followed": after, "mirror": before, "excess": after - before,
            "told_share": useful / (useful + len(misses)) if useful + len(misses) else None,
            "late_seconds": {
                "median": smallest(late, 0.5), "p90": smallest(late, 0.9), "max": max(late, default=None),
            },
            "by_reason": dict(Counter(spell["reason"] for spell in misses)),
        }  # fmt: skip

    def mttr(self, firsts: list[Json]) -> Json:
        fates = [(self.started(page["incident"]), *self.fate(page["incident"])) for page in firsts]
        how = Counter(kind for _, kind, _ in fates)
        f = Followed(
            [(max(0, t - begun) / 1000, "ended" if kind == "ended" else None) for begun, kind, t in fates]
        )
        median, p90, within = f.quantile(Fraction(1, 2)), f.quantile(Fraction(9, 10)), f.within(900)
        return {
            "n": len(fates), **{kind: how[kind] for kind in ("ended", "open", "inferred", "by_hand")},
            "median_seconds": median,
            "p90_seconds": p90, "at_least_seconds": f.longest if median is None or p90 is None else None,
            "mean_seconds": f.mean(86_400),
            "mean_horizon_seconds": 86_400, "goal_seconds": 900,
            "within_goal": dict(zip(("value", "lower", "upper"), within or [None] * 3, strict=True)),
        }  # fmt: skip

    def mtta(self, firsts: list[Json]) -> Json:
        seen: list[tuple[float, str | None]] = []
        for page in firsts:
            acts = [
                a["said_at"]
                for a in self.by_incident[page["incident"]]
                if a["kind"] in ("acknowledged", "closed") and a["human"]
            ]
            kind, until = self.fate(page["incident"])
            until = max(0, until - page["at"])
            if acts and max(0, min(acts) - page["at"]) <= until:
                seen.append((max(0, min(acts) - page["at"]) / 1000, "acknowledged"))
            else:
                seen.append((until / 1000, "ended_before" if kind == "ended" else None))
        f, words = Followed(seen), Counter(word for _, word in seen)
        median = next((t for t in f.steps if f.share("acknowledged", t) >= Fraction(1, 2) - NEAR), None)
        half_ended = f.longest is None or f.share("ended_before", f.longest) >= Fraction(1, 2) - NEAR
        known = [
            s for s in (60, 300, 900, 3600) if f.longest is not None and (s <= f.longest or not words[None])
        ]
        return {
            "n": len(seen), "acknowledged": words["acknowledged"], "ended_before": words["ended_before"],
            "open": words[None],
            "median_seconds": median,
            "at_least_seconds": None if median is not None or half_ended else f.longest,
            "incidence": [{"seconds": s, **{word: float(f.share(word, s)) if s in known else None
                          for word in ("acknowledged", "ended_before")}} for s in (60, 300, 900, 3600)],
        }  # fmt: skip

    def mtbf(self, picked: Callable[[Any], bool], lo: int, hi: int, by: str) -> Json:
        if by not in ("none", "service", "alertname"):
            return {**dict.fromkeys(OF_FAILURES), "goal_seconds": GOAL}
        hi, failures, services, up = min(hi, self.as_of), 0, set(), 0
        for name, (born, spans) in self.services(
            ("service", "alertname") if by == "alertname" else ("service",)
        ).items():
            if by != "none" and not picked(name[-1]):
                continue
            failures += sum(lo <= begin < hi for begin, _ in spans)
            if max(lo, born) < hi:
                services, up = services | {name[0]}, up + hi - max(lo, born)
                up -= sum(max(0, min(end, hi) - max(begin, lo, born)) for begin, end in spans)
        seconds, known = up / 1000, failures and services
        few, many = poisson_bounds(failures) if known else (1, 1)
        return {
            "failures": failures, "services": len(services), "up_seconds": seconds,
            "value_seconds": seconds / failures if known else None,
            "lower_seconds": seconds / many if known else None,
            "upper_seconds": seconds / few if known else None,
            "at_least_seconds": seconds / -math.log(0.05) if services and not failures else None,
            "goal_seconds": GOAL,
        }  # fmt: skip

    def services(self, names: tuple[str, ...]) -> dict[tuple[Any, ...], tuple[int, list[list[int]]]]:
        """Return of each service when it was first seen, and when it failed, one failure where they touch."""
        born: dict[tuple[Any, ...], list[int]] = {}
        spans: dict[tuple[Any, ...], list[list[int]]] = {}
        paged: set[str] = set()
        for event in (
            *self.all("service_seen"),
            *(page for page in self.pages if page["service"] is not None),
        ):
            born.setdefault(tuple(event[name] for name in names), []).append(event["at"])
        for page in self.pages:
            if page["incident"] not in paged and page["service"] is not None:
                begin, (_, end) = self.started(page["incident"]), self.fate(page["incident"])
                spans.setdefault(tuple(page[name] for name in names), []).append([begin, max(begin, end)])
            paged.add(page["incident"])
        return {name: (min(times), self.joined(spans.get(name, []))) for name, times in born.items()}

    @staticmethod
    def joined(spans: list[list[int]]) -> list[list[int]]:
        found: list[list[int]] = []
        for begin, end in sorted(spans):
            if found and begin <= found[-1][1]:
                found[-1][1] = max(found[-1][1], end)
            else:
                found.append([begin, end])
        return found
