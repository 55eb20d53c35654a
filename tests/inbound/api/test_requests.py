"""Parameters and bodies of API requests are read strictly."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from gateway.inbound.api.incident_models import Acknowledge
from gateway.inbound.api.requests import (
    DEFAULT_PAGE_SIZE,
    MAX_BODY_BYTES,
    MAX_PAGE_SIZE,
    Refusal,
    body,
    choice,
    found_or_refuse,
    limit_of,
    position,
)
from gateway.inbound.api.undelivered_models import RetryDeadLetters


def asked(query: str = "", content: bytes = b"") -> Request:
    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": content, "more_body": False}

    return Request({"type": "http", "method": "POST", "query_string": query.encode(), "headers": []}, receive)


def test_a_choice_is_one_of_the_words_and_the_first_where_none_is_given() -> None:
    assert choice(asked(), "state", ("active", "all")) == "active"
    assert choice(asked("state=all"), "state", ("active", "all")) == "all"
    with pytest.raises(Refusal) as refused:
        choice(asked("state=gone"), "state", ("", "active", "all"))
    assert (refused.value.status, refused.value.problem.remedy) == (400, "one of active, all")


@pytest.mark.parametrize(
    ("query", "limit"),
    [("", DEFAULT_PAGE_SIZE), ("limit=7", 7), ("limit=1", 1), (f"limit={MAX_PAGE_SIZE}", MAX_PAGE_SIZE)],
)
def test_a_limit_is_taken_as_it_is_within_its_bounds(query: str, limit: int) -> None:
    assert limit_of(asked(query)) == limit


@pytest.mark.parametrize("value", ["-1", "0", "1001", "1.5", "many", "\u0663", "9" * 21, ""])
def test_a_limit_out_of_its_range_is_refused_by_its_name(value: str) -> None:
    with pytest.raises(Refusal) as refused:
        limit_of(asked(f"limit={value}"))
    assert (refused.value.status, refused.value.problem.field) == (400, "limit")


@pytest.mark.parametrize(
    ("query", "found"),
    [("", (0, 0)), ("cursor=12", (12, 0)), ("cursor=12.3", (12, 3)), ("cursor=0.1", (0, 1))],
)
def test_a_cursor_is_the_stores_and_a_number_of_rows_shown(query: str, found: tuple[int, int]) -> None:
    assert position(asked(query)) == found


@pytest.mark.parametrize("value", ["x", "-1", "1.", "1.2.3", "9" * 25])
def test_a_cursor_that_is_none_of_ours_is_refused(value: str) -> None:
    with pytest.raises(Refusal) as refused:
        position(asked(f"cursor={value}"))
    assert (refused.value.status, refused.value.problem.field) == (400, "cursor")


async def test_a_body_is_read_and_a_fault_names_its_field() -> None:
    assert (await body(asked(content=b'{"by": "ann"}'), Acknowledge)).by == "ann"
    with pytest.raises(Refusal) as refused:
        await body(asked(content=b'{"by": 1}'), Acknowledge)
    assert (refused.value.status, refused.value.problem.field) == (400, "by")


async def test_a_body_over_the_cap_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(Refusal) as refused:
        await body(asked(content=b"x" * (MAX_BODY_BYTES + 1)), Acknowledge)
    assert refused.value.status == 413


def test_a_change_that_found_nothing_is_a_404_and_one_that_was_turned_down_a_409() -> None:
    found_or_refuse("", "incident", "i1")
    found_or_refuse(True, "incident", "i1")
    for changed, status in ((None, 404), ("bob closed it already", 409)):
        with pytest.raises(Refusal) as refused:
            found_or_refuse(changed, "incident", "i1")
        assert refused.value.status == status


async def test_a_body_that_is_needed_and_left_out_is_refused_also_where_each_field_may_be() -> None:
    with pytest.raises(Refusal) as refused:
        await body(asked(), RetryDeadLetters)
    assert refused.value.status == 400
    assert await body(asked(content=b"{}"), RetryDeadLetters)
