"""What people write behind `/alerts` in the local Slack, and what they are answered."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from hashlib import blake2b

import pytest

from gateway.actions import slack_commands
from tests.support.processes import alert
from tests.support.running_gateway import RULES, Starter
from tests.support.slack_office import LABELS, UNTAKEN, Office, opened


@pytest.fixture
async def office(starter: Starter) -> AsyncIterator[Office]:
    async with opened(starter) as found:
        yield found


async def silences(office: Office) -> list[dict[str, object]]:
    return list((await office.app.ask("/api/v1/silences")).json()["items"])


async def test_silencing_an_incident_opens_the_modal_with_what_it_hides(office: Office) -> None:
    incident = (await office.incident()).id
    assert await office.write(f"silence {incident} for 2h because of a deploy") == ""
    await office.app.until(lambda: "It hides 1 of 1 alerts that fire now" in office.view())
    assert '"value": "2h"' in office.view()
    assert await silences(office) == []
    (view,) = office.app.slack.app.views
    assert "covers critical alerts" in (await office.app.slack.app.submit(view, {})).body
    assert (await office.app.slack.app.submit(view, {})).body == ""
    (made,) = await silences(office)
    assert (made["by"], made["reason"]) == ("alice", "of a deploy")
    await office.until_buttons("end_silence", "why", *LABELS)


async def test_silencing_by_matchers_needs_no_incident_and_says_what_was_made(office: Office) -> None:
    assert await office.write("silence team=nobody for 30m", "U0BOB") == ""
    await office.app.until(lambda: "It hides 0 of 1 alerts that fire now" in office.view())
    (view,) = office.app.slack.app.views
    assert "Silence it all the same" in (await office.app.slack.app.submit(view, {})).body
    await office.app.slack.app.submit(view, {})
    (made,) = await silences(office)
    assert made["matchers"] == ['team="nobody"']
    assert f"To end it: gateway silence end {made['id']}" in office.view()
    assert office.buttons() == list(UNTAKEN)


async def test_a_silence_of_nothing_yet_asks_what_to_keep_quiet(office: Office) -> None:
    await office.write("silence")
    await office.app.until(lambda: "a matcher a line" in office.view())
    (view,) = office.app.slack.app.views
    for _ in ("it hides nothing", "all the same"):
        await office.app.slack.app.submit(view, {"matchers": "team=nobody"})
    assert len(await silences(office)) == 1


async def test_silencing_what_is_none_of_ours_says_so(office: Office) -> None:
    await office.write("silence zzzzzzzz")
    await office.app.until(lambda: "the incident zzzzzzzz is not known any more" in office.view())
    assert "For how long?" in await office.write("silence team=a for ever")
    assert "<!channel>" not in await office.write("silence --<!channel>")
    assert len(office.app.slack.app.views) == 1


async def test_the_figures_of_the_last_four_weeks_are_those_of_the_api(office: Office) -> None:
    await office.press("noise", "expected")
    await office.app.until(office.said)
    said = await office.write("stats")
    total = (await office.app.ask("/api/v1/statistics")).json()["total"]
    assert f"{total['counts']['pages']} page of 1 incident, {total['counts']['calls']} call" in said
    assert "precision 0.0 % (" in said
    assert f": {total['precision']['verdict']}\n" in said
    assert "precision of the sample" in said
    for figure in ("told_share", "MTTA", "MTTR", "MTBF"):
        assert figure in said
    assert "alice" not in said


async def test_figures_that_take_longer_than_slack_waits_follow_later(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slack_commands, "SOON_SECONDS", 0.0)
    assert "`gateway stats` says the same" in await office.write("stats")
    await office.app.until(office.said)
    assert "1 page of 1 incident" in office.said()[0]


async def test_the_handover_says_what_is_open_changed_and_quiet(office: Office) -> None:
    incident = (await office.incident()).id
    await office.write(f"ack {incident}", "U0BOB")
    said = await office.write("handover")
    assert "(the last 12 hours)" in said
    assert f"*Open*: 1\n🔴 `{incident}`" in said
    assert "taken by bob" in said
    await office.until_buttons("unacknowledge", "silence", "resolve", "why", *LABELS)
    await office.press("unacknowledge", user="U0BOB")
    await office.until_buttons(*UNTAKEN)
    await office.press("snooze", "1h")
    await office.until_buttons("unsnooze", "why", *LABELS)
    assert "*Snoozed*: 1" in await office.write("handover since 8h")
    assert "is no time zone" in await office.write("handover since 18:00 Nowhere")
    assert "lists what is open" in await office.write("handover soon")


async def test_what_the_rules_hide_from_vendors_is_shown_by_no_command(starter: Starter) -> None:
    rules = RULES + "labels: {redact: [service]}\n"
    async with opened(starter, rules) as office:
        incident = (await office.incident()).id
        assert "redacted-" in await office.write("")
        for command in ("", "handover", f"why {incident}"):
            said = await office.write(command)
            assert "pay" not in said
            # Whoever has no key cannot find the value by hashing all that it may be.
            assert blake2b(b"pay", digest_size=4).hexdigest() not in said
        await office.write(f"silence {incident}")
        await office.app.until(lambda: "It hides" in office.view())
        assert "pay" not in office.view()


async def test_whoever_may_not_act_is_told_so_and_opens_nothing(starter: Starter) -> None:
    rules = RULES + "policy: {act: {slack_groups: [S0ONCALL1]}}\n"
    async with opened(starter, rules) as office:
        await office.app.until(lambda: office.app.gateway.reloader.in_force.rules.act.slack_groups)
        said = await office.write("silence team=nobody", "U0CHEN")
        assert "only members of the Slack groups S0ONCALL1" in said
        assert not office.app.slack.app.views


async def test_the_first_characters_of_an_id_are_enough_to_ask_why_and_to_take_it(office: Office) -> None:
    incident = (await office.incident()).id
    assert await office.write(f"why {incident[:3]}") == await office.write(f"why {incident}")
    assert await office.write(f"ack {incident[:3]}", "U0BOB") == f"You have {incident}."
    for written in ("why zzzzz", "ack zzzzz"):
        assert "there is no incident `zzzzz`: `/alerts` lists what is open" in (
            (await office.write(written)).replace("There", "there")
        )


async def test_whoever_takes_it_and_says_why_has_labelled_the_page_actionable(office: Office) -> None:
    incident = (await office.incident()).id
    await office.write(f"ack {incident}", "U0BOB")
    assert not [event for event in await events(office) if event["kind"] == "label"]
    said = await office.write(f"ack {incident[:4]} because <!channel> the disk is full", "U0BOB")
    assert said == f"You have {incident}, and your note stands in its thread."
    await office.app.until(
        lambda: any("bob: &lt;!channel&gt; the disk is full" in text for text in replies(office))
    )
    assert not any("<!channel>" in text for text in replies(office))
    (label,) = [event for event in await events(office) if event["kind"] == "label"]
    assert (label["pages"], label["value"], label["trust"], label["by"]) == (
        [f"{incident}|pager|1"],
        "actionable",
        "slack_ack_note",
        None,
    )
    taken = [event["note"] for event in await events(office) if event["kind"] == "acknowledged"]
    assert taken == [False, True]
    labels = (await office.app.ask("/api/v1/statistics")).json()["total"]["labels"]
    assert labels["by_trust"]["slack_ack_note"] == {"actionable": 1, "noise": 0}
    shown = (await office.app.ask(f"/api/v1/incidents/{incident}")).json()
    assert shown["acknowledged"]["note"] == "<!channel> the disk is full"


async def test_the_word_of_a_person_counts_before_a_note_in_slack(office: Office) -> None:
    incident = (await office.incident()).id
    await office.write(f"ack {incident} on it", "U0BOB")
    await office.press("noise", "expected")
    await office.app.until(office.said)
    labels = (await office.app.ask("/api/v1/statistics")).json()["total"]["labels"]
    assert (labels["noise"], labels["actionable"], labels["conflicts"]) == (1, 0, 1)


async def events(office: Office) -> list[dict[str, object]]:
    answered = await office.app.ask("/api/v1/statistics/events")
    return [json.loads(line) for line in answered.text.splitlines()]


def replies(office: Office) -> list[str]:
    return [reply.text for reply in office.message.live_replies]


async def test_an_id_that_may_mean_several_names_them_and_takes_none(office: Office) -> None:
    await office.app.webhook(*(alert(f"s{number}", starts="2026-11-23T10:00:00Z") for number in range(40)))
    listed = (await office.app.ask("/api/v1/incidents?state=all")).json()["items"]
    names = sorted(incident["id"] for incident in listed)
    begun = next(name[0] for name in names if sum(other[0] == name[0] for other in names) > 1)
    first = next(name for name in names if name[0] == begun)
    for word in ("why", "ack"):
        said = await office.write(f"{word} {begun}", "U0BOB")
        assert said.startswith(f"Not done: which? {first} (")
        assert said.endswith(f"begin with {begun}; give more of its characters.")
    listed = (await office.app.ask("/api/v1/incidents?state=all")).json()["items"]
    assert not any(incident["acknowledged"] for incident in listed)


async def test_the_first_characters_of_an_id_are_enough_to_silence_it(office: Office) -> None:
    incident = (await office.incident()).id
    assert await office.write(f"silence {incident[:3]} for 2h") == ""
    await office.app.until(lambda: "It hides 1 of 1 alerts that fire now" in office.view())
