"""Log lines are JSON or for a console, other libraries' too, and no secret is in any of them."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator

import pytest
import structlog

from gateway.telemetry.correlation import correlated
from gateway.telemetry.harmless_lines import HIDDEN, HideSecrets
from gateway.telemetry.logging import configure_logging

SECRET = "xoxb-1234-secret"


class Wrapped:
    def __repr__(self) -> str:
        return f"<key {SECRET}>"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        pytest.param(f"a {SECRET} b", f"a {HIDDEN} b", id="in a text"),
        pytest.param({SECRET: [SECRET]}, {HIDDEN: [HIDDEN]}, id="as a key and inside a list"),
        pytest.param((1, (SECRET,)), [1, [HIDDEN]], id="in nested tuples"),
        pytest.param(ValueError(SECRET), f"ValueError('{HIDDEN}')", id="in an exception that is a value"),
        pytest.param(Wrapped(), f"<key {HIDDEN}>", id="in what an object says of itself"),
        pytest.param(SECRET.encode(), f"b'{HIDDEN}'", id="in bytes"),
        pytest.param(None, None, id="nothing stays nothing"),
        pytest.param(1.5, 1.5, id="a number stays a number"),
        pytest.param(True, True, id="true stays true"),
    ],
)
def test_a_secret_is_hidden(value: object, shown: object) -> None:
    assert HideSecrets([SECRET])(None, "info", {"value": value}) == {"value": shown}


def test_of_two_secrets_the_longer_is_hidden_whole() -> None:
    assert HideSecrets(["secret", "secret-of-pay"])(None, "", {"event": "secret-of-pay"}) == {"event": HIDDEN}


def test_a_secret_that_becomes_known_later_is_hidden_from_then_on() -> None:
    known: set[str] = set()
    hide = HideSecrets(known)
    assert hide(None, "", {"event": SECRET}) == {"event": SECRET}
    known.add(SECRET)
    assert hide(None, "", {"event": SECRET}) == {"event": HIDDEN}


@pytest.fixture
def console() -> Iterator[io.StringIO]:
    stream, before = io.StringIO(), logging.getLogger().handlers
    configure_logging("console", "info", [SECRET], stream)
    yield stream
    logging.getLogger().handlers = before
    structlog.reset_defaults()


def test_the_console_shows_a_traceback_without_the_secret(console: io.StringIO) -> None:
    try:
        raise ValueError(SECRET)
    except ValueError as error:
        structlog.get_logger("gateway.test").error("it_failed", exc_info=error)
    assert "Traceback" in console.getvalue()
    assert SECRET not in console.getvalue()


def test_the_console_shows_other_libraries_lines(console: io.StringIO) -> None:
    logging.getLogger("elsewhere").warning("a key: %s", SECRET)
    assert f"a key: {HIDDEN}" in console.getvalue()


def lines(secrets: list[str]) -> list[dict[str, object]]:
    stream = io.StringIO()
    before = logging.getLogger().handlers
    configure_logging("json", "info", secrets, stream)
    try:
        log = structlog.get_logger("gateway.test")
        with correlated("c1"):
            log.info("something_happened", detail="token=xoxb-secret", nested={"a": ["xoxb-secret"]})
        try:
            raise ValueError("xoxb-secret in a traceback")
        except ValueError as error:
            log.error("it_failed", exc_info=error)
        logging.getLogger("elsewhere").warning("a foreign line with %s", "xoxb-secret")
        log.debug("too_quiet")
    finally:
        logging.getLogger().handlers = before
        structlog.reset_defaults()
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_every_line_is_json_with_its_correlation_and_foreign_ones_too() -> None:
    shown = lines([])
    assert [one["event"] for one in shown] == [
        "something_happened",
        "it_failed",
        "a foreign line with xoxb-secret",
    ]
    assert shown[0]["correlation"] == "c1"
    assert {"level", "timestamp", "logger"} <= shown[2].keys()


def test_no_secret_stands_in_any_line() -> None:
    assert "xoxb-secret" not in json.dumps(lines(["xoxb-secret"]))


ACTS = "\x1b]52;c;x\x07\x1b[2J\u202e\r"


@pytest.mark.parametrize("how", ["json", "console"])
def test_a_label_acts_on_no_terminal_that_shows_the_log(how: str) -> None:
    stream = io.StringIO()
    configure_logging(how, "info", [], stream)
    structlog.get_logger("gateway.x").warning("refused", path=f"a{ACTS}b", labels={f"k{ACTS}": [f"v{ACTS}"]})
    written = stream.getvalue()
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", written)
    assert "\\u001b" not in written
    assert "52;c" not in written


def test_a_label_forges_no_line_of_the_log_for_people() -> None:
    stream = io.StringIO()
    configure_logging("console", "info", [], stream)
    structlog.get_logger("gateway.x").warning("refused", path="a\n2026-11-29 [info] all_is_well\x85x\u2028y")
    assert len(stream.getvalue().splitlines()) == 1


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    stream, before = io.StringIO(), logging.getLogger().handlers
    configure_logging("json", "info", [SECRET], stream)
    yield stream
    logging.getLogger().handlers = before
    structlog.reset_defaults()


def test_a_line_holds_its_arguments_its_stack_and_texts_that_came_as_bytes(written: io.StringIO) -> None:
    log = structlog.get_logger("gateway.test")
    log.info("%d of %d", 1, 2, stack_info=True, name=b"caf\xc3\xa9")
    (line,) = map(json.loads, written.getvalue().splitlines())
    assert (line["event"], line["name"]) == ("1 of 2", "café")
    assert "test_logging.py" in line["stack"]
