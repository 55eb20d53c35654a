"""The commands that change a running gateway: silences, the pause and the bypass, quarantine and dead
letters.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import httpx

from gateway.app import running
from gateway.inbound.server import make_server
from tests.support.people import shown, tokens_of
from tests.support.running_gateway import Starter

ROOT = Path(__file__).parents[2]


async def test_the_commands_make_list_extend_approve_and_end_a_silence(starter: Starter) -> None:
    tokens = tokens_of(starter.folder / "tokens", anna="administer", bob="administer", wall="see")
    starter.more = {"GATEWAY_TOKENS_FILE": str(starter.folder / "tokens")}
    environment = starter.environment()
    async with running(environment) as gateway:
        server = make_server(gateway.asgi_app, host="127.0.0.1", port=0)
        serving = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"

        async def ask(
            *arguments: str, given: str = "", who: str = "anna"
        ) -> subprocess.CompletedProcess[str]:
            variables = {
                "PATH": os.environ["PATH"],
                "NO_COLOR": "1",
                "GATEWAY_URL": url,
                "GATEWAY_TOKEN": tokens[who],
            }
            return await asyncio.to_thread(
                subprocess.run, [sys.executable, "-m", "gateway", *arguments], input=given, check=False, capture_output=True,
                text=True, timeout=60, cwd=ROOT, env=variables,
            )  # fmt: skip

        async with httpx.AsyncClient(base_url=url, headers=shown(tokens["anna"])) as client:
            add = await ask("silence", "add", 'service="pay"', "--for", "2h", "--reason", "noisy")
            assert (add.returncode, add.stdout.splitlines()[0]) == (0, "hides 0 of 0 alerts that fire, 0 of 0 of the last 7 days"), add  # fmt: skip
            (one,) = (await client.get("/api/v1/silences")).json()["items"]
            listed = await ask("silence", "list")
            assert one["id"] in listed.stdout
            assert 'service="pay"' in listed.stdout
            assert (await ask("silence", "approve", one["id"], "--by", "bob")).returncode == 2
            approve = ("silence", "approve", one["id"], "--by", "anna")
            assert "approved by bob" in (await ask(*approve, who="bob")).stdout
            extend = ("silence", "extend", one["id"], "--for", "3h")
            assert (await ask(*extend, who="bob")).returncode == 0
            assert "ended by bob" in (await ask("silence", "end", one["id"], "--by", "x", who="bob")).stdout
            assert "pause until" in (await ask("pause", "--for", "1h")).stdout
            assert "there is no pause any more" in (await ask("pause", "--end")).stdout
            assert (await ask("bypass", "--by", "anna")).returncode == 2
            # Whoever may not do it hears that, and not that a name is missing.
            assert "this takes the role" in (await ask("pause", "--for", "1h", who="wall")).stderr
            assert "no incident" in (await ask("incidents", "nothing", "--ack")).stderr
            await client.post("/webhooks/alertmanager", json={"alerts": [{"labels": {"a": [5]}}]})
            kept = (await ask("quarantine")).stdout.split()
            assert kept[1:4] == ["1", "×", "alerts[].labels.a:"]
            assert "still not understood" in (await ask("quarantine", "--replay", kept[0])).stderr
            assert (await ask("dead-letters")).stdout == "no dead letters\n"
            assert (
                "there is no target pager" in (await ask("dead-letters", "--retry", "none", "pager")).stderr
            )
        server.should_exit = True
        await serving
