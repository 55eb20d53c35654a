"""The models of the statistics in the REST API. The report's shape is `docs/statistics.md`'s."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal, Self

from pydantic import Field, RootModel

from gateway.inbound.api.incident_models import Asked, Shown
from gateway.inbound.api.typed_texts import By, Line
from gateway.model.statistics.events import NoiseReason, Page


class ReportShown(RootModel[dict[str, Any]]):
    """All figures of a window, by key and bucket."""


class EventLine(RootModel[dict[str, Any]]):
    """One event; the answer has one on each line."""


class UnlabelledPage(Shown):
    """A page that is to be judged: what it was of, and where and when people were paged."""

    id: str
    incident: str
    target: str
    at: datetime
    severity: str | None
    alertname: str | None
    thing: str | None

    @classmethod
    def of(cls, page: Page) -> Self:
        at = datetime.fromtimestamp(page.at / 1000, UTC)
        return cls(
            id=page.id,
            incident=page.incident,
            target=page.target,
            at=at,
            severity=page.severity,
            alertname=page.alertname,
            thing=page.thing,
        )


class UnlabelledShown(Shown):
    items: list[UnlabelledPage]


class AskedLabel(Asked):
    """`incident` labels its newest page at each target; `pages` names them."""

    by: By | None = None
    incident: Line | None = None
    pages: list[Line] = Field(default=[], max_length=100)
    value: Literal["actionable", "noise"]
    reason: NoiseReason | None = Field(default=None, description="why it was noise")


class AskedWithdrawal(Asked):
    by: By | None = None
    label: Line


class LabelShown(Shown):
    label: str = Field(description="the id of the label, by which it is taken back")
    pages: list[str]
    value: str


class PersonShown(Shown):
    person: str = Field(description="the pseudonym by which the person stands in events and rows")
    name: str


class PersonsShown(Shown):
    items: list[PersonShown]


class AskedForgetting(Asked):
    by: By | None = None
    name: Line = Field(description="the name of whoever is to be forgotten")


class PersonForgotten(Shown):
    person: str = Field(description="the pseudonym, which stays until the events are compacted")
