"""`gateway pause` and `gateway bypass`: how long is asked for, and what is said."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.command_line import ADMIN, Beside, Gateway


@pytest.mark.parametrize("command", ["pause", "bypass"])
@pytest.mark.parametrize("options", [[], ["--for", "1h", "--end"]], ids=["neither a time nor an end", "both"])
def test_a_control_needs_a_time_or_its_end_and_not_both(
    gateway: Gateway, command: str, options: list[str]
) -> None:
    done = gateway(command, "--by", "ann", *options)
    assert (done.code, f"gateway {command} --for 1h" in done.err) == (2, True)


@pytest.mark.parametrize("command", ["pause", "bypass"])
async def test_a_control_is_set_and_lifted(beside: Beside, command: str) -> None:
    async def run(*options: str) -> str:
        variables = {"GATEWAY_URL": beside.url, "GATEWAY_ADMIN_TOKEN": ADMIN}
        done = await asyncio.to_thread(beside.gateway, command, "--by", "ann", *options, **variables)
        assert done.code == 0, done.err
        return done.out

    first, second = (await run("--for", "1h", "--reason", "OPS-9")).splitlines()
    assert first.startswith(f"{command} until 20")
    assert first.endswith("by ann: OPS-9")
    assert second == f"`gateway {command} --end` lifts it before its time"
    assert (await run("--end")) == f"there is no {command} any more\n"


@pytest.mark.parametrize(
    "arguments",
    [("pause", "--for", "1h"), ("bypass", "--end"), ("silence", "add", "Down", "--for", "1h")],
)
def test_where_no_user_is_set_it_is_said_how_to_say_who(gateway: Gateway, arguments: tuple[str, ...]) -> None:
    done = gateway(*arguments, USER="")
    assert (done.code, "who does it? Add --by NAME: no USER is set here" in done.err) == (2, True)
