"""The quarantine keeps what could not be taken as an alert, so that it can be listed and replayed."""

from __future__ import annotations

import msgspec

from gateway.model.verdict import Reason

MAX_RAW = 64 * 1024  # bytes of an entry that are kept


class Quarantined(msgspec.Struct, frozen=True, gc=False):
    """One alert, or one whole body (`whole`), in quarantine. `field` is the JSON path of the fault."""

    source: str
    field: str
    error: str
    raw: bytes  # at most MAX_RAW bytes of it
    whole: bool = False
    reason: Reason = Reason.MALFORMED
    event: bool = False  # it came from Alertmanager's event recorder, not by a webhook

    @property
    def fault(self) -> str:
        return f"{self.field}: {self.error}" if self.field else self.error
