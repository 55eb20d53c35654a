"""The protocols through which the core uses the store, vendors, secrets and telemetry."""

from gateway.ports.process import Intake, Report, Secrets, Watcher
from gateway.ports.store import Archive, Log, Room, State, Store
from gateway.ports.vendors import Notifier, Peers, Trail

__all__ = [
    "Archive",
    "Intake",
    "Log",
    "Notifier",
    "Peers",
    "Report",
    "Room",
    "Secrets",
    "State",
    "Store",
    "Trail",
    "Watcher",
]
