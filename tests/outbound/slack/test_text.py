"""Texts of a Slack message: what a label says calls nobody, links nowhere and becomes no emoji."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.outbound.slack.text import escape, joined, link, mention, moment, running, unstyled
from gateway.sandbox.slack.mrkdwn import mrkdwn
from tests.outbound.notifications import NOW

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000


def test_a_moment_is_in_the_readers_time_zone_and_has_its_date_when_it_is_not_of_today() -> None:
    assert moment(NOW, NOW) == "<!date^1800000000^{time}|08:00 UTC>"
    assert moment(NOW - 720_000, NOW, ago=True) == "<!date^1799999280^{time} ({ago})|07:48 UTC, 12m>"
    assert moment(NOW - DAY, NOW) == "<!date^1799913600^{date_short_pretty} {time}|08:00 UTC>"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("<!here> & <@U1>", "&lt;!here&gt; &amp; &lt;@U1&gt;", id="special characters are escaped"),
        pytest.param("http_requests_total", "http_requests_total", id="an underscore inside a word can be copied"),
        pytest.param("job:fire:rate5m", "job:\u200afire:rate5m", id="a colon pair that would become an emoji is broken"),
        pytest.param("2001:db8:100:a::7", "2001:\u200adb8:\u200a100:\u200aa::7", id="in an address, too"),
        pytest.param("at 02:46:10 *all* of a_b::c ~9~", "at 02:46:10 *all* of a_b::c ~9~", id="and nothing else is"),
        pytest.param("x" * 60, "x" * 39 + "…", id="a long text is cut"),
        pytest.param("&" * 30, "&amp;" * 7 + "…", id="escapes count, and are never cut in half"),
    ],
)  # fmt: skip
def test_a_plain_text_is_shown_as_it_is(text: str, shown: str) -> None:
    assert running(text, 40) == shown


def test_parts_that_do_not_fit_are_left_out_whole() -> None:
    assert joined(["abc", "", "defgh", "ij"], ", ", 8) == "abc, ij"


def test_a_link_escapes_its_address() -> None:
    assert link("https://r.example/?a=1&b=2", "Runbook") == "<https://r.example/?a=1&amp;b=2|Runbook>"


@pytest.mark.parametrize(
    ("who", "called"),
    [
        pytest.param("@here", "<!here>", id="everybody who is there"),
        pytest.param("channel", "<!channel>", id="everybody in the channel"),
        pytest.param("everyone", "<!everyone>", id="everybody"),
        pytest.param("U012345678", "<@U012345678>", id="a user's id"),
        pytest.param("@W0A1B2C3D", "<@W0A1B2C3D>", id="a user's id of an enterprise"),
        pytest.param("S012ABC", "<!subteam^S012ABC>", id="a group's id"),
        pytest.param("@payments-oncall", "@payments-oncall", id="a handle calls nobody"),
        pytest.param("PAYMENTS", "PAYMENTS", id="a team in capitals is no id"),
        pytest.param("SUPPORTERS", "SUPPORTERS", id="nor is one that begins with S"),
        pytest.param("<!channel>", "&lt;!channel&gt;", id="markup is text"),
    ],
)
def test_who_is_called(who: str, called: str) -> None:
    assert mention(who) == called


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("*bold* _it_ ~no~", "*\u200abold* _\u200ait_ ~\u200ano~", id="marks around a word"),
        pytest.param("**x**", "*\u200a*\u200ax**", id="twice as in Markdown"),
        pytest.param('{a=~"b",c=~"d"}', '{a=~\u200a"b",c=~"d"}', id="PromQL that would be struck through"),
        pytest.param('rate(x_total{a=~"b"}[5m]) * 100', 'rate(x_total{a=~"b"}[5m]) * 100', id="PromQL that does not act"),
        pytest.param("a_b_c 2*3*4", "a_b_c 2*3*4", id="marks inside words"),
        pytest.param("*one\ntwo*", "*one\ntwo*", id="not across lines"),
        pytest.param("*one and *two", "*\u200aone and *two", id="two that open"),
        pytest.param("`rm -rf` and ```code```", "ˋrm -rfˋ and ˋˋˋcodeˋˋˋ", id="code"),
        pytest.param("it`s", "it`s", id="a lone backtick"),
        pytest.param("https://r.example/_a_/*b *x*", "https://r.example/%5Fa_/%2Ab *\u200ax*", id="addresses lead on"),
        pytest.param("<!here> *x*", "<!here> *\u200ax*", id="a mention calls"),
    ],
)  # fmt: skip
def test_nothing_in_a_text_without_blocks_is_styled(text: str, shown: str) -> None:
    assert unstyled(text) == shown
    assert not re.search(r"<(b|i|s|code|pre)>", str(mrkdwn(unstyled(text))))


@given(st.text(alphabet='*_~`ab ."/:h<>&\n', max_size=30))
def test_no_text_without_blocks_is_styled(text: str) -> None:
    assert not re.search(r"<(b|i|s|code|pre)>", str(mrkdwn(unstyled(escape(text)))))
