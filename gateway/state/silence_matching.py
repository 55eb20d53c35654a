"""Match alerts with the silences without holding up the loop, however costly their patterns are.

What was matched is remembered, so that decisions, which ask on the loop, find the answers at hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from gateway.decisions.controls import CompiledControls
from gateway.model.alert import Alert
from gateway.state.aside import Aside

# New silences are compiled beside what is matched: every plan waits for them, also while costly patterns
# are matched for others.
COMPILING = Aside("compile silences", 1)
MATCHING = Aside("match silences", 2)


async def match_aside(controls: CompiledControls, alerts: Sequence[Alert]) -> bool:
    """Match the alerts with the silences, aside where that may take long.

    Return True where it was done aside: what the caller has read before may be old by then.
    """
    if controls.quick(alerts):
        return False
    if not controls.compiled:
        await COMPILING.run(controls.compile)
    if not controls.quick(alerts):
        await MATCHING.run(partial(_match, controls, alerts))
    return True


def _match(controls: CompiledControls, alerts: Sequence[Alert]) -> None:
    for alert in alerts:
        controls.matching(alert)
