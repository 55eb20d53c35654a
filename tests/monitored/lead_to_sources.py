"""The part of the walk that leads to what sources are held to account for."""

from __future__ import annotations

import asyncio

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from gateway.model.agenda import Subject, SubjectKind
from gateway.model.cells import source_state_cell
from gateway.model.changes import Changes, Query
from gateway.model.durations import MINUTE
from gateway.model.fingerprint import fingerprint
from gateway.model.records import dump, load_source_state
from gateway.model.source_peers import SourceState
from gateway.model.turned_away import TurnedAwayReason
from gateway.model.verdict import Reason
from gateway.sandbox.server import LocalServer
from tests.monitored.lead_to_reasons import COPIES, at
from tests.monitored.signals import Group
from tests.monitored.walk import Walk, clauses_of, items, leads_to
from tests.support.processes import alert

SOURCES = (
    COPIES
    + """
sources:
  - {name: silent, token: {env: HOOK_SILENT}, match: ['cluster="silent"'], group_interval: 1s, repeat_interval: 1s, stale_after: 1s}
  - {name: asked, token: {env: HOOK_ASKED}, match: ['cluster="asked"'], receiver: gateway, alertmanager: [{env: ASKED_URL}, {env: AWAY_URL}, {env: BROKEN_URL}]}
"""
)
FIRES_THERE = {
    "labels": {"alertname": "Lost", "cluster": "asked"},
    "annotations": {},
    "startsAt": "2026-11-23T10:00:00Z",
    "endsAt": "2026-11-23T12:04:00Z",
    "updatedAt": "2026-11-23T12:00:00Z",
    "generatorURL": "",
    "fingerprint": fingerprint({"alertname": "Lost", "cluster": "asked"}),
    "receivers": [{"name": "gateway"}],
    "status": {"state": "active", "silencedBy": [], "inhibitedBy": []},
}


def alertmanager() -> Starlette:
    """The API of an Alertmanager where one alert fires that nobody sent; below `/broken` it answers 500."""
    status = {"uptime": "2026-11-01T10:00:00Z", "versionInfo": {"version": "0.33.0"}}
    groups = [{"labels": {}, "receiver": {"name": "gateway"}, "alerts": [FIRES_THERE]}]

    async def answer(request: Request) -> JSONResponse:
        if request.url.path.startswith("/broken"):
            return JSONResponse({}, 500)
        return JSONResponse(status if request.url.path.endswith("/status") else groups)

    return Starlette(routes=[Route("/{rest:path}", answer)])


@leads_to(
    *items(Group.REASON, Reason.OUTSIDE_SOURCE, Reason.TOO_OLD, Reason.INFERRED, Reason.FOUND_AT_SOURCE),
    *items(Group.SUBJECT, SubjectKind.POLL),
    *items(Group.TURNED_AWAY, TurnedAwayReason.OUTSIDE_SOURCE),
    *clauses_of("outbound/alertmanager_api.py"),
)
async def sources_are_held_to_account(walk: Walk) -> None:
    server = LocalServer()
    async with server.running(alertmanager(), 0):
        tokens = {"HOOK_SILENT": "of-silent", "HOOK_ASKED": "of-asked"}
        urls = {
            "ASKED_URL": server.url,
            "AWAY_URL": "http://127.0.0.1:1",
            "BROKEN_URL": f"{server.url}/broken",
        }
        app = await walk.start(SOURCES, **tokens, **urls)
        app.client.headers["authorization"] = "Bearer of-silent"
        await app.webhook(alert("pay", starts=at("10:00"), cluster="silent"))
        await app.webhook(alert("cart", starts=at("10:00"), cluster="elsewhere"))
        await walk.see(Reason.OUTSIDE_SOURCE)
        (entry,) = (await app.ask("/api/v1/quarantine")).json()["items"]
        wider = SOURCES.replace('cluster="silent"', 'cluster=~"silent|elsewhere"')
        (walk.starter.folder / "rules.yaml").write_text(wider, "utf-8")
        assert await app.gateway.reloader.reload()
        await asyncio.sleep(2)  # by then the source would have repeated what still fires
        await app.shown(f"/api/v1/quarantine/{entry['id']}/replay", "POST")
        await put_on_agenda(walk, Subject.poll("silent"), Subject.poll("asked"))
        await unknown_for_long(walk, "asked")
        await put_on_agenda(walk, Subject.poll("asked"))
        await walk.see()


async def unknown_for_long(walk: Walk, source: str) -> None:
    """Wait until a poll has found what nobody sent, and have it be unknown for so long that no webhook of it is on its way."""
    store, cell = walk.app.gateway.shards.home, source_state_cell(source)
    state = SourceState()
    while not state.unknown:
        row = (await store.gather(Query(cells=(cell,)))).rows[cell]
        state = load_source_state(row.value) if row.value else state
        await asyncio.sleep(0.02)
    long_ago = {copy: since - 10 * MINUTE for copy, since in state.unknown.items()}
    await store.commit(Changes(put={cell: dump(msgspec.structs.replace(state, unknown=long_ago))}))


async def put_on_agenda(walk: Walk, *subjects: Subject) -> None:
    """Have these looked at now: some come by themselves after a minute, others after days."""
    store = walk.app.gateway.shards.home
    await store.commit(Changes(agenda=dict.fromkeys(subjects, (await store.now(), 0))))
