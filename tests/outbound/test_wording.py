"""Small texts that every destination uses: durations, names, addresses and waits."""

from __future__ import annotations

import pytest

from gateway.model.notification import Refused
from gateway.outbound.wording import (
    links_of,
    literal,
    retry_after,
    shorten,
    tame,
    web_address,
    with_retry_after,
)
from tests.outbound.notifications import line, notification


@pytest.mark.parametrize(
    ("text", "tamed"),
    [
        pytest.param("HighErrorRate", "HighErrorRate", id="a plain word stays"),
        pytest.param(" a \n\t b ", "a b", id="line breaks and runs of spaces become one space"),
        pytest.param("pay\u200b\u202e\ufeff\u0007ments", "payments", id="what cannot be seen is left out"),
        pytest.param("a\ud800b", "ab", id="half a character is left out"),
        pytest.param("\x1b[1;31mred\x1b[0m \x9b4mline", "red line", id="colours of a terminal go as a whole"),
        pytest.param(
            "\x1b]8;;http://x\x07link\x1b]8;;\x1b\\ \x1b(Bend",
            "link end",
            id="links and character sets of one, too",
        ),
        pytest.param(
            "\x1b]0;never closed", "0;never closed", id="what only begins like one loses its unseen part"
        ),
        pytest.param("größe 🔥", "größe 🔥", id="letters and signs of all languages stay"),
    ],
)
def test_a_tame_text_is_one_line_that_shows_all_it_holds(text: str, tamed: str) -> None:
    assert tame(text) == tamed


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param(" sum by (le) (\n  rate(x[5m])  > 1\r\n) ", "sum by (le) (\n  rate(x[5m])  > 1\n)", id="lines and spaces stay"),
        pytest.param("a\n \n\n\nb", "a\nb", id="blank lines go"),
        pytest.param("\n".join("abcdefghijklmnop"), "\n".join("abcdefghijkl") + "\n…", id="a long list is cut"),
        pytest.param("\x1b[31mx\u200b" * 9, "xxxxxxxxx", id="nothing unseen is in it"),
        pytest.param("x" * 50, "x" * 39 + "…", id="nor more than fits"),
    ],
)  # fmt: skip
def test_a_literal_text_is_read_and_copied_as_it_was_written(text: str, shown: str) -> None:
    assert literal(text, 40) == shown


def test_a_shortened_text_says_so() -> None:
    assert (shorten("abcdef", 6), shorten("abcdef", 4)) == ("abcdef", "abc…")


@pytest.mark.parametrize(
    ("url", "address"),
    [
        pytest.param("https://r.example/a?b=1&c=2#d", "https://r.example/a?b=1&c=2#d", id="an address stays"),
        pytest.param(
            "http://p/graph?q=a|b > 1",
            "http://p/graph?q=a%7Cb%20%3E%201",
            id="bars, brackets and spaces are encoded",
        ),
        pytest.param(
            "https://r.example/\u202ea\nb",
            "https://r.example/a%20b",
            id="unseen characters go, line breaks are encoded",
        ),
        pytest.param("javascript:alert(1)", "", id="only http and https"),
        pytest.param("https://", "", id="without a host it is none"),
        pytest.param("//r.example", "", id="without a scheme it is none"),
        pytest.param(
            "https://r.example/" + "x" * 100, "", id="too long is dropped, for half a link leads astray"
        ),
        pytest.param("https://r.example/" + "|" * 60, "", id="too long once encoded is dropped as well"),
    ],
)
def test_links_are_addresses_that_can_stand_in_a_text(url: str, address: str) -> None:
    assert web_address(url, 100) == address


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


@pytest.mark.parametrize(
    ("reason", "said", "wait"),
    [
        pytest.param("auth", "3600", 3_600_000, id="an hour is kept to"),
        pytest.param("proxy", "999999999", 21_600_000, id="no longer than six hours"),
        pytest.param("not_found", "", 0, id="nothing is said"),
        pytest.param("invalid", "3600", 0, id="one content alone is not asked with again"),
    ],
)
def test_a_destination_that_refuses_everything_is_not_asked_before_the_time_that_it_names(
    reason: str, said: str, wait: int
) -> None:
    refused = Refused(reason, "HTTP 403", permanent=True)
    assert with_retry_after(refused, said, 0) == Refused(reason, "HTTP 403", permanent=True, retry_after=wait)


@pytest.mark.parametrize(
    ("runbooks", "shown", "left_out"),
    [
        pytest.param(
            ["https://r.example/a"] * 3, {"Runbook": "https://r.example/a"}, "", id="one runbook of all"
        ),
        pytest.param(
            ["see the wiki", "https://r.example/a", "https://r.example/b"],
            {"Runbook": "https://r.example/a"},
            "+2 runbooks",
            id="an address before what is none",
        ),
        pytest.param(
            ["page 3", "page 4"], {}, "+1 runbook", id="the first of what is no address is shown as a text"
        ),
        pytest.param(["https://r.example/" + "x" * 99], {}, "+1 runbook", id="an address that is too long"),
        pytest.param([""], {}, "", id="none"),
    ],
)
def test_what_the_links_leave_out_is_counted(
    runbooks: list[str], shown: dict[str, str], left_out: str
) -> None:
    alerts = tuple(line(runbook=runbook) for runbook in runbooks)
    assert links_of(notification(lines=alerts), 60) == (shown, left_out)
