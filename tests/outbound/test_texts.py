"""Small texts: durations, names, addresses, and what Slack would make of them."""

from __future__ import annotations

import pytest

from gateway.outbound.slack.text import joined, link, mention, moment, plain
from gateway.outbound.wording import clock, retry_after, shorten, spoken, tame, web_address
from tests.outbound.notifications import NOW

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (-5, "0s"),
        (45 * SECOND, "45s"),
        (12 * MINUTE + 59 * SECOND, "12m"),
        (3 * HOUR, "3h"),
        (3 * HOUR + 20 * MINUTE, "3h 20m"),
        (2 * DAY, "2d"),
        (2 * DAY + 4 * HOUR, "2d 4h"),
    ],
)
def test_a_duration_is_spoken_in_its_two_largest_units(length: int, said: str) -> None:
    assert spoken(length) == said


@pytest.mark.parametrize(
    ("text", "tamed"),
    [
        pytest.param("HighErrorRate", "HighErrorRate", id="a plain word stays"),
        pytest.param(" a \n\t b ", "a b", id="line breaks and runs of spaces become one space"),
        pytest.param("pay\u200b\u202e\ufeff\u0007ments", "payments", id="what cannot be seen is left out"),
        pytest.param("a\ud800b", "ab", id="half a character is left out"),
        pytest.param("größe 🔥", "größe 🔥", id="letters and signs of all languages stay"),
    ],
)
def test_a_tame_text_is_one_line_that_shows_all_it_holds(text: str, tamed: str) -> None:
    assert tame(text) == tamed


def test_a_shortened_text_says_so() -> None:
    assert (shorten("abcdef", 6), shorten("abcdef", 4)) == ("abcdef", "abc…")


@pytest.mark.parametrize(
    ("url", "address"),
    [
        pytest.param("https://r.example/a?b=1&c=2#d", "https://r.example/a?b=1&c=2#d", id="an address stays"),
        pytest.param(
            "http://p/graph?q=a|b > 1", "http://p/graph?q=a%7Cb%20%3E%201", id="bars, brackets and spaces are encoded"
        ),
        pytest.param(
            "https://r.example/\u202ea\nb", "https://r.example/a%20b", id="unseen characters go, line breaks are encoded"
        ),
        pytest.param("javascript:alert(1)", "", id="only http and https"),
        pytest.param("https://", "", id="without a host it is none"),
        pytest.param("//r.example", "", id="without a scheme it is none"),
        pytest.param("https://r.example/" + "x" * 100, "", id="too long is dropped, for half a link leads astray"),
        pytest.param("https://r.example/" + "|" * 60, "", id="too long once encoded is dropped as well"),
    ],
)
def test_links_are_addresses_that_can_stand_in_a_text(url: str, address: str) -> None:
    assert web_address(url, 100) == address


@pytest.mark.parametrize("at", [0, -62_135_596_800_000, 10**18])
def test_any_time_can_be_said(at: int) -> None:
    assert clock(at).endswith(" UTC")


def test_a_moment_is_in_the_readers_time_zone_and_has_its_date_when_it_is_not_of_today() -> None:
    assert moment(NOW, NOW) == "<!date^1800000000^{time}|08:00 UTC>"
    assert moment(NOW - DAY, NOW) == "<!date^1799913600^{date_short_pretty} {time}|08:00 UTC>"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("<!here> & <@U1>", "&lt;!here&gt; &amp; &lt;@U1&gt;", id="special characters are escaped"),
        pytest.param("http_requests_total", "http_requests_total", id="an underscore inside a word can be copied"),
        pytest.param("_it_ *b* ~s~ `c`", "\u200a_it\u200a_ \u200a*b\u200a* \u200a~s\u200a~ \u200a`c\u200a`", id="marks that would style are kept apart"),
        pytest.param("x" * 60, "x" * 39 + "…", id="a long text is cut"),
        pytest.param("&" * 30, "&amp;" * 7 + "…", id="escapes count, and are never cut in half"),
    ],
)  # fmt: skip
def test_a_plain_text_is_shown_as_it_is(text: str, shown: str) -> None:
    assert plain(text, 40) == shown


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
    ("said", "wait"),
    [
        pytest.param("7", 7_000, id="seconds"),
        pytest.param("", 1_234, id="nothing is said"),
        pytest.param("999999999", 300_000, id="no vendor keeps us away for hours"),
        pytest.param("9" * 5_000, 1_234, id="a number without end is none"),
        pytest.param("Wed, 21 Oct 2026 07:28:00 GMT", 1_234, id="a date is not what these vendors send"),
    ],
)
def test_a_retry_after_is_seconds_and_bounded(said: str, wait: int) -> None:
    assert retry_after(said, 1_234) == wait
