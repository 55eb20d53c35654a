"""Checks that all sections share: names are unique and known, and every rule can be reached."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from gateway.model.matchers import Matcher
from gateway.model.rules.destination import Destination, Integration, Interrupts
from gateway.rules.files.findings import Finding, Level, Place, nearest
from gateway.rules.files.raw import RawRules
from gateway.rules.files.reader import Reference


class Checks:
    """The checks over a raw rule set.

    They add to `findings`; `used` collects the destinations that a rule names.
    """

    def __init__(self, raw: RawRules, findings: list[Finding]) -> None:
        self._raw = raw
        self._findings = findings
        self._looked_at = 0  # findings, none of which is an error
        self.used: set[str] = set()

    def error(self, place: Place, message: str) -> None:
        self._findings.append(Finding(Level.ERROR, place, message))

    def warn(self, place: Place, message: str) -> None:
        self._findings.append(Finding(Level.WARNING, place, message))

    def suspect(self, place: Place, message: str) -> None:
        """Warn of what only a whole set shows.

        After an error a rule is missing here that stands in its file, or has fewer matchers than there: the
        warning would be false, and whoever follows it would change rules that are right.
        """
        if not self._has_error():
            self.warn(place, message)

    def _has_error(self) -> bool:
        # A set may have a warning for each of thousands of rules: each finding is looked at once.
        while self._looked_at < len(self._findings):
            if self._findings[self._looked_at].level is Level.ERROR:
                return True
            self._looked_at += 1
        return False

    def unknown(self, reference: Reference, what: str, known: Iterable[str]) -> None:
        message = f"unknown {what} `{reference.name}`{nearest(reference.name, known)}"
        self._findings.append(Finding(Level.ERROR, reference.place, message, elsewhere=True))

    def unique(self, named: Iterable[tuple[str, Place]], what: str) -> None:
        seen: dict[str, Place] = {}
        for name, place in named:
            # Names are how people find a rule in a message, and how records refer to it.
            if name in seen:
                self.error(place, f"{what} `{name}` stands in {seen[name].file}:{seen[name].line} already")
            seen.setdefault(name, place)

    def known(self, reference: Reference, destinations: Mapping[str, Destination]) -> bool:
        self.used.add(reference.name)
        # A destination that does not exist would be told of nothing: this refuses the whole rule set.
        if reference.name in destinations:
            return True
        # It stands there, and what is wrong with it is said at its place.
        if reference.name in self._raw.faulty_destinations:
            return False
        self.unknown(reference, "destination", destinations)
        return False

    def names(
        self, references: Iterable[Reference], destinations: Mapping[str, Destination]
    ) -> tuple[str, ...]:
        """Return the names of the references that exist; the others are errors."""
        return tuple(
            dict.fromkeys(reference.name for reference in references if self.known(reference, destinations))
        )

    def interrupts_nobody(self, *notify: Reference) -> None:
        for reference, via in self._named(notify):
            # It calls somebody for whatever it is sent, so `page_when` and mutes of pages have to apply to
            # it.
            if via.interrupts is Interrupts.ALWAYS:
                what = f"`{reference.name}` is {via.label}, which always interrupts"
                self.error(reference.place, f"{what}: it belongs into `page`")

    def shows_digest(self, *to: Reference) -> None:
        for reference, via in self._named(to):
            if not via.shows_digest and via.interrupts is not Interrupts.ALWAYS:
                what = f"`{reference.name}` is {via.label}, which shows no digest"
                self.error(reference.place, f"{what}: name a {{slack: …}} destination")

    def wakes_somebody(self, *page: Reference) -> None:
        for reference, via in self._named(page):
            # The writer of the rule counts on somebody being woken; this kind of destination wakes nobody.
            if via.interrupts is Interrupts.NEVER:
                what = f"`{reference.name}` is {via.label}, which wakes nobody"
                self.error(
                    reference.place, f"{what}: it belongs into `notify`, or into `fallback` of what pages"
                )

    def _named(self, references: Iterable[Reference]) -> Iterator[tuple[Reference, Integration]]:
        """Return the references whose destination exists, with that destination's integration."""
        via = self._via
        return ((reference, via[reference.name]) for reference in references if reference.name in via)

    @cached_property
    def _via(self) -> dict[str, Integration]:
        return {raw.value.name: raw.value.via for raw in self._raw.destinations}

    def unreachable(
        self, siblings: Sequence[tuple[str, Place, tuple[Matcher, ...], bool]], what: str
    ) -> None:
        """Warn of each sibling that is never reached: all matchers of an earlier one are among its own.

        Siblings are (name, place, matchers, goes on), in their order. A candidate is looked up under its
        rarest matcher, so that a set of thousands of rules does not compare each with each.
        """
        # As plain values, which are compared much faster than matchers are.
        own = [
            frozenset((matcher.name, matcher.op.value, matcher.value) for matcher in match)
            for _, _, match, _ in siblings
        ]
        common = Counter(plain for matchers in own for plain in matchers)
        takers: dict[object, list[int]] = {}
        for at, (name, place, _, go_on) in enumerate(siblings):
            near = [taker for key in (None, *own[at]) for taker in takers.get(key, ())]
            # The first match wins, so whoever wrote the later rule for special alerts will never see it
            # apply.
            taker = next((earlier for earlier in near if own[earlier] <= own[at]), None)
            if taker is not None:
                other = siblings[taker]
                self.suspect(
                    place,
                    f"{what} `{name}` is never reached: "
                    f"`{other[0]}` ({other[1].file}:{other[1].line}) takes everything before it",
                )
            elif not go_on:
                rarest = min(own[at], key=lambda plain: (common[plain], plain), default=None)
                takers.setdefault(rarest, []).append(at)
