"""Readers of mail as a destination: where they stand in routes, and what is another place."""

from __future__ import annotations

import re

import pytest

from gateway.model.durations import MINUTE
from gateway.model.rules.destination import Interrupts, UpdateLimit
from gateway.outbound.mail.destination import ADDRESS, EMAIL, Mailbox
from gateway.outbound.mail.message import Envelope

OPS = Mailbox(("ops@example.org", "dev@example.org"), "alerts@example.org")


def test_it_wakes_nobody_and_is_brought_up_to_date_now_and_then() -> None:
    assert (OPS.interrupts, OPS.shows_quiet) == (Interrupts.NEVER, False)
    assert OPS.update_limit == UpdateLimit(15 * MINUTE, 6)


def test_its_address_holds_all_that_a_later_mail_needs() -> None:
    assert Envelope.parse(OPS.address) == Envelope(
        "alerts@example.org", ("ops@example.org", "dev@example.org")
    )


def test_the_same_readers_are_the_same_place_whoever_sends() -> None:
    assert OPS.place == Mailbox(("dev@example.org", "ops@example.org"), "other@example.org").place
    assert OPS.place != Mailbox(("ops@example.org",), "alerts@example.org").place


def test_another_server_or_password_is_the_same_place() -> None:
    assert EMAIL.place_in_secret("smtp://a:b@one.example") == EMAIL.place_in_secret("smtps://c:d@two.example")


def test_a_reader_who_is_named_twice_gets_one_mail() -> None:
    made = EMAIL.make({"to": ("a@example.org", "a@example.org"), "from": "b@example.org"})
    assert made == Mailbox(("a@example.org",), "b@example.org")


@pytest.mark.parametrize(
    "address", ["ops@example.org", "a.b+c@mail.example.org", "root@localhost", "o'neil@x-y.example"]
)
def test_an_address_is_taken(address: str) -> None:
    assert re.fullmatch(ADDRESS, address)


@pytest.mark.parametrize(
    "address",
    ["", "ops", "@example.org", "ops@", "a@b@c", "a b@example.org", "ops@-example.org", "ops@example..org", ".a@example.org",
     "a@example.org>b", "a,b@example.org", "a|b@example.org", "a@example.org\r\nBcc: b@example.org", '"a b"@example.org'],
)  # fmt: skip
def test_what_is_no_address_is_not(address: str) -> None:
    assert not re.fullmatch(ADDRESS, address)
