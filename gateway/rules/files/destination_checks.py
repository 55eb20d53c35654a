"""Check the destinations of a whole set: their names, their fallbacks, and whether a rule names each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.model.rules.destination import Destination
from gateway.rules.files.checks import Checks
from gateway.rules.files.raw import RawDestination


def checked_destinations(checks: Checks, listed: Sequence[RawDestination]) -> dict[str, Destination]:
    """Return the destinations by name, and add to the findings what is wrong with them."""
    checks.unique(((destination.value.name, destination.place) for destination in listed), "destination")
    found = {destination.value.name: destination.value for destination in listed}
    for destination in listed:
        for reference in destination.fallback:
            checks.known(reference, found)
        # In a circle that cannot be reached as a whole, nobody would be told and nothing would say so.
        if destination.value.name in _reached(destination.value.name, found):
            checks.error(destination.place, f"the fallbacks of `{destination.value.name}` lead back to it")
    channels: dict[object, str] = {}
    for destination in listed:
        # A team that is new, or misspelt, has alerts before anybody has extended `allow`.
        if destination.value.via.template and not destination.value.fallback:
            checks.warn(
                destination.place,
                f"`{destination.value.name}` has no `fallback`:"
                " an alert whose value is not in `allow` is told to nobody there",
            )
        # Each destination has a message of its own: in one channel, people would read everything twice.
        other = channels.setdefault(_channel(destination.value), destination.value.name)
        if other != destination.value.name:
            checks.warn(
                destination.place,
                f"`{destination.value.name}` and `{other}` are the same place: whoever "
                "looks there is told twice",
            )
    return found


def warn_of_unused(checks: Checks, listed: Sequence[RawDestination]) -> None:
    """Warn of each destination that no rule has named by now: somebody may believe that it is told."""
    named = {raw.value.name: raw.place for raw in listed}
    for name, place in named.items():
        if name not in checks.used:
            checks.suspect(place, f"destination `{name}` is used by no route")


def _channel(destination: Destination) -> object:
    """Return what two destinations have in common if they notify the same place."""
    return destination.kind, destination.via.place


def _reached(name: str, destinations: Mapping[str, Destination]) -> set[str]:
    """Return the names of all fallbacks of a destination, and of their fallbacks in turn."""
    found: set[str] = set()
    waiting = list(destinations[name].fallback)
    while waiting:
        fallback = waiting.pop()
        if fallback not in found and fallback in destinations:
            found.add(fallback)
            waiting += destinations[fallback].fallback
    return found
