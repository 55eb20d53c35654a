"""The operations on persons of the statistics under `/api/v1`: whose each pseudonym is, and to forget a name."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from gateway.inbound.api import statistics_models as models
from gateway.inbound.api.openapi import Operation
from gateway.inbound.api.requests import Refusal, body, caller_of, name_of
from gateway.model.people import Role
from gateway.state.person_names import PersonNames

NAMELESS = "admin token"


@dataclass(frozen=True, slots=True)
class StatisticsPersonsApi:
    names: PersonNames

    def operations(self) -> list[Operation]:
        path = "/api/v1/statistics/persons"
        return [
            Operation(
                "GET",
                path,
                self._list,
                models.PersonsShown,
                "Whose each pseudonym is; that somebody looked is written into the audit trail",
                role=Role.ADMINISTER,
            ),
            Operation(
                "POST",
                f"{path}/forget",
                self._forget,
                models.PersonForgotten,
                "Forget a person's name; the pseudonym stays in the events",
                models.AskedForgetting,
                role=Role.ADMINISTER,
            ),
        ]

    async def _list(self, request: Request) -> models.PersonsShown:
        if not self.names.shown:
            raise Refusal(
                409,
                "the rules let nobody see names",
                "precision",
                "`precision.persons: all` lets them be seen",
            )
        names = await self.names.read(caller_of(request).person or NAMELESS)
        listed = sorted(names.items(), key=lambda item: (item[1], item[0]))
        return models.PersonsShown(
            items=[models.PersonShown(person=person, name=name) for person, name in listed]
        )

    async def _forget(self, request: Request) -> models.PersonForgotten:
        wanted = await body(request, models.AskedForgetting)
        return models.PersonForgotten(
            person=await self.names.forget(wanted.name, name_of(request, wanted.by))
        )
