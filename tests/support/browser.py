"""A headless Chromium that clicks and types as a person does, driven by the protocol of its own tools.

https://chromedevtools.github.io/devtools-protocol/
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp

from tests.support.missing import missing

NAMES = ("chromium", "chromium-browser", "chromium-headless-shell")
MISSING = "chromium is missing: apt-get install chromium-headless-shell fonts-noto-color-emoji"
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run")
START_SECONDS, PATIENCE = 20.0, 20.0
# The centre of the last thing of this kind with these words, brought into view, once nothing lies over it.
_FIND = """(() => {
  const named = (item) => (item.innerText || item.placeholder || "").trim().startsWith(%s);
  const inside = (item) => !%s || (item.closest("article")?.innerText || "").includes(%s);
  const seen = [...document.querySelectorAll(%s)].filter((item) => item.offsetParent !== null && !item.disabled && named(item) && inside(item));
  if (!seen.length) return null;
  seen.at(-1).scrollIntoView({block: "center"});
  const box = seen.at(-1).getBoundingClientRect();
  const x = box.x + box.width / 2, y = box.y + box.height / 2;
  return seen.at(-1).contains(document.elementFromPoint(x, y)) ? [x, y] : null;
})()"""


def chromium() -> str | None:
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def needed() -> str:
    """Return the browser's path. Without one a test is skipped, in CI it fails."""
    found = chromium()
    if found is None:
        missing(MISSING)
    return found


@dataclass
class Browser:
    """One tab. What is waited for is waited for `PATIENCE` seconds."""

    link: aiohttp.ClientWebSocketResponse
    session: str = ""
    troubles: list[str] = field(default_factory=list)  # what went wrong in the page's scripts
    _numbers: Any = field(default_factory=lambda: count(1))

    async def open(self, address: str) -> None:
        await self.call("Page.navigate", url=address)
        await self.until("document.readyState === 'complete'")

    async def click(self, words: str, kind: str = "button, summary, a", within: str = "") -> None:
        """Click on what a person would find by these words, in the message that says `within`, once it is there."""
        asked = (words, within, within, kind)
        x, y = await self.until(_FIND % tuple(map(json.dumps, asked)))
        for event in ("mouseMoved", "mousePressed", "mouseReleased"):
            where = {"x": x, "y": y, "button": "left", "clickCount": 1}
            await self.call("Input.dispatchMouseEvent", type=event, **where)

    async def type(self, text: str) -> None:
        """Write into what was clicked last."""
        await self.call("Input.insertText", text=text)

    async def press_enter(self) -> None:
        for event in ("keyDown", "keyUp"):
            key = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"}
            await self.call("Input.dispatchKeyEvent", type=event, **key)

    async def sees(self, words: str) -> None:
        """Wait until the page says this."""
        await self.until(f"document.body.innerText.includes({json.dumps(words)})")

    async def no_longer_sees(self, words: str) -> None:
        await self.until(f"!document.body.innerText.includes({json.dumps(words)})")

    async def until(self, script: str) -> Any:
        """Return the first value of the script that is true."""
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while not (found := await self.value(script)):
            assert asyncio.get_running_loop().time() < deadline, await self.value("document.body.innerText")
            await asyncio.sleep(0.05)
        return found

    async def value(self, script: str) -> Any:
        answer = await self.call("Runtime.evaluate", expression=script, returnByValue=True)
        return answer["result"].get("value")

    async def sized(self, width: int, height: int) -> None:
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        await self.call("Emulation.setDeviceMetricsOverride", **size)

    async def photograph(self, picture: Path) -> None:
        picture.write_bytes(b64decode((await self.call("Page.captureScreenshot"))["data"]))

    async def call(self, method: str, **arguments: Any) -> dict[str, Any]:
        number = next(self._numbers)
        sent = {"id": number, "method": method, "params": arguments}
        await self.link.send_json(sent | ({"sessionId": self.session} if self.session else {}))
        async with asyncio.timeout(PATIENCE):
            while (said := await self.link.receive_json()).get("id") != number:
                if said.get("method") == "Runtime.exceptionThrown":
                    self.troubles.append(json.dumps(said["params"]))
        assert "error" not in said, said
        found: dict[str, Any] = said["result"]
        return found


@asynccontextmanager
async def browsing(folder: Path) -> AsyncIterator[Browser]:
    """Start a browser with its profile in `folder`."""
    arguments = (*FLAGS, f"--user-data-dir={folder}", "about:blank")
    process = await asyncio.create_subprocess_exec(
        needed(), "--remote-debugging-port=0", *arguments,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        async with (
            aiohttp.ClientSession() as client,
            client.ws_connect(await _address(folder), max_msg_size=0) as link,
        ):
            browser = Browser(link)
            target = await browser.call("Target.createTarget", url="about:blank")
            attached = await browser.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
            browser.session = attached["sessionId"]
            for domain in ("Page", "Runtime"):
                await browser.call(f"{domain}.enable")
            yield browser
    finally:
        # All of its processes, which have this session to themselves.
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def _address(folder: Path) -> str:
    """Return where the browser listens, which it writes to its profile."""
    port = folder / "DevToolsActivePort"
    async with asyncio.timeout(START_SECONDS):
        while not (port.exists() and port.read_text("utf-8").count("\n")):
            await asyncio.sleep(0.05)
    number, path = port.read_text("utf-8").split()[:2]
    return f"ws://127.0.0.1:{number}{path}"
