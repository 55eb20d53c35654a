"""Every kind of trouble, in the order in which they are played and stand in the scorecard."""

from __future__ import annotations

from tests.chaos import clocks, kills, stores, storms, vendors
from tests.chaos.kind import Kind

KINDS: dict[str, Kind] = {
    kind.name: kind for room in (kills, clocks, vendors, storms, stores) for kind in room.KINDS
}
