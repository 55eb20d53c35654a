"""A telling as a Slack message: what it says, and that no text in it can break it or call anybody."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.model.ledger import Note, NotifiedState
from gateway.model.notification import Notification
from gateway.model.severity import Severity
from gateway.model.worded import FiringTimes, Quieted, TakenStep
from gateway.outbound.slack.blocks import Rendered, render, render_notes, render_plainly
from gateway.outbound.slack.buttons import with_buttons
from gateway.outbound.slack.text import escape
from gateway.sandbox.slack.blocks import check_blocks, text_length
from gateway.sandbox.slack.mentions import mentioned, mrkdwn_of
from tests.outbound.notifications import NOW, line, notification, notifications, texts

SILENCED = Quieted("silenced", "silence aa0671bb by ann", "CHG-12 disk swap", NOW + 3_600_000)
FLAPPED = FiringTimes(first_at=NOW - 60_000, since=NOW - 20_000, ended_at=None, times=3, fired_for=20_000)
OUR_MARKS = re.compile(
    r"<!date\^\d+\^[^|>]*\|[^>]*>|<https?://[^\s<>|]+\|[^|<>]*(Runbook|Dashboard|Query|Panel|Image|Silence at its source)>",
    re.IGNORECASE,
)


def words(rendered: Rendered) -> str:
    return rendered.text + "\n" + str(rendered.blocks)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param({}, ["🔴 CRITICAL: HighErrorRate · pay", "9 % fail", "Where: eu-1 › pay", "Firing since <!date^1799999940^{time} ({ago})|07:59 UTC, 1m>", "payments (rules/pay.yaml:7)"], id="firing"),
        pytest.param({"severity": Severity.WARNING}, ["🟡 WARNING"], id="a warning is yellow"),
        pytest.param({"acknowledged_by": "ann", "acknowledged_at": NOW}, ["👀 ann has it since", "<!date^1800000000^{time}|08:00 UTC>"], id="who has it"),
        pytest.param({"escalation": TakenStep("payments", 2, 900_000, True)}, ["pay — escalation, step 2 — 9 % fail", "⏫ Escalation, step 2 of payments: nobody had it after 15m"], id="an escalation"),
        pytest.param({"owner": "payments"}, ["Owner: payments"], id="whose it is"),
        pytest.param({"state": NotifiedState.ENDED, "firing": 0, "ended": 1, "ended_at": NOW + 3_600_000}, ["✅ Resolved", "it took 1h 1m"], id="ended, and how long it took"),
        pytest.param({"state": NotifiedState.CLOSED, "closed_by": "ann"}, ["☑️ Closed by hand", "; closed by ann while it still fires"], id="closed by hand"),
        pytest.param({"state": NotifiedState.MOVED, "moved_to": "told at pay-slack now"}, ["➡️ Moved", "told at pay-slack now"], id="moved"),
        pytest.param({"moved": 1, "lines": (line(), line("DiskFull", labels={"pod": "p1"}, moved=True))}, ["2 alerts: 1 firing, 1 moved", "➡️ DiskFull pod=p1, told here no longer"], id="one of two is told elsewhere now"),
        pytest.param({"quiet_until": NOW + 60_000, "firing": 0, "ended": 1}, ["⏳ Quiet", "closes <!date^1800000060^"], id="quiet, and when it closes"),
        pytest.param({"reason": "re-opened without a newer start"}, ["re-opened without a newer start"], id="a reason"),
        pytest.param({"often": FLAPPED}, ["this time since <!date^1799999980^", "3rd time in 40s, firing 20s of them"], id="it flaps"),
        pytest.param({"lines": (line(often=FLAPPED), line("Other"))}, ["HighErrorRate pod=pay-1 (3rd time in 40s, firing 20s of them)"], id="one of two alerts flaps"),
        pytest.param({"quieted": SILENCED}, ["🔕 Silenced (critical): HighErrorRate", "🔕 silenced until", "<!date^1800003600^", "— CHG-12 disk swap (silence aa0671bb by ann)", "To end it: gateway silence end aa0671bb"], id="all of it is silenced"),
        pytest.param({"quieted": msgspec.structs.replace(SILENCED, part="1 of 2")}, ["🔴 CRITICAL: HighErrorRate", "🔕 1 of 2: silenced until"], id="a part of it is silenced"),
        pytest.param({"quieted": Quieted("muted", "nights (pay.yaml:3)", "office-nights")}, ["🔕 Muted (critical): ", "🔕 muted: office-nights (nights (pay.yaml:3))"], id="muted, and by which interval"),
        pytest.param({"pages": {"payments": NOW - 50_000, "ops": NOW}}, ["📟 Paged payments", "<!date^1799999950^{time}|07:59 UTC>", ", ops", "<!date^1800000000^"], id="whom it paged"),
        pytest.param({"not_sent": 37}, ["and 37 more of this group that Alertmanager left out (max_alerts)"], id="what Alertmanager left out"),
        pytest.param({"hidden": SILENCED}, ["🔴 CRITICAL", "🔔 Kept quiet before: silenced until", "<!date^1800003600^"], id="what hid it until now"),
        pytest.param({"previous": "older1"}, ["goes on from older1"], id="the incident before"),
        pytest.param({"trace": "4bf92f3577b34da6"}, ["trace 4bf92f3577b34da6"], id="the trace"),
        pytest.param({"firing": 40, "lines": tuple(line(labels={"pod": f"p{n}"}) for n in range(40))}, ["🔴 HighErrorRate ×40: pod=p0…39"], id="members share a row"),
        pytest.param({"firing": 12, "lines": tuple(line(f"Kind{n}") for n in range(12))}, ["Kind0", "… and 2 more"], id="members are summarised"),
        pytest.param({"lines": (line(runbook="https://r.example/a|b", dashboard="javascript:x", source="http://p.example"),)}, ["'url': 'https://r.example/a%7Cb'", "'text': '🔎 Query'", "'url': 'http://p.example'"], id="links, only http(s)"),
    ],
)  # fmt: skip
def test_what_it_says(change: dict[str, object], expected: list[str]) -> None:
    said = words(render(notification(**change)))
    for text in expected:
        assert text in said
    assert "javascript" not in said


def test_the_first_message_of_a_page_calls_people_and_an_end_does_not() -> None:
    paging = notification(page=True, mentions=("@here", "S012345678"))
    assert render(paging).text.startswith("<!here> <!subteam^S012345678>")
    assert "<!here>" not in words(
        render(notification(page=True, mentions=("@here",), state=NotifiedState.ENDED))
    )


def test_whoever_a_message_has_no_room_to_call_is_counted() -> None:
    groups = tuple(f"S{number:010}" for number in range(80))
    called = render(notification(page=True, mentions=groups)).text
    assert len(mentioned(called)) == 80
    text = render(notification(page=True, mentions=groups * 2)).text
    missing = 160 - text.count("<!subteam^")
    assert missing > 0
    assert f"+{missing} not called" in text
    assert "HighErrorRate" in text


def test_the_largest_message_stays_below_what_slack_takes() -> None:
    long, url = "x" * 5_000, "https://d.example/" + "y" * 1_400
    links = dict.fromkeys(("runbook", "dashboard", "panel", "image", "source", "silence"), url)
    alerts = tuple(
        line(
            long, labels={f"{n}{long}": long for n in range(9)}, thing=f"{n}{long}", description=long, **links
        )
        for n in range(40)
    )
    texts_of_it = dict.fromkeys(
        ("title", "rule", "previous", "owner", "reason", "acknowledged_by", "sent_severity"), long
    )
    largest = notification(
        lines=alerts, firing=40, where={f"{n}{long}": long for n in range(30)}, said=(long,) * 9,
        place={"cluster": long, "namespace": long}, page=True, mentions=("S0123456789",) * 99,
        pages={f"{n}{long}": NOW for n in range(9)}, not_sent=9, acknowledged_at=NOW,
        hidden=Quieted("silenced", rule=long, because=long, until=NOW), **texts_of_it,
    )  # fmt: skip
    blocks: list[object] = list(render(largest).blocks)
    check_blocks(blocks)
    assert text_length(blocks) <= 10_000


def test_links_that_a_message_does_not_show_are_counted() -> None:
    alerts = tuple(
        line(runbook=f"https://r.example/{n}", source=f"https://q.example/{n % 3}") for n in range(600)
    )
    assert "+599 runbooks, +2 queries" in words(render(notification(lines=alerts)))


def test_notes_are_one_reply_and_call_people_only_where_one_should() -> None:
    assert render_notes([Note("Resolved")], ("@here",)).text == "Resolved"
    assert (
        render_notes([Note("It got worse", mention=True), Note("<x>")], ("@here",)).text
        == "<!here>\nIt got worse\n&lt;x&gt;"
    )


@given(notifications)
@settings(max_examples=150)
def test_any_text_stays_within_slacks_limits_and_calls_nobody(any_telling: Notification) -> None:
    for rendered in (render(any_telling), render_plainly(any_telling)):
        blocks: list[object] = list(rendered.blocks)
        check_blocks(blocks)
        assert 1 <= len(rendered.text) <= 4_000
        assert text_length(blocks) <= 10_000
        assert mentioned(rendered.text, blocks, link_names=False) == ()
        for text in (rendered.text, *mrkdwn_of(blocks)):
            assert "<" not in OUR_MARKS.sub("", text), "only our own times and links are marked up"
            assert not re.search(r"&(?!amp;|lt;|gt;)", OUR_MARKS.sub("", text)), "no escape is cut in half"
            text.encode("utf-8")


@given(st.lists(st.builds(Note, texts, st.booleans(), st.booleans()), max_size=40))
@settings(max_examples=50)
def test_any_notes_fit_into_one_reply(notes: list[Note]) -> None:
    text = render_notes(notes, ("@here", "<!channel>")).text
    assert len(text) <= 3_000
    assert set(mentioned(text)) <= {"@here"}


def test_every_text_that_slack_formats_is_verbatim() -> None:
    blocks = render(notification(lines=(line(summary="see @here and http://evil.example"),))).blocks
    formatted = [
        one
        for block in blocks
        for one in (block.get("text"), *block.get("elements", ()))
        if one and one["type"] == "mrkdwn"
    ]
    assert formatted
    assert all(one["verbatim"] for one in formatted)


def test_a_long_title_is_cut_and_fits() -> None:
    header = render(notification(title="x" * 400)).blocks[0]["text"]["text"]
    assert header.endswith("x…")
    assert len(header) == 150


def said_by(rendered: Rendered) -> str:
    return "\n".join(block["text"]["text"] for block in rendered.blocks if "text" in block)


def test_the_facts_of_a_description_stand_beside_the_summary_and_lead_on_a_phone() -> None:
    alert = line(
        summary="Volume is filling up.", description="data-pg-0 has 2.3 % left", thing="db/data-pg-0"
    )
    rendered = render(notification(title="VolumeFull · db/data-pg-0", lines=(alert,)))
    assert "Volume is filling up.\ndata-pg-0 has 2.3 % left" in said_by(rendered)
    assert rendered.text.startswith(
        "🔴 CRITICAL: VolumeFull · db/data-pg-0 — data-pg-0 has 2.3 % left — cluster=eu-1"
    )


def test_what_a_cap_leaves_out_is_counted() -> None:
    where = {"cluster": "eu", **{f"label{n}": "x" for n in range(9)}, "uid": "7"}
    lines = tuple(
        line(summary=f"pod {n} fails", labels={"pod": f"p{n}", **{f"own{m}": str(n) for m in range(5)}})
        for n in range(5)
    )
    said = said_by(render(notification(where=where, plumbing=1, lines=lines)))
    assert "label7=x  ·  +2 labels" in said
    assert "+2 summaries" in said
    assert "pod=p4 own0=4 own1=4 own2=4 +2 labels" in said


def test_ids_are_left_out_of_a_line_unless_nothing_else_tells_alerts_apart() -> None:
    lines = tuple(line(labels={"pod": f"p{n}", "uid": f"u{n}"}, plumbing=1) for n in range(2))
    assert "pod=p1 +1 label" in said_by(render(notification(lines=lines)))
    twins = tuple(line(labels={"pod": "p", "uid": f"u{n}"}, plumbing=1) for n in range(2))
    assert "uid=u0, u1" in said_by(render(notification(where={"pod": "p"}, lines=twins)))


def test_the_senders_own_word_for_the_severity_stands_beside_ours() -> None:
    rendered = render(notification(severity=Severity.WARNING, sent_severity="severity=blip"))
    assert "WARNING, sent as severity=blip" in said_by(rendered)


def test_nobody_is_said_to_have_it_who_did_not_say_so() -> None:
    said = words(render(notification(pages={"payments": NOW}))).lower()
    assert not [claim for claim in ("nobody", "no one", "unanswered", "not answered") if claim in said]


def test_more_pages_than_fit_are_counted() -> None:
    said = words(render(notification(pages={f"pager{n}": NOW for n in range(7)})))
    assert "pager3" in said
    assert "+3" in said


def test_links_are_buttons_while_it_fires_and_a_line_once_it_is_over() -> None:
    lines = (
        line(runbook="https://r.example/1", dashboard="https://d.example"),
        line(runbook="https://r.example/2"),
    )
    (buttons,) = (block for block in render(notification(lines=lines)).blocks if block["type"] == "actions")
    assert [(button["text"]["text"], button["url"]) for button in buttons["elements"]] == [
        ("📕 Runbook", "https://r.example/1"), ("📈 Dashboard", "https://d.example"),
    ]  # fmt: skip
    over = render(notification(lines=lines, state=NotifiedState.ENDED, ended_at=NOW))
    assert "<https://r.example/1|📕 Runbook>  ·  <https://d.example|📈 Dashboard>" in words(over)
    assert not [block for block in over.blocks if block["type"] == "actions"]


def test_further_links_are_a_line_below_the_buttons() -> None:
    shown = render(
        notification(
            lines=(line(source="https://g.example/rule", panel="https://g.example/d/x?viewPanel=2"),)
        )
    )
    kinds = [block["type"] for block in shown.blocks]
    assert "<https://g.example/d/x?viewPanel=2|📊 Panel>" in str(shown.blocks[kinds.index("actions") + 1])


@pytest.mark.parametrize("runbook", ["/hardware/memory", "ask the db team", "wiki: page 7"])
def test_a_runbook_that_is_no_address_is_text(runbook: str) -> None:
    assert f"📕 Runbook: {runbook}" in said_by(render(notification(lines=(line(runbook=runbook),))))


def test_no_link_leads_to_the_api() -> None:
    assert "/api/" not in words(render(notification(link="https://gw.example/api/v1/incidents/abc123")))


def test_a_line_of_an_alert_says_how_much_later_it_began_and_how_long_it_took() -> None:
    lines = (
        line(labels={"pod": "p0", "zone": "a"}),
        line(labels={"pod": "p1", "zone": "b"}, started_at=NOW - 48_000),
        line(labels={"pod": "p2"}, ended_at=NOW),
    )
    said = said_by(render(notification(lines=lines, firing=2, ended=1)))
    assert (
        "🔴 HighErrorRate pod=p0 zone=a\n🔴 HighErrorRate pod=p1 zone=b, 12s later\n✅ HighErrorRate pod=p2, ended after 1m"
        in said
    )


ODD = (
    "rate(http_errors_total{job=~\"a|b\"}[5m]) * 100 > 5", "2001:db8:100:a:b::7", "arn:aws:sqs:eu-1:100:new:jobs", "https://wiki.example/~sre/run_book?q=*&x=_id_",
    "52:54:00:ab:cd:ef", "<!channel> & <@U12345678>", "`code` *bold* _it_ ~s~",
)  # fmt: skip


@pytest.mark.parametrize("odd", ODD)
def test_nothing_in_a_value_acts_wherever_it_stands(odd: str) -> None:
    alerts = tuple(
        line(
            odd, summary=odd, labels={"odd": odd, "pod": pod}, runbook=f"see {odd}", silenced_after_notify=odd
        )
        for pod in "ab"
    )
    told = notification(
        title=odd, lines=alerts, where={"cluster": odd, "zone": odd}, acknowledged_by=odd, owner=odd, rule=odd, previous=odd, reason=odd,
        quieted=Quieted("silenced", f"silence s1 by {odd}", odd, NOW), sent_severity=f"severity={odd}",
    )  # fmt: skip
    formatted = [*mrkdwn_of(list(render(told).blocks))]
    assert formatted
    assert not any(shown in text for text in formatted for shown in (odd, escape(odd)))
    literal = [text for text in texts_of(render(told).blocks) if text["type"] == "plain_text"]
    assert all(text["emoji"] is False for text in literal)
    assert sum(odd in text["text"] for text in literal) >= 6


@pytest.mark.parametrize("odd", ODD)
def test_nothing_in_a_note_acts(odd: str) -> None:
    (block,) = render_notes([Note(f"new: {odd}")], ()).blocks
    assert block["text"] == {"type": "plain_text", "text": f"new: {odd}", "emoji": False}


def texts_of(structure: object) -> list[dict[str, Any]]:
    """Every text object in blocks."""
    if isinstance(structure, dict):
        own = [structure] if structure.get("type") in ("plain_text", "mrkdwn") else []
        return own + [text for inner in structure.values() for text in texts_of(inner)]
    return (
        [text for inner in structure for text in texts_of(inner)]
        if isinstance(structure, (list, tuple))
        else []
    )


def test_more_notes_than_fit_are_counted() -> None:
    text = render_notes([Note(f"{n} " + "x" * 900) for n in range(8)], ()).text
    assert text.endswith("… and 5 more")


def test_the_same_telling_is_rendered_the_same() -> None:
    assert render(notification()) == render(notification())


def test_a_silenced_page_calls_nobody_and_asks_nobody_to_take_it() -> None:
    said = words(render(notification(page=True, mentions=("@here",), quieted=SILENCED)))
    assert "<!here>" not in said
    assert "Nobody has it" not in said


def test_a_weekly_digest_shows_its_sections_and_has_nothing_to_press() -> None:
    said = ("Four weeks: 3 pages <!here>", "x" * 9_000, "• *no* markup", "a", "b")
    report = msgspec.structs.replace(notification(), title="Pages of pay", report=said)
    rendered = with_buttons(render(report), report)
    assert [block["type"] for block in rendered.blocks] == ["header", *["section"] * 5]
    blocks = [*rendered.blocks]
    check_blocks(blocks)
    assert text_length(blocks) < 10_000
    assert mentioned(rendered.text, blocks, link_names=False) == ()
    assert rendered.text == "Pages of pay"
    assert "Four weeks" in render_plainly(report).text
