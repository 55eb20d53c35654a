"""Whom calls reached, by their own clocks, in their shifts; and what of it may be shown to whom."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, available_timezones

from tests.oracles.blocks import Blocks
from tests.oracles.reading import Json, duration, order

ON_CALL = ("on_call_seconds", "calls_per_12h")
OF_CALLS = ("night", "weekend", "by_hour", "over_budget", "basis")
FOUR = 4  # persons at least are in a sum that a team sees


def clock_of(pair: Json) -> datetime:
    """Return the time of a call where the one called lives, in UTC if that is no zone."""
    zone = ZoneInfo(pair["zone"]) if pair["zone"] in available_timezones() else UTC
    return datetime.fromtimestamp(pair["called_at"] / 1000, zone)


class Load(Blocks):
    def load(self, pairs: list[Json], whose: Callable[[str], bool], lo: int, hi: int) -> Json:
        per, pages = duration(self.rules["budget"]["per"]), self.rules["budget"]["pages"]
        budget = {"pages": pages, "per_seconds": per / 1000}
        shown = self.shown()
        if shown != "shown":
            return {**dict.fromkeys((*OF_CALLS, *ON_CALL)), "budget": budget, "persons": shown}
        seen = {
            person
            for person in self.everybody()
            if (whose(person) and self.persons != "self") or person == self.me
        }
        pairs = [pair for pair in pairs if pair["person"] in seen]
        clocks = [clock_of(pair) for pair in pairs]
        on_call = {person: self.on_call(person, lo, hi) for person in seen if whose(person)}
        inside = sum(self.is_on_call(pair["person"], pair["of"]["at"]) for pair in pairs)
        bases, seconds = {pair["basis"] for pair in pairs}, sum(on_call.values()) / 1000
        return {
            "night": sum(not 7 <= clock.hour < 22 for clock in clocks),
            "weekend": sum(clock.weekday() > 4 for clock in clocks),
            "by_hour": [sum(clock.hour == hour for clock in clocks) for hour in range(24)],
            "on_call_seconds": seconds or None,
            "calls_per_12h": inside / seconds * 43_200 if seconds else None,
            "over_budget": sum(self.called_before(pair, per) > pages for pair in pairs),
            "budget": budget, "persons": "shown",
            "basis": None if not bases else "notified" if bases == {"notified"} else "assigned",
            "called": len({pair["person"] for pair in pairs}), "working": sum(map(bool, on_call.values())),
        }  # fmt: skip

    @property
    def me(self) -> str | None:
        return self.viewer.get("person")

    def shown(self) -> str:
        if self.rules["persons"] == "off":
            return "off"
        if not self.all("person_called", "on_call"):
            return "unavailable"
        return "off" if self.persons == "self" and self.me is None else "shown"

    def everybody(self) -> set[str]:
        return {event["person"] for event in self.all("person_called", "on_call")}

    def shifts(self, person: str) -> list[Json]:
        return [shift for shift in self.all("on_call") if shift["level"] == 1 and shift["person"] == person]

    def is_on_call(self, person: str, at: int) -> bool:
        return any(shift["from"] <= at < shift["until"] for shift in self.shifts(person))

    def on_call(self, person: str, lo: int, hi: int) -> int:
        """Return how long a person was on call, in ms, overlapping shifts once."""
        spans = self.joined([[shift["from"], shift["until"]] for shift in self.shifts(person)])
        return sum(max(0, min(end, hi, self.as_of) - max(begin, lo)) for begin, end in spans)

    def called_before(self, pair: Json, per: int) -> int:
        """Return how many calls of the person lie in the time of the budget, up to this call and with it."""
        call, calls = pair["of"], [p["of"] for p in self.pairs if p["person"] == pair["person"]]
        return sum(order(one) <= order(call) and one["at"] > call["at"] - per for one in calls)

    def hide(self, rows: list[Json], total: Json) -> None:
        """Hide sums of fewer than four persons; where that is one row, also the next smallest."""
        for counted, fields in (("called", (*OF_CALLS, *ON_CALL)), ("working", ON_CALL)):
            few = [
                load
                for load in rows
                if load[counted] < FOUR or (counted == "working" and load["night"] is None)
            ]
            if len(few) == 1:
                few += sorted((load for load in rows if load not in few), key=lambda load: load[counted])[:1]
            for load in [*few, *([total] if total[counted] < FOUR else [])]:
                load.update(dict.fromkeys(fields))
