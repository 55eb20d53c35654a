"""`gateway incidents` lists, shows, acknowledges and closes."""

from __future__ import annotations

from tests.support.command_line import Beside


async def test_incidents_are_listed_shown_acknowledged_and_closed(beside: Beside) -> None:
    assert (await beside.incidents()).out == "no incidents\n"
    name = await beside.app.told()
    line = (await beside.incidents()).out.splitlines()[1]
    assert line.split()[:3] == [name, "open", "critical"]

    shown = await beside.incidents(name)
    assert shown.out.startswith(f"{name}  open  critical  Down")
    assert {"chat", "pager"} <= {one.split()[0] for one in shown.out.splitlines() if " told " in one}

    assert f"{name}  acknowledged" in (await beside.incidents(name, "--ack", "ann")).out
    assert "ann" in (await beside.incidents()).out
    assert (
        f"{name}  closed_by_hand" in (await beside.incidents(name, "--close", "ann", "--note", "known")).out
    )
    assert (await beside.incidents("--json", "--state", "all")).json["items"][0]["state"] == "closed_by_hand"
