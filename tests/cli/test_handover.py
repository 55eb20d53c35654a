"""`gateway handover`, asked of a running gateway."""

from __future__ import annotations

from tests.support.command_line import Beside


async def test_the_command_prints_it(beside: Beside) -> None:
    name = await beside.app.told()
    await beside.asked("silence", "add", "team=nobody", "--for", "2h", "--yes", USER="ann")
    await beside.asked("incidents", name, "--snooze", "--for", "1h", USER="bob")
    said = (await beside.asked("handover", "--since", "8h")).out
    for words in (
        "open: 1",
        name,
        "snoozed by bob",
        "changed: 1",
        "silences made: 1",
        'team="nobody"',
        "as asked",
    ):
        assert words in said
    assert (await beside.asked("handover", "--json")).json["earlier_silences"] == 0
    assert (await beside.asked("handover", "--since", "soon")).code == 2


async def test_a_silence_that_has_ended_in_the_shift_was_made_in_it(beside: Beside) -> None:
    await beside.asked("silence", "add", "team=nobody", "--for", "2h", "--yes", USER="ann")
    ((name, *_),) = (line.split() for line in (await beside.asked("silence", "list")).out.splitlines()[1:])
    await beside.asked("silence", "end", name, USER="ann")
    said = (await beside.asked("handover", "--since", "8h")).out
    assert "silences made: 1" in said
    assert f"{name} ended" in " ".join(said.split())
