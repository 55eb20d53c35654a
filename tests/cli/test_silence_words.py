"""A silence is made by the words that a tired person types, and refused by the options that were typed."""

from __future__ import annotations

import pytest

from gateway.cli.silences import STATES
from gateway.inbound.api.silences import STATES as OF_THE_API
from tests.support.command_line import Beside
from tests.support.processes import alert

BY = ("--by", "ann")


def test_the_states_are_those_of_the_api() -> None:
    assert set(STATES) == set(OF_THE_API)


async def test_a_bare_name_is_an_alerts_name_as_amtool_takes_it(beside: Beside) -> None:
    done = await beside.asked(
        "silence", "add", "HighErrorRate", 'service="cart"', "--for", "1h", *BY, "--json"
    )
    assert done.json["matchers"] == ['alertname="HighErrorRate"', 'service="cart"']


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add", "Down"), "a silence needs an end; give --until, --for or --until-resolved"),
        (("add", "Down", "--for", "soon"), "--for: `soon` is no duration"),
        (("add", "Down", "--until", "soon"), "'soon' is no time: write it like 18:00"),
        (("add", "Down", "--until", "2020-01-01T00:00Z"), "--until: the end is not after the start"),
        (("add", "Down", "cart", "--for", "1h"), "MATCHER: "),
        (("add", "Down", "--for", "1h", "--during", "nights"), "--during: there is no time interval nights"),
        (("add", "Down", "--for", "300d"), "--for: "),
        (
            ("add", "Down", "--for", "1h", "--until", "18:00"),
            "--until: it has two ends; give --until or --for, not both",
        ),
        (("expire", "s1"), "`expire` is amtool's word: here it is `gateway silence end`"),
        (("query",), "`query` is amtool's word: here it is `gateway silence list`"),
        (("extend", "s1"), "how long? gateway silence extend s1 --for 2h, or --until 18:00"),
        (("list", "--state", "sideways"), "'sideways' is not one of 'live'"),
    ],
)
async def test_what_is_refused_names_the_option_and_no_word_of_the_api(
    beside: Beside, arguments: tuple[str, ...], said: str
) -> None:
    who = () if arguments[0] in ("list", "query") else BY
    done = await beside.asked("silence", *arguments, *who)
    assert (done.code, said in done.err) == (2, True), done.err
    assert "ends_at" not in done.err
    assert "duration," not in done.err


async def test_until_a_time_of_the_day_is_the_next_one(beside: Beside) -> None:
    made = await beside.asked("silence", "add", "Down", "--until", "18:00", *BY, "--json", TZ="UTC")
    assert made.json["ends_at"].endswith("T18:00:00Z")
    longer = await beside.asked(
        "silence", "extend", made.json["id"], "--until", "18:30", *BY, "--json", TZ="UTC"
    )
    assert longer.json["ends_at"].endswith("T18:30:00Z")


async def test_a_script_that_cannot_be_asked_hears_of_yes(beside: Beside) -> None:
    await beside.app.webhook(alert("pay", starts="2026-11-23T10:00:00Z"))
    refused = await beside.asked("silence", "add", "Down", "--for", "1h", *BY)
    assert (refused.code, "--yes makes it in spite of the warnings" in refused.err) == (130, True)
    assert (await beside.asked("silence", "list")).out == "no silences\n"
    assert (await beside.asked("silence", "add", "Down", "--for", "1h", "--yes", *BY)).code == 0
    assert (await beside.asked("silence", "add", "Down", "--for", "1h", *BY, given=b"y\n")).code == 0
