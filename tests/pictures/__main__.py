"""Play each scene against the local vendors and photograph their pages, and the dashboards, with headless Chromium."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from gateway.sandbox import PagerDutySandbox, SlackSandbox
from gateway.sandbox.server import LocalServer
from gateway.sandbox.slack.app import DEFAULT_SECRET
from tests.dashboards.shipped import BOARDS
from tests.pictures.dashboards import draw, gallery
from tests.pictures.scenes import RULES, SCENES, Scene
from tests.support.browser import MISSING, Browser, browsing, chromium
from tests.support.running_gateway import Starter

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
SIZES = {"phone": (390, 844), "desktop": (1280, 800)}
SETTLING_SECONDS = 0.5  # by then the page has looked once more


async def main(names: list[str]) -> None:
    if chromium() is None:
        sys.exit(MISSING)
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        async with browsing(Path(profile)) as tab:
            for scene in SCENES:
                if not names or scene.name in names:
                    await photograph(scene, tab)
            wanted = [uid for uid in BOARDS if not names or uid in names]
            if wanted:
                await photograph_dashboards(wanted, tab)


async def photograph(scene: Scene, tab: Browser) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "rules.yaml").write_text(RULES, "utf-8")
        async with (
            SlackSandbox.start(channels=["alerts"]) as slack,
            PagerDutySandbox.start() as pagerduty,
            AsyncExitStack() as stack,
        ):
            starter = Starter(folder, slack, pagerduty, stack, {"SLACK_SIGNING_SECRET": DEFAULT_SECRET})
            app = await starter.start()
            listener = LocalServer()
            await stack.enter_async_context(listener.running(app.gateway.asgi_app, 0))
            slack.app.url = listener.url
            await scene.play(app)
            addresses = {"slack": slack.page_url, "pagerduty": pagerduty.page_url}
            for page in scene.pages:
                for size, (width, height) in SIZES.items():
                    picture = FOLDER / f"{scene.name}-{page}-{size}.png"
                    await tab.sized(width, height)
                    await tab.open(addresses[page])
                    await asyncio.sleep(SETTLING_SECONDS)
                    if scene.at_end:
                        await tab.value("scrollTo(0, document.body.scrollHeight)")
                    await tab.photograph(picture)
                    sys.stdout.write(f"{picture.relative_to(FOLDER.parents[1])}\n")


async def photograph_dashboards(uids: Sequence[str], tab: Browser) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with gallery(Path(folder)) as url:
            for uid in uids:
                picture = FOLDER / f"dashboard-{uid}.png"
                troubles = await draw(tab, url, uid)
                await tab.photograph(picture)
                sys.stdout.write(f"{picture.relative_to(FOLDER.parents[1])} {' '.join(troubles)}\n")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
