"""The operations of the statistics under `/api/v1`: the report, the events that it is made of, and labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_args

import msgspec
from pydantic import RootModel
from starlette.requests import Request
from starlette.responses import Response

from gateway.actions.incident_ids import IncidentIds
from gateway.actions.labels import LabelActions
from gateway.actions.statistics_reports import StatisticsReports
from gateway.clock import utc_ms
from gateway.decisions.statistics.flatten import to_csv
from gateway.decisions.statistics.unlabelled import drawn_unlabelled
from gateway.inbound.api import statistics_models as models
from gateway.inbound.api.openapi import LINES, Operation
from gateway.inbound.api.requests import (
    Refusal,
    accepted,
    actor_of,
    body,
    caller_of,
    choice,
    given,
    length_of,
    limit_of,
    moment_given,
)
from gateway.inbound.api.statistics_queries import EVENTS_QUERY, FORMATS, QUERY, cursor_in, share_in
from gateway.model.people import Role, slack_ids
from gateway.model.statistics.events import to_line
from gateway.model.statistics.request import (
    BadRequest,
    Bucket,
    By,
    StatisticsRequest,
    Viewer,
    asked,
)
from gateway.state.persons import Persons
from gateway.state.shards import Shards
from gateway.state.statistics import read_events

CSV = "text/csv"


@dataclass(frozen=True, slots=True)
class StatisticsApi:
    """`persons` knows what stands for a person, and `mark` makes the
    seed of the draws. `keep` is for how long events are kept (ms).
    """

    shards: Shards
    labels: LabelActions
    persons: Persons
    mark: Callable[[str], str]
    keep: int
    ids: IncidentIds

    def operations(self) -> list[Operation]:
        path = "/api/v1/statistics"
        return [
            Operation(
                "GET", path, self._report, models.ReportShown, "All figures of a window", query=QUERY, written=(CSV,)
            ),
            Operation(
                "GET",
                f"{path}/events",
                self._events,
                models.EventLine,
                "The events that all figures are made of, a line of JSON each",
                query=EVENTS_QUERY,
                role=Role.ADMINISTER,
                lines=True,
            ),
            Operation(
                "GET",
                f"{path}/unlabelled",
                self._unlabelled,
                models.UnlabelledShown,
                "The pages of the sample that no person has labelled, the oldest first",
                query={"sample": QUERY["sample"]},
                role=Role.ACT,
            ),
            Operation(
                "POST", f"{path}/labels", self._label, models.LabelShown, "Say whether a page was worth it",
                models.AskedLabel,
            ),
            Operation(
                "POST", f"{path}/labels/withdraw", self._withdraw, models.LabelShown, "Take a label back",
                models.AskedWithdrawal,
            ),
        ]  # fmt: skip

    async def _report(self, request: Request) -> RootModel[dict[str, Any]] | Response:
        wanted, written = await self._asked(request), choice(request, "format", FORMATS)
        found = await StatisticsReports(self.shards, self.mark, self.keep).make(wanted)
        if written == "csv":
            return Response(to_csv(found), media_type=CSV)
        return models.ReportShown(msgspec.to_builtins(found))

    async def _events(self, request: Request) -> Response:
        start, end = moment_given(request, "from") or 0, moment_given(request, "to")
        after = cursor_in(request)
        kind = given(request, "kind")
        limit = limit_of(request) if given(request, "limit") is not None else None
        lines: list[bytes] = []
        for event in await read_events(self.shards):
            if event.at < start or (end is not None and event.at >= end) or (event.at, event.id) <= after:
                continue
            if kind is None or event.__struct_config__.tag == kind:
                lines.append(to_line(event))
            if len(lines) == limit:
                break
        return Response(b"".join(lines), media_type=LINES)

    async def _unlabelled(self, request: Request) -> models.UnlabelledShown:
        pages = drawn_unlabelled(await read_events(self.shards), share_in(request))
        return models.UnlabelledShown(items=[models.UnlabelledPage.of(page) for page in pages])

    async def _label(self, request: Request) -> models.LabelShown:
        wanted = await body(request, models.AskedLabel)
        actor = actor_of(request, wanted.by)
        if bool(wanted.incident) == bool(wanted.pages):
            raise Refusal(409, "what is labelled?", "incident", "give `incident`, or the ids of `pages`")
        if wanted.reason is not None and wanted.value != "noise":
            raise Refusal(409, "a reason says why a page was noise", "reason", "leave it out, or say `noise`")
        incident = accepted(await self.ids.meant(wanted.incident or ""))
        found = await self.labels.give(incident, tuple(wanted.pages), wanted.value, wanted.reason, actor)
        if isinstance(found, str):
            raise Refusal(404, found, "incident" if wanted.incident else "pages")
        return models.LabelShown(label=found.id, pages=list(found.pages), value=found.value)

    async def _withdraw(self, request: Request) -> models.LabelShown:
        wanted = await body(request, models.AskedWithdrawal)
        found = await self.labels.withdraw(wanted.label, actor_of(request, wanted.by))
        if isinstance(found, str):
            raise Refusal(404, found, "label")
        return models.LabelShown(label=found.id, pages=list(found.pages), value=found.value)

    async def _asked(self, request: Request) -> StatisticsRequest:
        caller = caller_of(request)
        person = None
        if caller.is_person:
            person = await self.persons.pseudonym(caller.person, slack_ids(caller.slack))
        cutoff = given(request, "cutoff")
        try:
            return asked(
                utc_ms(),
                from_=moment_given(request, "from"),
                to=moment_given(request, "to"),
                as_of=moment_given(request, "as_of"),
                tz=given(request, "tz") or "UTC",
                by=choice(request, "by", get_args(By)),
                bucket=choice(request, "bucket", get_args(Bucket)),
                cutoff=length_of(cutoff) if cutoff is not None else None,
                sample=share_in(request),
                viewer=Viewer(person, caller.role is Role.ADMINISTER),
            )
        except BadRequest as error:
            raise Refusal(409, str(error)) from None
