"""A telling as a Slack message: what it says, and that no text in it can break it or call anybody."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.model.incident import Note, Told
from gateway.model.severity import Severity
from gateway.model.telling import Line, Telling
from gateway.outbound.slack_blocks import Rendered, render, render_notes, render_plainly
from gateway.outbound.slack_text import mention

NOW = 1_800_000_000_000
HOSTILE = "<!channel> <@U12345678> <http://evil|click> @here & *bold* `x` \u202eesrever\u200b\n\n> quote"


def line(name: str = "HighErrorRate", **more: object) -> Line:
    given = {
        "severity": Severity.CRITICAL,
        "labels": {"pod": "pay-1"},
        "summary": "9 % fail",
        "started_at": NOW - 60_000,
        "ended_at": 0,
    }
    return Line(name, **{**given, **more})  # type: ignore[arg-type]


def telling(**more: object) -> Telling:
    given: dict[str, object] = {
        "incident": "abc123", "target": "chat", "generation": 1, "revision": 1, "state": Told.FIRING, "severity": Severity.CRITICAL,
        "title": "HighErrorRate · pay", "where": {"cluster": "eu-1", "service": "pay"}, "lines": (line(),), "firing": 1, "ended": 0,
        "started_at": NOW - 60_000, "ended_at": 0, "at": NOW, "rule": "payments (rules/pay.yaml:7)",
    }  # fmt: skip
    return Telling(**{**given, **more})  # type: ignore[arg-type]


def words(rendered: Rendered) -> str:
    return rendered.text + "\n" + str(rendered.blocks)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param({}, ["🔴 CRITICAL: HighErrorRate · pay", "9 % fail", "eu-1", "Firing since", "Nobody has it yet", "payments (rules/pay.yaml:7)"], id="firing"),
        pytest.param({"severity": Severity.WARNING}, ["🟡 WARNING"], id="a warning is yellow"),
        pytest.param({"acknowledged_by": "ann", "acknowledged_at": NOW}, ["ann has it since"], id="who has it"),
        pytest.param({"owner": "payments"}, ["owner: payments"], id="whose it is"),
        pytest.param({"state": Told.ENDED, "firing": 0, "ended": 1, "ended_at": NOW + 3_600_000}, ["✅ Resolved", "it took *1h 1m*"], id="ended, and how long it took"),
        pytest.param({"state": Told.CLOSED, "closed_by": "ann"}, ["☑️ Closed by hand", "closed by ann while it still fires"], id="closed by hand"),
        pytest.param({"state": Told.MOVED, "closed_by": "told at pay-slack now"}, ["➡️ Moved", "told at pay-slack now"], id="moved"),
        pytest.param({"quiet_until": NOW + 60_000, "firing": 0, "ended": 1}, ["⏳ Quiet", "closes <!date^1800000060^"], id="quiet, and when it closes"),
        pytest.param({"reason": "re-opened without a newer start"}, ["re-opened without a newer start"], id="a reason"),
        pytest.param({"previous": "older1"}, ["goes on from older1"], id="the incident before"),
        pytest.param({"firing": 40, "lines": tuple(line(labels={"pod": f"p{n}"}) for n in range(40))}, ["pod=p0", "… and 30 more", "(+39)"], id="members are summarised"),
        pytest.param({"lines": (line(runbook="https://r.example/a|b", dashboard="javascript:x", source="http://p.example"),)}, ["<https://r.example/a%7Cb|Runbook>", "<http://p.example|Source>"], id="links, only http(s)"),
    ],
)  # fmt: skip
def test_what_it_says(change: dict[str, object], expected: list[str]) -> None:
    said = words(render(telling(**change)))
    for text in expected:
        assert text in said
    assert "javascript" not in said


def test_the_first_message_of_a_page_calls_people_and_an_end_does_not() -> None:
    paging = telling(page=True, mentions=("@here", "S012345678"))
    assert render(paging).text.startswith("<!here> <!subteam^S012345678>")
    assert "<!here>" not in words(render(telling(page=True, mentions=("@here",), state=Told.ENDED)))


@pytest.mark.parametrize(
    ("who", "called"),
    [("@here", "<!here>"), ("channel", "<!channel>"), ("U012345678", "<@U012345678>"), ("S012345678", "<!subteam^S012345678>"), ("@payments", "@payments"), ("<!channel>", "&lt;!channel&gt;")],
)  # fmt: skip
def test_who_is_called(who: str, called: str) -> None:
    assert mention(who) == called


def test_notes_are_one_reply_and_call_people_only_where_one_should() -> None:
    assert render_notes([Note("Resolved")], ("@here",)).text == "Resolved"
    assert (
        render_notes([Note("It got worse", mention=True), Note("<x>")], ("@here",)).text == "<!here>\nIt got worse\n&lt;x&gt;"
    )


texts = st.one_of(st.text(max_size=200), st.sampled_from([HOSTILE, "x" * 5_000, "", "\ud800", "🔥" * 400]))
tellings = st.builds(
    telling,
    title=texts,
    where=st.dictionaries(texts, texts, max_size=12),
    lines=st.lists(st.builds(line, texts, labels=st.dictionaries(texts, texts, max_size=6), summary=texts, runbook=texts, source=texts), max_size=30).map(tuple),
    firing=st.integers(0, 500),
    ended=st.integers(0, 500),
    state=st.sampled_from([Told.FIRING, Told.ENDED, Told.CLOSED, Told.MOVED]),
    acknowledged_by=texts, closed_by=texts, rule=texts, reason=texts, owner=texts, previous=texts,
)  # fmt: skip


@given(tellings)
@settings(max_examples=200, deadline=None)
def test_any_text_stays_within_slacks_limits_and_calls_nobody(any_telling: Telling) -> None:
    for rendered in (render(any_telling), render_plainly(any_telling)):
        assert len(rendered.text) <= 4_000
        assert len(rendered.blocks) <= 50
        total = 0
        for block in rendered.blocks:
            shown = [block["text"]] if "text" in block else block["elements"]
            total += sum(len(one["text"]) for one in shown)
            assert all(1 <= len(one["text"]) <= (150 if block["type"] == "header" else 3_000) for one in shown)
            for one in shown:
                if one["type"] == "mrkdwn":
                    raw = re.sub(
                        r"<!date\^\d+\^[^|>]*\|[^>]*>|<https?://[^\s<>]+\|(Runbook|Dashboard|Source|Incident)>", "", one["text"]
                    )
                    assert "<" not in raw, "only our own times and links are marked up"
        assert total <= 9_000
        assert "<!channel>" not in rendered.text
        rendered.text.encode("utf-8")
