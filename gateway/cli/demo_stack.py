"""`gateway demo --stack`: Prometheus and Alertmanagers around the gateway, and a service to break."""

from __future__ import annotations

import asyncio
import secrets
import socket
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

import httpx

from gateway.cli.demo_scene import CHANNEL, Scene, running_scene, short
from gateway.cli.stack.asking import USERS, ask_all_the_time
from gateway.cli.stack.gateway_rules import ALERTMANAGERS, TOKEN, gateway_rules
from gateway.cli.stack.programs import Program, Programs, StackError, installed
from gateway.cli.stack.running import LOCALHOST, Layout, Ports, Stack, running_stack
from gateway.cli.stack.shipped import OLDER, demand_checkout
from gateway.model.counted import counted
from gateway.runtime.background import background

PORTS = Ports(8000, 9090, (9093, 9193), (9094, 9194))  # each unless it is taken
FASTEST = 30.0  # above it the heartbeat is due before all has started, and scrapes fail for lack of time
STEP_SECONDS = 120.0  # in which people must have heard of what was broken, or healed
POLL_SECONDS = 0.2
DEAD_SECONDS = 20.0  # after which a platform would have started the service again
BROKEN = {"errors": 0.5}
ALERT = "HighErrorRate"
SWITCHES = {
    '{"errors": 0.5}': "half of the evaluations fail: HighErrorRate, a page",
    '{"latency": 6}': "each takes 6 s more: HighResponseTime",
    '{"memory": 150}': "150 MiB more are held: HighMemoryUsage",
    '{"death": true}': f"it is killed, and started again after {DEAD_SECONDS:g} s: ServiceDown, a page",
    "{}": "heals everything",
}

Echo = Callable[[str], None]


async def run_stack_demo(echo: Echo, *, then_exit: bool, speed: float) -> bool:
    """Run the stack `speed` times faster than life and print what people see, until Ctrl-C.

    With `then_exit` it is broken and healed once. Return False if a page was left open, the counts do not
    balance, or nobody heard of it in time. Raises StackError where Prometheus, Alertmanager or the files that
    they are to run with are missing, and for a `speed` above `FASTEST`.
    """
    if speed > FASTEST:
        raise StackError(f"--speed {speed:g}: the stack keeps up with {FASTEST:g} and less")
    demand_checkout()
    programs = installed()
    with tempfile.TemporaryDirectory(prefix="gateway-demo-") as name:
        async with _running(Path(name), programs, speed) as (scene, stack):
            for line in _introduction(scene, stack, speed):
                echo(line)
            news = _News(scene, echo)
            async with AsyncExitStack() as meanwhile:
                background(meanwhile, partial(_restarted, stack.evaluation, echo))
                background(meanwhile, news.go_on)
                if not then_exit:
                    await asyncio.Event().wait()
                await _break_and_heal(scene, stack.evaluation.url, echo)
                news.tell()
                return await _summary(scene, echo)


@asynccontextmanager
async def _running(folder: Path, programs: Programs, speed: float) -> AsyncIterator[tuple[Scene, Stack]]:
    token, ports = secrets.token_urlsafe(), _ports()
    urls = [f"http://{LOCALHOST}:{port}" for port in ports.alertmanagers]
    variables = {TOKEN: token, **dict(zip(ALERTMANAGERS, urls, strict=True))}
    async with AsyncExitStack() as running:
        scene = await running.enter_async_context(running_scene(folder, gateway_rules(speed), variables))
        layout = Layout(
            programs=programs,
            files=OLDER,  # every release understands them
            ports=ports,
            gateways=(scene.url.partition("//")[2],),
            slack_webhook=scene.slack.incoming_webhook_url,
            token=token,
            speed=speed,
            folder=folder,
        )
        stack = await running.enter_async_context(running_stack(layout))
        ask_all_the_time(running, stack.evaluation.url)
        yield scene, stack


def _introduction(scene: Scene, stack: Stack, speed: float) -> list[str]:
    first, second = (part.url for part in stack.alertmanagers)
    switches = f"{stack.evaluation.url}/switches"
    return [
        "The alert gateway in its stack. Slack and PagerDuty are local: nothing leaves this machine.\n",
        f"  Slack          {scene.slack.page_url}",
        f"  PagerDuty      {scene.pagerduty.page_url}",
        f"  Gateway        {scene.url}/api/v1/incidents   {scene.url}/metrics",
        f"  Prometheus     {stack.prometheus.url}/api/v1/alerts   {stack.prometheus.url}/api/v1/targets",
        f"  Alertmanagers  {first}/api/v2/alerts   {second}/api/v2/alerts",
        f"  Evaluation     {stack.evaluation.url}/health   {stack.evaluation.url}/metrics",
        f"  Their logs     {scene.folder} (until the demo ends)\n",
        f"The files are those of deploy/, {speed:g} times faster than life: `for: 2m` lasts {120 / speed:g} s.",
        f"{USERS} users ask the evaluation service all the time. It is broken by its switches, from another",
        "terminal:\n",
        *(
            f"  curl -H 'content-type: application/json' {switches} -d '{switch}'\n      {what}"
            for switch, what in SWITCHES.items()
        ),
        "\nWhat people see, as it comes:",
    ]


async def _break_and_heal(scene: Scene, service: str, echo: Echo) -> None:
    """Have evaluations fail until somebody is called, and heal the service until all know that it is over."""
    try:
        echo("  half of the evaluations fail")
        await _switch(service, BROKEN)
        await _until(lambda: any(ALERT in page.title for page in scene.pagerduty.incidents))
        echo("  the service is healed")
        await _switch(service, {})
        await _until(lambda: not any(page.open for page in scene.pagerduty.incidents))
        await _until(lambda: all("Resolved" in title for title in _titles(scene) if ALERT in title))
    except TimeoutError:
        echo(
            f"  nobody heard of it within {STEP_SECONDS:g} s; the logs are gone with the demo: run it without --exit"
        )


async def _summary(scene: Scene, echo: Echo) -> bool:
    """Print the last line. Return whether somebody was called, nothing is open and the counts balance."""
    left, imbalances = await scene.left()
    pages = counted(len(scene.pagerduty.incidents), "page")
    echo(f"demo: {pages} out; {counted(left, 'page')} left open, books off by {imbalances}")
    return bool(scene.pagerduty.incidents) and (left, imbalances) == (0, 0)


async def _switch(service: str, wanted: object) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        (await client.post(f"{service}/switches", json=wanted)).raise_for_status()


class _News:
    """Prints each page and each message in the channel as it comes and as it changes."""

    def __init__(self, scene: Scene, echo: Echo) -> None:
        self._scene, self._echo = scene, echo
        self._shown: dict[object, str] = {}

    def tell(self) -> None:
        """Print what is new since the last call."""
        pages = {
            page.id: f"PagerDuty  {page.status}: {page.title}" for page in self._scene.pagerduty.incidents
        }
        messages = {number: f"Slack      {title}" for number, title in enumerate(_titles(self._scene))}
        for thing, line in (pages | messages).items():
            if self._shown.get(thing) != line:
                self._echo(f"  {short(line)}")
                self._shown[thing] = line

    async def go_on(self) -> None:
        while True:
            self.tell()
            await asyncio.sleep(POLL_SECONDS)


def _titles(scene: Scene) -> list[str]:
    """Return the first lines of the channel's messages; what Alertmanager itself posts is an attachment."""
    titles = []
    for message in scene.slack.messages(CHANNEL):
        attachment = next(iter(message.content.attachments), None)
        title = attachment.get("title") if isinstance(attachment, dict) else message.text
        titles.append(str(title).partition("\n")[0])
    return titles


async def _restarted(service: Program, echo: Echo) -> None:
    """Start the service again a while after it has died, as its platform would."""
    while True:
        if not service.running:
            echo(f"  the evaluation service is dead; it starts again in {DEAD_SECONDS:g} s")
            await asyncio.sleep(DEAD_SECONDS)
            try:
                await service.start()
            except StackError as error:
                echo(f"  {error.message}")
        await asyncio.sleep(POLL_SECONDS)


async def _until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(STEP_SECONDS):
        while not condition():
            await asyncio.sleep(POLL_SECONDS)


def _ports() -> Ports:
    """Return the usual ports, with a free one in place of each that is taken."""
    first, second = PORTS.alertmanagers
    mesh, other_mesh = PORTS.meshes
    return Ports(
        _free(PORTS.evaluation),
        _free(PORTS.prometheus),
        (_free(first), _free(second)),
        (_free(mesh), _free(other_mesh)),
    )


def _free(port: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOCALHOST, port))
        except OSError:  # a second demo, or a real Prometheus, has the port: watching must still work
            probe.bind((LOCALHOST, 0))
        return int(probe.getsockname()[1])
