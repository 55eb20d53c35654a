"""A whole gateway on a real Redis, whose people act in the local Slack, in the local PagerDuty and by the API, all
over HTTP, while any of the three is slow or away for a while.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import TypeVar

import httpx
import msgspec

from gateway.clock import utc_now
from gateway.errors import StateUnavailable
from gateway.model.cells import PAGERDUTY_READER
from gateway.model.changes import Cell, Changes, Query, Result, Table
from gateway.model.incident import Incident
from gateway.model.ledger import Ledger, NotifiedState
from gateway.model.records import load_incident, load_ledger
from gateway.model.vendor_view import load_reader_state
from gateway.sandbox import Fault, FaultKind, PagerDutySandbox, SlackSandbox
from gateway.sandbox.pagerduty import Incident as Paged
from gateway.sandbox.pagerduty.acts import OFFERED
from gateway.sandbox.pagerduty.subscriptions import DEFAULT_SECRET as PAGERDUTY_SECRET
from gateway.sandbox.server import LocalServer
from gateway.sandbox.slack import Message
from gateway.sandbox.slack.app import DEFAULT_SECRET as SLACK_SECRET
from gateway.state.paging import pages
from gateway.state.transact import transact
from tests.support.pagerduty_reading import Reading, reader_over
from tests.support.processes import alert
from tests.support.replicated import Server
from tests.support.running_gateway import Running, Starter

PATIENCE = 90.0  # for whatever has to come about; a lease that nobody gives back lasts 20 s
POLL = 0.1
SOON_MS = 3_000  # longer than a vendor asks to be left alone
STILL_POLLS = 8  # in a row without a call, after which nothing more is said
MODAL_PATIENCE = 5.0  # a modal that could not be filled is closed
AWAY = {"slow": 0.4, "away": 2.5}  # seconds: the door of Slack waits for 2
SLOW = Fault(FaultKind.RATE_LIMIT, retry_after=1, count=2)
TROUBLES = {
    "slack slow": msgspec.structs.replace(SLOW, method="chat.update"),
    "slack away": Fault(FaultKind.STATUS, method="chat.update", count=2),
    "slack cut": Fault(FaultKind.CUT_AFTER, method="chat.update", count=1),
    "pagerduty slow": msgspec.structs.replace(SLOW, method="enqueue"),
    "pagerduty away": Fault(FaultKind.STATUS, method="enqueue", count=2),
    "pagerduty cut": Fault(FaultKind.CUT_AFTER, method="enqueue", count=1),
}
PAIRS = (
    ("acknowledge", "unacknowledge"), ("snooze", "unsnooze"), ("silence", "end_silence"),
    ("acknowledged", "unacknowledged"), ("resolved", "reopened"),
)  # fmt: skip
INSTEAD = dict(PAIRS) | {two: one for one, two in PAIRS}  # what is offered where the other is not
LENGTH = "4h"  # of a silence and of a snooze
FATES = {
    "lost": Fault(FaultKind.LOST, method="webhook", count=1),
    "twice": Fault(FaultKind.TWICE, method="webhook", seconds=2.5, count=1),
    "overtaken": Fault(FaultKind.OVERTAKEN, method="webhook", seconds=2.5, count=1),
}


@dataclass
class RealWays:
    """One incident of a gateway that has several, with its people. `service` is that of its one alert."""

    app: Running
    store: Server
    reading: Reading
    service: str
    starts: str = field(default_factory=lambda: utc_now().isoformat())
    id: str = ""

    async def begin(self) -> None:
        assert (await self.app.webhook(alert(self.service, starts=self.starts))).status_code == 200
        # A trigger that brings the link while somebody resolves the page would open another.
        await self.until(self._is_paged)
        self.id = self._paged[0].dedup_key.partition(".")[0]
        await self.until(self.is_settled)

    @property
    def _paged(self) -> list[Paged]:
        return [one for one in self.app.pagerduty.incidents if self.service in one.title]

    async def _is_paged(self) -> bool:
        log = [entry for one in self._paged for entry in one.log]
        return any("'slack'" in str(entry.event) for entry in log if entry.kind == "trigger")

    @property
    def pages(self) -> list[Paged]:
        """The pages of this incident, the newest last."""
        return [one for one in self._paged if one.dedup_key.startswith(f"{self.id}.")]

    @property
    def message(self) -> Message:
        (found,) = (one for one in self.app.slack.messages("alerts") if one.thread_ts is None and self.service in one.text)  # fmt: skip
        return found

    async def until(self, condition: Callable[[], Awaitable[bool]]) -> None:
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while not await condition():
            assert asyncio.get_running_loop().time() < deadline, f"it did not happen in time: {condition}"
            await asyncio.sleep(POLL)

    async def incident(self) -> Incident:
        cell = Cell(Table.INCIDENTS, self.id)
        row = (await self.app.gateway.shards.home.gather(Query(cells=(cell,)))).rows[cell]
        return load_incident(row.value)

    async def ledgers(self) -> list[Ledger]:
        found = []
        async for rows in pages(self.app.gateway.shards, Table.LEDGERS, f"{self.id}|*"):
            found += [load_ledger(row.value) for row in rows.values()]
        return found

    async def silences(self) -> list[str]:
        """The ids of the silences that cover it now."""
        answer = await self.app.ask("/api/v1/silences")
        if answer.status_code != httpx.codes.OK:
            raise StateUnavailable(answer.text)
        held = answer.json()["items"]
        return [one["id"] for one in held if f'service="{self.service}"' in one["matchers"]]

    async def quiet(self, incident: Incident) -> bool:
        """Return whether a person has it, or keeps it from calling anybody."""
        kept = incident.acknowledged or incident.snoozed or incident.closed
        return kept is not None or bool(await self.silences())

    async def disagreement(self) -> str:
        """Say who has not heard of the newest state, empty where everybody agrees."""
        incident, there = await self.incident(), [one for one in self.pages if one.open]
        told = [one.last_notified for one in await self.ledgers() if one.target == "chat"]
        if incident.closed is not None:
            if any(one.state is not NotifiedState.CLOSED for one in told):
                return "the message does not say that it is closed"
            return "it is closed here and open there" if there else ""
        if len(there) != 1:
            return f"it is open here, and there are {len(there)} open pages"
        if (there[0].status == "acknowledged") is not await self.quiet(incident):
            return f"the page is {there[0].status}"
        by = incident.acknowledged.by if incident.acknowledged is not None else ""
        # What is reopened under a silence is told to nobody before that ends.
        if any(one.state is NotifiedState.FIRING and one.acknowledged_by != by for one in told):
            return "the message says that somebody else has it"
        return ""

    async def is_settled(self) -> bool:
        """Return whether everybody agrees, nothing is under way, and for a while nothing is sent."""
        if await self.disagreement() or await self._is_due():
            return False
        calls = self._calls
        for _ in range(STILL_POLLS):
            await asyncio.sleep(POLL)
            if self._calls != calls:
                return False
        return not await self._is_due() and not await self.disagreement()

    async def _is_due(self) -> bool:
        """Return whether something of it is under way, or due as soon as a vendor takes it again."""
        if any(one.intent is not None or one.pending_notes for one in await self.ledgers()):
            return True
        now = await self.app.gateway.shards.home.now()
        agenda = await asyncio.to_thread(
            self.store.ask, "ZRANGEBYSCORE", "{gw:0}:agenda", "-inf", str(now + SOON_MS)
        )
        return self.id in agenda

    @property
    def _calls(self) -> int:
        return len(self.app.slack.calls) + sum(1 for one in self.app.pagerduty.calls if "enqueue" in one.methods)  # fmt: skip

    async def are_brought(self) -> bool:
        """Return whether every webhook has arrived that is not lost."""
        return not self.app.pagerduty.webhooks.under_way

    async def settle(self) -> None:
        """Read PagerDuty, as it is once a minute, until everybody agrees."""

        async def agreed() -> bool:
            await self.look()
            return await self.is_settled()

        await self.until(agreed)

    async def look(self) -> None:
        """Read PagerDuty as if some minutes had passed since that was done last."""
        home = self.app.gateway.shards.home

        def decide(gathered: Result) -> tuple[Changes | None, None]:
            row = gathered.rows[PAGERDUTY_READER]
            state = msgspec.structs.replace(load_reader_state(row.value), next_at=0, looked_for={})
            return Changes(
                expect={PAGERDUTY_READER: row.version}, put={PAGERDUTY_READER: msgspec.msgpack.encode(state)}
            ), None

        await transact(home, "test", partial(home.gather, Query(cells=(PAGERDUTY_READER,))), decide)
        await self.reading.reader.look()

    @asynccontextmanager
    async def trouble(self, kind: str) -> AsyncIterator[None]:
        """Have Slack, PagerDuty or the store slow or away while people act, and for a while after."""
        where, _, how = kind.partition(" ")
        if where in ("slack", "pagerduty"):
            (self.app.slack if where == "slack" else self.app.pagerduty).faults.add(TROUBLES[kind])
        if where != "store":
            yield
            return
        self.store.freeze()
        thawing = asyncio.create_task(self._thaw(AWAY[how]))
        try:
            yield
        finally:
            await thawing

    async def _thaw(self, seconds: float) -> None:
        try:
            await asyncio.sleep(seconds)
        finally:
            self.store.thaw()

    def forget_troubles(self) -> None:
        self.app.slack.faults.clear()
        self.app.pagerduty.faults.clear()

    async def press(self, button: str, choice: str, who: str) -> str:
        """Press a button of the message, or the one that stands in its place now, and confirm what is asked in a modal.

        Return which it was, empty where there is none.
        """
        office = self.app.slack.app
        for view in office.views.values():
            view.open = False
        for one in (button, INSTEAD.get(button, button)):
            with suppress(LookupError):
                chosen = choice if one == button else LENGTH
                await office.press(self.app.slack.channel("alerts"), self.message, one, chosen, who)
                if one == "silence":
                    await self._submit(who)
                return one
        return ""

    async def _submit(self, who: str) -> None:
        office = self.app.slack.app
        deadline = asyncio.get_running_loop().time() + MODAL_PATIENCE
        while asyncio.get_running_loop().time() < deadline:
            modal = office.modal_of(who)
            if modal is not None and "submit" in modal.view:
                await office.submit(modal.id, {"reason": "a deploy"})
                return
            await asyncio.sleep(POLL)

    async def there(self, kind: str, who: str, fate: str) -> str:
        """Do in PagerDuty what its page offers now, or what stands in its place. Return it, empty for nothing.

        What is read there tells whole seconds: no second has two acts.
        """
        page = self.pages[-1]
        offered = [one for one in (kind, INSTEAD[kind]) if one in OFFERED[page.status]]
        # What is over is not opened again there: whoever closed it by hand may think better of it.
        if not offered or (offered[0] == "reopened" and (await patiently(self.incident)).closed is None):
            return ""
        changed = page.changed_at or page.opened_at
        while self.app.pagerduty.now().replace(microsecond=0) <= changed:
            await asyncio.sleep(POLL)
        if offered[0] not in OFFERED[page.status]:
            return ""
        if fate in FATES:
            self.app.pagerduty.faults.add(FATES[fate])
        self.app.pagerduty.webhooks.act(page, offered[0], who)
        return offered[0]

    async def api(self, act: str, who: str) -> None:
        path, body = f"/api/v1/incidents/{self.id}/{act}", {"by": who}
        match act:
            case "silence":
                asked = {"matchers": [f'service="{self.service}"'], "duration": LENGTH, "confirm": True}
                await self.app.ask("/api/v1/silences", "POST", json=body | asked)
            case "end_silence":
                with suppress(StateUnavailable):  # nothing is done then
                    for silence in await self.silences():
                        await self.app.ask(f"/api/v1/silences/{silence}/end", "POST", json=body)
            case "snooze":
                await self.app.ask(path, "POST", json=body | {"duration": LENGTH})
            case _:
                await self.app.ask(path, "POST", json=body)

    async def replay(self, chance: Random) -> None:
        """Send every webhook about it once more, in another order."""
        webhooks = self.app.pagerduty.webhooks
        bodies = [body for body, _ in webhooks.sent if f"{self.id}.".encode() in body]
        chance.shuffle(bodies)
        for body in bodies:

            async def taken(body: bytes = body) -> bool:
                return await webhooks.post(body) == httpx.codes.OK

            await self.until(taken)

    def outcome(self) -> tuple[object, ...]:
        """What there is to see of it at the vendors."""
        there = [(one.dedup_key, one.status, len(one.pages)) for one in self.pages]
        return *there, self.message.text, *(reply.text for reply in self.message.live_replies)

    async def end(self) -> None:
        """Have the alert end, and wait until everybody knows."""
        ended = alert(self.service, starts=self.starts, ends=utc_now().isoformat())

        async def taken() -> bool:
            return (await self.app.webhook(ended)).status_code == httpx.codes.OK

        async def over() -> bool:
            await self.look()
            told = [any(one.last_notified.members.values()) for one in await self.ledgers()]
            return not any(told) and not any(one.open for one in self.pages)

        await self.until(taken)
        await self.until(over)


@dataclass
class Town:
    """The gateway and its store, for one incident after the other."""

    app: Running
    store: Server
    reading: Reading
    incidents: int = 0

    def ways(self) -> RealWays:
        self.incidents += 1
        return RealWays(self.app, self.store, self.reading, f"shop{self.incidents}x")


@asynccontextmanager
async def town(folder: Path) -> AsyncIterator[Town]:
    store = Server(folder)
    async with AsyncExitStack() as stack:
        store.start()
        stack.callback(store.kill)
        store.ready()
        slack = await stack.enter_async_context(SlackSandbox.start(channels=["alerts"]))
        pagerduty = await stack.enter_async_context(PagerDutySandbox.start())
        starter = Starter(folder, slack, pagerduty, stack)
        starter.more = {
            "GATEWAY_REDIS_URL": f"redis://{store.place}",
            "SLACK_SIGNING_SECRET": SLACK_SECRET,
            "PAGERDUTY_WEBHOOK_SECRET": PAGERDUTY_SECRET,
        }
        app, server = await starter.start(), LocalServer()
        await stack.enter_async_context(server.running(app.gateway.asgi_app, 0))
        slack.app.url = server.url
        pagerduty.webhooks.subscribe(server.url)
        reading = reader_over(app)
        stack.push_async_callback(reading.aclose)
        yield Town(app, store, reading)


T = TypeVar("T")


async def patiently(act: Callable[[], Awaitable[T]]) -> T:
    """Do it again while the store is not back."""
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while True:
        try:
            return await act()
        except StateUnavailable:
            assert asyncio.get_running_loop().time() < deadline, "the store does not come back"
            await asyncio.sleep(POLL)
