"""Readers of a message learn whom the incident has paged, and since when: what is known, and no more."""

from __future__ import annotations

import msgspec
import pytest

from gateway.model.durations import MINUTE, SECOND
from gateway.model.ledger import NEVER_NOTIFIED, Endpoint, Ledger, NotifiedState
from gateway.model.verdict import NotifyReason
from tests.decisions.cases import alert, planned, route, seen_by, told
from tests.support.build import START, pager, rulebook, slack


def both(at: int = 10 * SECOND) -> tuple[Ledger, Ledger]:
    return told("chat", alert(), at=at), told("pager", alert(), at=at + SECOND)


def test_once_a_page_is_taken_the_message_says_so_and_nothing_else_changes() -> None:
    chat, page = both()
    view = seen_by("chat", alert(), at=MINUTE, ledgers=(chat, page))
    assert view.desired.pages == {"pager": START + 11 * SECOND}
    assert msgspec.structs.replace(view.desired, pages={}) == chat.last_notified
    assert (view.reason, view.due) == (NotifyReason.PAGED_ELSEWHERE, view.update_at)


def test_a_page_that_is_only_due_is_not_told() -> None:
    chat, _ = both()
    assert seen_by("chat", alert(), at=MINUTE, ledgers=(chat,)).desired.pages == {}


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"endpoint": Endpoint("log", "pager", "KEY", "mark")}, id="the log calls nobody"),
        pytest.param({"last_notified": NEVER_NOTIFIED}, id="nothing was told"),
    ],
)  # fmt: skip
def test_what_has_called_nobody_is_no_page(changed: dict[str, object]) -> None:
    chat, page = both()
    page = msgspec.structs.replace(page, **changed)  # type: ignore[arg-type]
    assert seen_by("chat", alert(), at=MINUTE, ledgers=(chat, page)).desired.pages == {}


def test_the_pages_time_is_that_of_its_generation_also_where_a_version_kept_none() -> None:
    chat, page = both()
    older = msgspec.structs.replace(page, paged_at=None)
    view = seen_by("chat", alert(), at=MINUTE, ledgers=(chat, older))
    assert view.desired.pages == {"pager": page.first_notified_at}


def test_a_page_is_not_taken_back_while_the_message_goes_on() -> None:
    chat, page = both()
    said = told("chat", alert(), at=MINUTE, ledgers=(chat, page))
    over = msgspec.structs.replace(
        page, last_notified=msgspec.structs.replace(page.last_notified, state=NotifiedState.ENDED)
    )
    view = seen_by("chat", alert(), at=2 * MINUTE, ledgers=(said, over))
    assert view.desired.pages == {"pager": START + 11 * SECOND}


def test_no_event_is_sent_for_it_but_the_next_one_says_it() -> None:
    rules = rulebook(route(page=("pager", "second")), destinations=(slack(), pager(), pager("second")))
    pages = tuple(told(name, alert(), at=SECOND, rules=rules) for name in ("pager", "second"))
    views = planned(alert(), at=MINUTE, rules=rules, ledgers=pages).views
    assert not views["pager"].differs
    assert views["pager"].pages == {"second": START + SECOND}


def test_a_page_is_told_of_the_message_once_that_is_posted() -> None:
    chat, page = both()
    chat = msgspec.structs.replace(chat, message_link="https://shop.slack.example/archives/C1/p11")
    view = seen_by("pager", alert(), at=MINUTE, ledgers=(chat, page))
    assert view.desired.message_link == chat.message_link
    assert (view.reason, view.due) == (NotifyReason.PAGED_ELSEWHERE, view.update_at)
    assert seen_by("chat", alert(), at=MINUTE, ledgers=(chat, page)).desired.message_link == ""


def test_a_page_goes_on_leading_to_the_message_that_it_named() -> None:
    chat, page = both()
    said = msgspec.structs.replace(
        page, last_notified=msgspec.structs.replace(page.last_notified, message_link="https://m.example")
    )
    assert (
        seen_by("pager", alert(), at=MINUTE, ledgers=(chat, said)).desired.message_link == "https://m.example"
    )
