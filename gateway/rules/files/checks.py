"""What every section is checked for: names that are unique and known, and rules that are reached."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from gateway.model.matchers import Matcher
from gateway.model.rules.destination import Destination, Integration, Interrupts
from gateway.rules.files.findings import Finding, Level, Place, nearest
from gateway.rules.files.raw import Written
from gateway.rules.files.reader import Reference


class Checks:
    """What is wrong goes to `findings`; `used` are the destinations that somebody names."""

    def __init__(self, written: Written, findings: list[Finding]) -> None:
        self._written = written
        self._findings = findings
        self.used: set[str] = set()

    def error(self, place: Place, message: str) -> None:
        self._findings.append(Finding(Level.ERROR, place, message))

    def warn(self, place: Place, message: str) -> None:
        self._findings.append(Finding(Level.WARNING, place, message))

    def unique(self, named: Iterable[tuple[str, Place]], what: str) -> None:
        seen: dict[str, Place] = {}
        for name, place in named:
            if name in seen:
                self.error(place, f"{what} `{name}` stands in {seen[name].file}:{seen[name].line} already")
            seen.setdefault(name, place)

    def known(self, reference: Reference, destinations: Mapping[str, Destination]) -> bool:
        self.used.add(reference.name)
        if reference.name in destinations:
            return True
        self.error(reference.place, f"unknown destination `{reference.name}`{nearest(reference.name, destinations)}")
        return False

    def names(self, references: Iterable[Reference], destinations: Mapping[str, Destination]) -> tuple[str, ...]:
        """Of those that there are."""
        return tuple(dict.fromkeys(one.name for one in references if self.known(one, destinations)))

    def interrupts_nobody(self, *notify: Reference) -> None:
        for reference, via in self._named(notify):
            if via.interrupts is Interrupts.ALWAYS:
                what = f"`{reference.name}` is {via.label}, which always interrupts"
                self.error(reference.place, f"{what}: it belongs into `page`")

    def wakes_somebody(self, *page: Reference) -> None:
        for reference, via in self._named(page):
            if via.interrupts is Interrupts.NEVER:
                what = f"`{reference.name}` is {via.label}, which wakes nobody"
                self.error(reference.place, f"{what}: it belongs into `notify`, or into `fallback` of what pages")

    def _named(self, references: Iterable[Reference]) -> Iterator[tuple[Reference, Integration]]:
        """The references whose destination there is."""
        known = {written.value.name: written.value.via for written in self._written.destinations}
        return ((reference, known[reference.name]) for reference in references if reference.name in known)

    def unreachable(self, siblings: Sequence[tuple[str, Place, tuple[Matcher, ...], bool]], what: str) -> None:
        """An earlier sibling whose matchers are all among a later one's takes everything from it."""
        texts = [frozenset(str(matcher) for matcher in match) for _, _, match, _ in siblings]
        common = Counter(text for one in texts for text in one)
        takers: dict[str, list[int]] = {}
        for at, (name, place, _, go_on) in enumerate(siblings):
            near = [taker for key in ("", *texts[at]) for taker in takers.get(key, ())]
            taker = next((one for one in near if texts[one] <= texts[at]), None)
            if taker is not None:
                other = siblings[taker]
                self.warn(
                    place,
                    f"{what} `{name}` is never reached: `{other[0]}` ({other[1].file}:{other[1].line}) takes everything before it",
                )
            elif not go_on:
                takers.setdefault(min(texts[at], key=lambda text: (common[text], text), default=""), []).append(at)
