"""Play each scene against the local vendors and photograph their pages with headless Chromium."""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

from gateway.sandbox import PagerDutySandbox, SlackSandbox
from tests.pictures.scenes import RULES, SCENES, Scene
from tests.support.running_gateway import Starter

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
SIZES = {"phone": (390, 844), "desktop": (1280, 800)}


async def main(names: list[str]) -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.exit("chromium is missing: apt-get install chromium fonts-noto-color-emoji")
    FOLDER.mkdir(parents=True, exist_ok=True)
    for scene in SCENES:
        if not names or scene.name in names:
            await photograph(scene, chromium)


async def photograph(scene: Scene, chromium: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "rules.yaml").write_text(RULES, "utf-8")
        async with (
            SlackSandbox.start(channels=["alerts"]) as slack,
            PagerDutySandbox.start() as pagerduty,
            AsyncExitStack() as stack,
        ):
            await scene.play(await Starter(folder, slack, pagerduty, stack).start())
            addresses = {"slack": slack.url, "pagerduty": pagerduty.events_url}
            for page in scene.pages:
                for size, (width, height) in SIZES.items():
                    picture = FOLDER / f"{scene.name}-{page}-{size}.png"
                    await _take(chromium, root_of(addresses[page]), picture, width, height)
                    sys.stdout.write(f"{picture.relative_to(FOLDER.parents[1])}\n")


def root_of(address: str) -> str:
    """The page of a vendor, from an address of its API."""
    scheme, _, rest = address.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}/"


async def _take(chromium: str, address: str, picture: Path, width: int, height: int) -> None:
    process = await asyncio.create_subprocess_exec(
        chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
        "--virtual-time-budget=3000", f"--window-size={width},{height}", f"--screenshot={picture}", address,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert await process.wait() == 0, f"chromium took no picture of {address}"


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
