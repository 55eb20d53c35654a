"""What the events of statistics say, read from lines of JSON: labels, misses, ends, and who was called."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

Json = dict[str, Any]
DAY = 86_400_000  # ms
IMPLIED = ("pagerduty_human", "slack_ack_note", "self_resolved")  # the highest trust first
WORDS = {
    "person": "human_label",
    "pagerduty_human": "pagerduty_human_ack_and_resolve",
    "slack_ack_note": "slack_ack_and_note",
}
UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": DAY}
DEFAULTS = {
    "target": 0.95, "budget": {"pages": 2, "per": "12h"}, "cutoff": "14d", "miss_within": "2h",
    "persons": "self", "actionable": [*WORDS.values()], "noise": ["human_label", {}],
}  # fmt: skip


def duration(text: str) -> int:
    return sum(int(count) * UNITS[unit] for count, unit in re.findall(r"(\d+)(ms|[smhd])", text))


def order(event: Json) -> tuple[int, str]:
    return event["at"], event["id"]


class Reading:
    """The events up to `as_of`, as the settings in force then and the request say to read them."""

    def __init__(self, lines: Iterable[str], asking: Json) -> None:
        read: dict[str, Json] = {}
        for event in map(json.loads, lines):
            if event["at"] <= asking["as_of"]:
                read.setdefault(event["id"], event)
        self.asking, self.as_of = asking, asking["as_of"]
        self.by_kind: dict[str, list[Json]] = {}
        self.by_incident: dict[str, list[Json]] = {}
        for event in sorted(read.values(), key=order):
            self.by_kind.setdefault(event["kind"], []).append(event)
            self.by_incident.setdefault(event.get("incident"), []).append(event)
        self.zone, self.by, self.bucket = (
            ZoneInfo(asking.get("tz", "UTC")),
            asking.get("by", "none"),
            asking.get("bucket", "none"),
        )
        rules = self.all("rules")[-1:]
        self.revision = rules[0]["revision"] if rules else None
        self.rules = {**DEFAULTS, **(rules[0]["precision"] if rules else {})}
        cutoff = asking.get("cutoff")
        self.cutoff = duration(self.rules["cutoff"]) if cutoff is None else cutoff
        self.miss_within = duration(self.rules["miss_within"])
        self.sample = asking.get("sample", 0.1)
        every_page = {page["id"]: page for page in self.all("page")}
        self.pages = [page for page in every_page.values() if not page["own"]]
        self.calls = [{**call, "of": every_page[call["page"]]} for call in self.all("call")]
        self.pairs = self._pairs()
        self.given = {
            page["id"]: self._labels(page["at"], lambda label, p=page["id"]: p in label["pages"])
            for page in self.pages
        }
        self.misses = self._misses()
        self.persons, self.viewer = self.rules["persons"], asking.get("viewer", {})

    def all(self, *kinds: str) -> list[Json]:
        return [event for kind in kinds for event in self.by_kind.get(kind, ())]

    def _labels(self, since: int, about: Callable[[Json], bool]) -> Json:
        """Return what is said of what began then: of each person and implied trust the newest label."""
        labels = [label for label in self.all("label") if about(label) and self.obeyed(label)]
        given = {label["id"] for label in labels}
        back = {w["label"]: w for w in reversed(self.all("label_withdrawn")) if w["label"] in given}.values()
        on_time = [label for label in labels if label["at"] - since <= self.cutoff]
        taken = {w["label"] for w in back if w["at"] - since <= self.cutoff}
        newest = {
            (label["trust"], label["by"] if label["trust"] == "person" else None): label for label in on_time
        }
        counted = [label for label in newest.values() if label["id"] not in taken]
        persons = [label for label in counted if label["trust"] == "person"]
        implied = [label for trust in IMPLIED for label in counted if label["trust"] == trust]
        person = max(persons, key=order, default=None)
        return {
            "in_force": person or (implied or [None])[0], "person": person, "implied": (implied or [None])[0],
            "counted": counted, "persons": persons,
            "withdrawn": any(label["id"] in taken for label in on_time),
            "late": len(on_time) < len(labels) or any(w["at"] - since > self.cutoff for w in back),
        }  # fmt: skip

    def obeyed(self, label: Json) -> bool:
        """Return whether the rules count labels of this kind; what a person says was missed always counts."""
        trust, noise = label["trust"], self.rules["noise"]
        if label["value"] == "noise":
            return (
                "human_label" in noise if trust == "person" else any(isinstance(word, dict) for word in noise)
            )
        return label["value"] == "missed" or WORDS[trust] in self.rules["actionable"]

    def value(self, page: Json, whose: str = "in_force") -> str | None:
        label = self.given[page["id"]][whose]
        return label and label["value"]

    def _misses(self) -> dict[str, list[Json]]:
        """Return the causes of each spell that is a miss: each cause at the earliest spell it fits."""
        spells = sorted(
            (s for s in self.all("quiet_spell") if s["exempt"] is None), key=lambda s: (s["from"], s["id"])
        )
        found: dict[str, list[Json]] = {}
        causes = [p for p in self.pages if self.value(p) == "actionable"]
        causes += [*self.all("label"), *(a for a in self.all("acknowledged") if a["human"])]
        for cause in causes:
            for spell in spells:
                if self._fits(cause, spell):
                    found.setdefault(spell["id"], []).append(cause)
                    break
        return found

    def _fits(self, cause: Json, spell: Json) -> bool:
        if cause["kind"] == "page":
            return self.same(spell, cause) and 0 < cause["at"] - spell["from"] <= self.miss_within
        if cause["kind"] == "acknowledged":
            return (
                spell["episode"] in cause["episodes"]
                and 0 < cause["said_at"] - spell["from"] <= self.miss_within
            )
        if (
            cause.get("episode") != spell["episode"]
            or cause["at"] < spell["from"]
            or cause["value"] not in ("missed", "actionable")
        ):
            return False
        return (
            cause
            in self._labels(spell["from"], lambda label: label.get("episode") == spell["episode"])["persons"]
        )

    @staticmethod
    def same(spell: Json, page: Json) -> bool:
        entity = spell["entity"]
        alike = all(entity[name] == page[name] for name in ("partition", "scope", "service"))
        return alike and (
            entity["thing"] is None or page["thing"] is None or entity["thing"] == page["thing"]
        )

    def started(self, incident: str) -> int:
        return min(event["started_at"] for event in self.by_incident[incident] if "started_at" in event)

    def fate(self, incident: str) -> tuple[str, int]:
        """Return how an incident ended, and when; or why it is no longer followed, and since when."""
        mine = self.by_incident[incident]
        end = next((e for e in reversed(mine) if e["kind"] == "incident_end"), None)
        closings = [e["said_at"] for e in mine if e["kind"] == "closed"]
        by_hand = [e for e in mine if e["kind"] in ("closed", "reopened") or e.get("how") == "by_hand"]
        if end and end["how"] == "observed":
            return "ended", end["ended_at"]
        if end and end["how"] in ("inferred", "not_recovered"):
            return ("inferred" if end["how"] == "inferred" else "open"), end["last_seen_at"]
        if by_hand and by_hand[-1]["kind"] != "reopened":
            return "by_hand", closings[-1]
        return "open", self.as_of

    def _pairs(self) -> list[Json]:
        calls, found = {call["id"]: call for call in self.calls}, {}
        for basis in ("notified", "assigned"):
            for event in self.all("person_called"):
                if event["basis"] == basis and event["call"] in calls:
                    call = calls[event["call"]]
                    found.setdefault(
                        (event["call"], event["person"]), {**event, "of": call, "called_at": call["at"]}
                    )
        return list(found.values())

    def local(self, at: int) -> datetime:
        return datetime.fromtimestamp(at / 1000, self.zone)

    @staticmethod
    def moment(event: Json) -> int:
        """Return when a page, call or quiet spell counts; whoever is called counts with the call."""
        return event["from"] if event["kind"] == "quiet_spell" else event.get("called_at", event["at"])

    def keys(self, event: Json) -> list[Any]:
        """Return its keys: a page's or spell's own, those of its page for a call and whoever it called."""
        if self.by == "none":
            return [None]
        if self.by == "hour":
            return [f"{self.local(self.moment(event)).hour:02}"]
        if self.by == "person":
            if event["kind"] == "person_called":
                return [event["person"]]
            return sorted(
                {p["person"] for p in self.pairs if event["id"] in (p["call"], p["of"]["page"])}
            ) or [None]
        about = event
        while "of" in about:
            about = about["of"]
        if self.by == "correlate_rule":
            return [about["correlate_rule"] and about["correlate_rule"]["name"]]
        return [about["entity"]["service"] if self.by == "service" and "entity" in about else about[self.by]]
