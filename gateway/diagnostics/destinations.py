"""Each destination is looked at by its own kind, and needs its credentials; nothing is sent to people."""

from __future__ import annotations

from functools import partial

from gateway.config.environment import Environment
from gateway.diagnostics.diagnosis import Diagnosis, Mark
from gateway.diagnostics.store import remembered_kinds
from gateway.model.rules.rulebook import Rulebook
from gateway.outbound.credentials import IN_LOG_ONLY, UNDELIVERED, kinds_with_credential
from gateway.outbound.kind import DestinationKind, Wiring
from gateway.outbound.registry import kind_of


async def examine_destinations(environment: Environment, rules: Rulebook) -> list[Diagnosis]:
    """Each kind looks at its own destinations; nothing is sent to people."""
    found: list[Diagnosis] = []
    used = kinds_with_credential(rules.destinations.values(), environment.configured, environment.refused)
    paging = _paging(rules)
    if any(destination.kind not in used for destination in rules.destinations.values()):
        used |= await remembered_kinds(environment.settings)
    for name, destination in rules.destinations.items():
        kind = kind_of(destination)
        missing = [
            why
            for variable in destination.credentials
            if (why := environment.why_missing(variable, destination.kind))
        ]
        if missing:
            found.append(
                _without_credential(name, missing, used=destination.kind in used, pages=name in paging)
            )
            continue
        secrets = {
            variable: environment.rule_secret(variable, destination.kind) or ""
            for variable in destination.credentials
        }
        examined = await kind.examine(destination, secrets, wiring(environment, kind))
        found.append(Diagnosis(examined.mark, name, examined.said))
    return found


def _without_credential(name: str, missing: list[str], *, used: bool, pages: bool) -> Diagnosis:
    """Say in the words of the running gateway what comes of it."""
    # Somebody has set this vendor up, here or where the store remembers it from, and
    # left this destination out.
    what = UNDELIVERED if used else IN_LOG_ONLY
    # Whoever wrote it under `page` counts on being woken, and a log wakes nobody.
    nobody = ", which wakes nobody" if pages and not used else ""
    mark = Mark.BAD if used or pages else Mark.WORRY
    return Diagnosis(mark, name, f"{' and '.join(missing)}: {what}{nobody}")


def _paging(rules: Rulebook) -> set[str]:
    """Return the names of the destinations that a rule pages."""
    shifts = (shift.page for route in rules.routes for shift in route.shifts)
    pages = (
        *(route.page for route in rules.routes),
        *shifts,
        *(watchdog.page for watchdog in rules.watchdogs.values()),
    )
    return {name for page in pages for name in page}


def wiring(environment: Environment, kind: DestinationKind) -> Wiring:
    named = environment.settings.network().giving(partial(environment.rule_secret, taker=kind.name))
    return Wiring(environment.settings.value_of(kind.address_setting), named)
