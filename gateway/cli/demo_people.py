"""The second act of the demo: three alerts, and three people who
answer them by the buttons of the local Slack.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from gateway.cli.demo_scene import CHANNEL, Scene
from gateway.cli.output import out
from gateway.cli.stats import PATH, print_report
from gateway.sandbox.slack import Message
from gateway.sandbox.storm import ZERO, Json

WAIT_SECONDS, POLL_SECONDS = 20.0, 0.05
ALICE, BOB, CHEN = "U0ALICE", "U0BOB", "U0CHEN"
TAKEN, QUIET, NOISE = "CheckoutSlow", "BackupLate", "ClockSkew"
FIRING = {
    TAKEN: ("critical", "web", "checkout answers after 6 s"),
    QUIET: ("warning", "backup", "Last night's backup is not done yet"),
    NOISE: ("critical", "edge", "The clock of edge-3 is off by 2 s"),
}

Echo = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class People:
    """Presses buttons as Slack sends them: signed, over HTTP. Each act
    raises `TimeoutError` where nothing comes of it.
    """

    scene: Scene
    client: httpx.AsyncClient

    async def answer(self, now: datetime, echo: Echo) -> None:
        """Have one incident acknowledged, one silenced and one labelled, and say what was done."""
        await self._send([_alert(name, now) for name in FIRING])
        for name in FIRING:
            await self._message_with(name, "acknowledge")
        await self._acknowledge()
        echo(f"  Alice acknowledges {TAKEN}, and that it called her was right: PagerDuty calls nobody else.")
        hides = await self._silence()
        echo(f"  Bob silences {QUIET} for 4 hours. {hides}")
        await self._send([_alert(NOISE, now, ended=True)])
        await self._label()
        echo(f"  Chen labels {NOISE}, which went away by itself, as noise.")

    async def _acknowledge(self) -> None:
        await self._press(TAKEN, "acknowledge", "", ALICE)
        await _until(lambda: any(page.status == "acknowledged" for page in self.scene.pagerduty.incidents))
        await _until(lambda: "unacknowledge" in _buttons_of(self._message(TAKEN)))
        await self._say_of(TAKEN, "actionable", "", ALICE)

    async def _silence(self) -> str:
        """Make a silence in the modal, and return what it said that it hides."""
        app = self.scene.slack.app
        await self._press(QUIET, "silence", "custom", BOB)
        # The modal opens at once, and is filled in when it is known what would be hidden.
        await _until(lambda: (modal := app.modal_of(BOB)) and "submit" in modal.view)
        modal = app.modal_of(BOB)
        assert modal is not None
        hides = _words_of(modal.view["blocks"])
        await app.submit(modal.id, {"duration": "4h", "reason": "the backup runs late on Mondays"})
        await _until(lambda: "end_silence" in _buttons_of(self._message(QUIET)))
        return hides

    async def _label(self) -> None:
        await _until(lambda: sum(page.open for page in self.scene.pagerduty.incidents) == 1)
        await _until(lambda: "acknowledge" not in _buttons_of(self._message(NOISE)))
        await self._say_of(NOISE, "noise", "self-healed", CHEN)

    async def _say_of(self, name: str, worth: str, reason: str, who: str) -> None:
        """Label the pages of an incident, and wait for the thanks."""
        told = len(self.scene.slack.app.ephemerals)
        await self._press(name, worth, reason, who)
        await _until(lambda: len(self.scene.slack.app.ephemerals) > told)

    async def _press(self, name: str, button: str, choice: str, who: str) -> None:
        message = await self._message_with(name, button)
        answered = await self.scene.slack.app.press(
            self.scene.slack.channel(CHANNEL), message, button, choice, who
        )
        if answered.status != httpx.codes.OK:
            raise TimeoutError(f"the press of {button} was answered {answered.status}")

    async def _message_with(self, name: str, button: str) -> Message:
        """Return the message, once it has the button: it is edited while people act."""
        await _until(lambda: button in _buttons_of(self._message(name)))
        message = self._message(name)
        assert message is not None
        return message

    def _message(self, name: str) -> Message | None:
        shown = (message for message in self.scene.slack.messages(CHANNEL) if name in message.text)
        return next((message for message in shown if not message.deleted), None)

    async def _send(self, alerts: list[Json]) -> None:
        body = {"version": "4", "groupKey": "{}:{}", "receiver": "gateway", "alerts": alerts}
        answer = await self.client.post(f"{self.scene.url}/webhooks/alertmanager", json=body)
        answer.raise_for_status()


async def answered_by_people(scene: Scene, echo: Echo, now: datetime) -> bool:
    """Play the act and print the statistics. Return False where
    something that was pressed did not come about.
    """
    echo("\nThree more alerts, and three people who answer them by the buttons in Slack:")
    async with httpx.AsyncClient(timeout=WAIT_SECONDS, trust_env=False) as client:
        try:
            await People(scene, client).answer(now, echo)
        except TimeoutError as error:
            echo(f"  {str(error) or 'nothing came of what was pressed'}")
            return False
        found = (await client.get(f"{scene.url}{PATH}")).json()
    echo("\nWhat that says of the pages, as `gateway stats` prints it (times are as short as the demo's):")
    with out.capture() as captured:
        print_report(found)
    for line in captured.get().splitlines():
        echo(f"  {line}")
    echo("")
    return True


def _alert(name: str, now: datetime, *, ended: bool = False) -> Json:
    severity, namespace, summary = FIRING[name]
    return {
        "status": "resolved" if ended else "firing",
        "labels": {"alertname": name, "severity": severity, "namespace": namespace, "cluster": "eu-1"},
        "annotations": {"summary": summary},
        "startsAt": now.isoformat(),
        "endsAt": now.isoformat() if ended else ZERO,
        "generatorURL": "http://prometheus-0.example:9090/graph",
    }


def _buttons_of(message: Message | None) -> set[str]:
    blocks: Any = message.blocks if message else []
    return {element.get("action_id") for block in blocks for element in block.get("elements", ())} - {None}


def _words_of(blocks: object) -> str:
    """Return what a modal says beside its fields."""
    sections = [block for block in blocks if block["type"] == "section"] if isinstance(blocks, list) else []
    return " ".join(str(block["text"]["text"]) for block in sections).partition(",")[0] + "."


async def _until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(WAIT_SECONDS):
        while not condition():
            await asyncio.sleep(POLL_SECONDS)
