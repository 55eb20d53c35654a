"""`gateway incidents` lists, shows, acknowledges and closes."""

from __future__ import annotations

import json
from typing import Any

import click
import pytest

from gateway.cli import incidents as command
from gateway.inbound.api.incidents import SEVERITIES, STATES
from tests.support.command_line import Beside
from tests.support.processes import alert


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


def test_the_choices_are_those_of_the_api() -> None:
    assert set(command.STATES) == set(STATES)
    assert command.SEVERITIES == SEVERITIES


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--state", "sideways"), "'sideways' is not one of 'active'"),
        (("--severity", "urgent"), "'urgent' is not one of 'critical'"),
        (("--note", "why"), "--note goes with --ack, --unack or --close"),
        (("--watch", "--json"), "it goes alone"),
        (("i1", "--watch", "--ack", "ann"), "it goes alone"),
        (("i1", "--ack", "--close", "--note", "x"), "--ack and --close exclude each other"),
    ],
)
async def test_what_cannot_be_meant_is_refused_before_anything_is_asked(
    beside: Beside, arguments: tuple[str, ...], said: str
) -> None:
    done = await beside.incidents(*arguments)
    assert (done.code, said in done.err) == (2, True)


async def test_whoever_takes_it_may_leave_a_note_which_labels_nothing(beside: Beside) -> None:
    name = await beside.app.told()
    done = await beside.incidents(name, "--ack", "ann", "--note", "the disk is full")
    assert "acknowledged by ann at" in done.out
    assert ": the disk is full" in done.out
    events = [json.loads(line) for line in (await beside.asked("stats", "--export")).out.splitlines()]
    assert [event["note"] for event in events if event["kind"] == "acknowledged"] == [True]
    assert "label" not in [event["kind"] for event in events]


@pytest.mark.parametrize("option", ["--ack", "--close"])
async def test_without_a_name_it_is_whoever_types(beside: Beside, option: str) -> None:
    name = await beside.app.told()
    done = await beside.incidents(name, option, USER="carla")
    assert (done.code, "by carla" in done.out) == (0, True)


async def test_a_name_that_is_given_counts_and_without_any_it_is_asked_for(
    beside: Beside, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = await beside.app.told()
    assert "acknowledged by dan" in (await beside.incidents(name, "--ack", "dan", USER="carla")).out
    monkeypatch.delenv("USER", raising=False)
    refused = await beside.incidents(name, "--ack")
    assert (refused.code, f"who? gateway incidents {name} --ack --by NAME" in refused.err) == (2, True)


async def test_a_list_may_leave_out_what_is_less_severe(beside: Beside) -> None:
    name = await beside.app.told()
    assert name in (await beside.incidents("--severity", "error")).out
    assert name in (await beside.incidents("--severity", "critical")).out


async def test_watching_shows_the_list_again_and_goes_on_when_nobody_answers(
    beside: Beside, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, rounds = await beside.app.told(), 0
    real = command.ask

    def asked(*arguments: Any, **more: Any) -> dict[str, Any]:
        if rounds == 1:
            raise click.ClickException("no gateway answers")
        return real(*arguments, **more)

    def sleep(seconds: float) -> None:
        nonlocal rounds
        rounds += 1
        assert seconds == command.WATCH_SECONDS
        if rounds == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(command, "ask", asked)
    monkeypatch.setattr(command.time, "sleep", sleep)
    done = await beside.incidents("--watch")
    assert (done.code, done.out.count(name), done.out.count("no gateway answers")) == (130, 2, 1)


async def test_the_first_characters_of_an_id_are_enough_unless_another_begins_so(beside: Beside) -> None:
    name = await beside.app.told()
    assert f"{name}  open" in (await beside.incidents(name[:4])).out
    assert f"{name}  acknowledged" in (await beside.incidents(name[:4], "--ack", "ann")).out
    services = [f"s{number}" for number in range(40)]
    await beside.app.webhook(*(alert(service, starts="2026-11-23T10:00:00Z") for service in services))
    listed = (await beside.incidents("--json", "--state", "all")).json["items"]
    ids = {incident["id"]: incident["title"] for incident in listed}
    unclear = next(known for known in ids if sum(other[0] == known[0] for other in ids) > 1)
    done = await beside.incidents(unclear[0], "--close", "ann")
    assert (done.code, f"begin with {unclear[0]}" in done.err) == (2, True)
    assert f"{unclear} ({ids[unclear]})" in " ".join(done.err.split())
    nobody = await beside.incidents("zzzz")
    assert (nobody.code, "there is no incident zzzz" in nobody.err) == (2, True)


@pytest.mark.parametrize("begun", ["../rules", "*", "UPPER", "a" * 13])
async def test_what_is_no_beginning_of_an_id_is_no_incident(beside: Beside, begun: str) -> None:
    done = await beside.incidents(begun)
    assert (done.code, done.out) == (2, "")


async def test_an_incident_is_snoozed_and_the_snooze_is_ended(beside: Beside) -> None:
    name = await beside.app.told()
    assert (
        "snoozed by carla until"
        in (await beside.incidents(name, "--snooze", "--for", "1h", USER="carla")).out
    )
    assert "snoozed by" not in (await beside.incidents(name, "--unsnooze", USER="carla")).out


async def test_a_snooze_of_no_length_is_refused(beside: Beside) -> None:
    name = await beside.app.told()
    for length in ("soon", "0s", "8d"):
        refused = await beside.incidents(name, "--snooze", "--for", length, USER="carla")
        assert (refused.code, "--for: " in refused.err) == (2, True)
    assert "how long?" in (await beside.incidents(name, "--snooze", USER="carla")).err


async def test_an_acknowledgement_is_given_back(beside: Beside) -> None:
    name = await beside.app.told()
    await beside.incidents(name, "--ack", USER="carla")
    given_back = await beside.incidents(name, "--unack", "--note", "bob knows it better", USER="carla")
    assert "nobody has it" in given_back.out
    (message,) = beside.app.slack.channel("alerts").messages
    await beside.app.until(
        lambda: any("carla: bob knows it better" in reply.text for reply in message.live_replies)
    )


async def test_two_acts_at_once_exclude_each_other(beside: Beside) -> None:
    refused = await beside.incidents("3rx", "--ack", "--snooze", "--for", "1h", USER="carla")
    assert (refused.code, "--ack and --snooze exclude each other" in refused.err) == (2, True)
