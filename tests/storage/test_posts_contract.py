"""Posts, as every store keeps them: who stands there, who watches, and who is looked at again when that changes."""

from __future__ import annotations

import pytest

from gateway.model.changes import Ask, Cell, Changes, Fate, Posts, Release, Table
from gateway.model.lanes import LaneRule
from gateway.ports import Store
from gateway.storage.connections import connect
from gateway.storage.redis import RedisStore

ALL = LaneRule()
LEASE = 20_000
A, B = "a1", "b2"
POST = "0123456789abcdef"


async def move(store: Store, **posts: object) -> Fate:
    return (await store.commit(Changes(posts=Posts(**posts)))).fate  # type: ignore[arg-type]


async def enter(store: Store, *alerts: str, post: str = POST) -> None:
    await move(store, enter=[(post, one) for one in alerts])


async def leave(store: Store, *alerts: str, post: str = POST) -> None:
    await move(store, leave=[(post, one) for one in alerts])


async def watch(store: Store, *subjects: str, post: str = POST) -> None:
    await move(store, watch=[(post, one) for one in subjects])


async def standing(store: Store, post: str = POST) -> str:
    found = (await store.gather(Ask(posts=(post,)))).standing
    return found[post][0] if post in found else ""


async def woken(store: Store) -> list[str]:
    """Whoever is due now, each once; they are given back as done."""
    claims = (await store.claim(100, LEASE, ALL)).claims
    await store.commit(Changes(releases=[Release(one, None) for one in claims]))
    return sorted(one.subject for one in claims)


# Who stands there


async def test_a_post_where_nobody_stands_has_no_answer(store: Store) -> None:
    assert (await store.gather(Ask(posts=(POST,)))).standing == {}


async def test_whoever_stands_at_a_post_is_read_with_its_row(store: Store) -> None:
    version = (await store.commit(Changes(put={Cell(Table.ALERTS, A): b"row"}, posts=Posts(enter=[(POST, A)])))).version
    assert (await store.gather(Ask(posts=(POST, "elsewhere")))).standing == {POST: (A, (version, b"row"))}


async def test_of_many_one_stands_for_all_and_it_is_the_same_one_every_time(store: Store) -> None:
    await enter(store, B, A)
    assert [await standing(store) for _ in range(3)] == [A, A, A]


async def test_when_one_goes_another_stands_for_them(store: Store) -> None:
    await enter(store, A, B)
    await leave(store, A)
    assert await standing(store) == B


async def test_whoever_comes_twice_stands_there_once(store: Store) -> None:
    await enter(store, A)
    await enter(store, A)
    await leave(store, A)
    assert await standing(store) == ""


async def test_a_post_whose_name_begins_like_another_is_another(store: Store) -> None:
    await enter(store, A, post=POST + "0")
    await watch(store, "plan:i", post=POST)
    await enter(store, B, post=POST + "1")
    assert await standing(store) == ""
    assert await woken(store) == []


async def test_whoever_watches_does_not_stand_there(store: Store) -> None:
    await watch(store, "plan:i")
    assert await standing(store) == ""


# Who is looked at again


async def test_the_first_to_come_wakes_everybody_who_watches_there_and_nobody_else(store: Store) -> None:
    await watch(store, "plan:i", "plan:j")
    await watch(store, "plan:other", post="fedcba9876543210")
    await enter(store, A)
    assert await woken(store) == ["plan:i", "plan:j"]


async def test_the_second_to_come_wakes_nobody(store: Store) -> None:
    await watch(store, "plan:i")
    await enter(store, A)
    await woken(store)
    await enter(store, B)
    assert await woken(store) == []


async def test_two_that_come_at_once_wake_each_watcher_once(store: Store) -> None:
    await watch(store, "plan:i")
    await enter(store, A, B)
    assert await woken(store) == ["plan:i"]


async def test_only_the_last_to_leave_wakes_who_watches(store: Store) -> None:
    await enter(store, A, B)
    await watch(store, "plan:i")
    await leave(store, B)
    assert await woken(store) == []
    await leave(store, A)
    assert await woken(store) == ["plan:i"]


async def test_all_leaving_at_once_wakes_who_watches(store: Store) -> None:
    await enter(store, A, B)
    await watch(store, "plan:i")
    await leave(store, A, B)
    assert await woken(store) == ["plan:i"]


async def test_whoever_leaves_without_having_stood_there_wakes_nobody(store: Store) -> None:
    await watch(store, "plan:i")
    await leave(store, A)
    assert await woken(store) == []


async def test_a_relief_in_one_commit_leaves_the_post_manned_and_wakes_nobody(store: Store) -> None:
    await enter(store, A)
    await watch(store, "plan:i")
    await move(store, enter=[(POST, B)], leave=[(POST, A)])
    assert await standing(store) == B
    assert await woken(store) == []


async def test_whoever_watches_no_more_is_left_alone(store: Store) -> None:
    await watch(store, "plan:i", "plan:j")
    await move(store, unwatch=[(POST, "plan:i"), (POST, "plan:never-did")])
    await enter(store, A)
    assert await woken(store) == ["plan:j"]


async def test_watching_twice_is_watching_once(store: Store) -> None:
    await watch(store, "plan:i")
    await watch(store, "plan:i")
    await move(store, unwatch=[(POST, "plan:i")])
    await enter(store, A)
    assert await woken(store) == []


async def test_a_watcher_that_waits_for_later_is_looked_at_now(store: Store) -> None:
    later = await store.now() + 60_000
    await store.commit(Changes(agenda={"plan:i": (later, 5)}, posts=Posts(watch=[(POST, "plan:i")])))
    assert await woken(store) == []
    await enter(store, A)
    assert await woken(store) == ["plan:i"]


async def test_a_watcher_that_is_being_looked_at_is_looked_at_once_more(store: Store) -> None:
    await store.commit(Changes(agenda={"plan:i": (0, 5)}, posts=Posts(watch=[(POST, "plan:i")])))
    (held,) = (await store.claim(1, LEASE, ALL)).claims
    await enter(store, A)
    await store.commit(Changes(releases=[Release(held, None)]))
    assert await woken(store) == ["plan:i"]


async def test_whoever_comes_and_goes_in_a_moment_still_wakes(store: Store) -> None:
    await watch(store, "plan:i")
    await enter(store, A)
    await leave(store, A)
    assert await woken(store) == ["plan:i"]


async def test_a_post_with_hundreds_of_watchers_wakes_them_all(store: Store) -> None:
    subjects = [f"plan:i{number:03}" for number in range(300)]
    await watch(store, *subjects)
    await enter(store, A)
    found: list[str] = []
    while some := await woken(store):
        found += some
    assert sorted(found) == subjects


# What was decided upon


@pytest.mark.parametrize(
    ("there", "seen"),
    [
        pytest.param((A,), "", id="somebody came where nobody was seen"),
        pytest.param((), A, id="whoever was seen has gone"),
        pytest.param((A,), B, id="somebody else stands there"),
    ],
)
async def test_a_commit_on_a_post_that_changed_is_lost_and_changes_nothing(
    store: Store, there: tuple[str, ...], seen: str
) -> None:
    await enter(store, *there)
    cell, other = Cell(Table.INCIDENTS, "i"), "fedcba9876543210"
    posts = Posts(enter=[(other, B)], leave=[(POST, one) for one in there], watch=[(other, "plan:i")], seen={POST: seen})
    lost = await store.commit(Changes(put={cell: b"x"}, agenda={"plan:i": (0, 0)}, posts=posts))
    assert lost.fate is Fate.LOST
    assert (await standing(store), await standing(store, other)) == (there[0] if there else "", "")
    assert (await store.gather(Ask(cells=(cell,)))).rows[cell].value == b""
    assert await woken(store) == []
    await enter(store, A, post=other)
    assert await woken(store) == [], "the watch was not kept either"


@pytest.mark.parametrize("there", [pytest.param((), id="nobody"), pytest.param((A, B), id="two")])
async def test_a_commit_on_a_post_that_is_as_it_was_seen_is_done(store: Store, there: tuple[str, ...]) -> None:
    await enter(store, *there)
    assert await move(store, seen={POST: there[0] if there else ""}) is Fate.DONE


async def test_a_lost_race_over_a_row_moves_nobody(store: Store) -> None:
    await watch(store, "plan:i")
    lost = Changes(expect={Cell(Table.ALERTS, A): b"another!"}, posts=Posts(enter=[(POST, A)]))
    assert (await store.commit(lost)).fate is Fate.LOST
    assert await standing(store) == ""
    assert await woken(store) == []


async def test_another_writers_fence_moves_nobody(store: Store) -> None:
    await store.fence("somebody", 10_000)
    assert await move(store, enter=[(POST, A)]) is Fate.FENCED
    assert await standing(store) == ""


async def test_several_decisions_together_are_one_move() -> None:
    both = Posts([("p", A)], [("q", A)], [("p", "plan:i")], [("q", "plan:i")], {"p": ""})
    both.take_in(Posts([("r", B)], [("s", B)], [("r", "plan:j")], [("s", "plan:j")], {"r": A}))
    assert both == Posts(
        [("p", A), ("r", B)], [("q", A), ("s", B)], [("p", "plan:i"), ("r", "plan:j")], [("q", "plan:i"), ("s", "plan:j")],
        {"p": "", "r": A},
    )  # fmt: skip


# What is left


@pytest.mark.parametrize("server", ["valkey", "redis"])
async def test_when_everybody_left_and_nobody_watches_the_servers_key_is_gone(
    server: str, request: pytest.FixtureRequest
) -> None:
    client = connect(request.getfixturevalue(f"{server}_url"))
    await client.ask_each("FLUSHALL")
    store = RedisStore(client)
    await enter(store, A, B)
    await watch(store, "plan:i", "plan:j")
    assert await client.ask("EXISTS", "{gw:0}:posts")
    await move(store, leave=[(POST, A), (POST, B)], unwatch=[(POST, "plan:i"), (POST, "plan:j")])
    assert not await client.ask("EXISTS", "{gw:0}:posts")
    await client.aclose()


async def test_whoever_comes_and_goes_in_one_commit_wakes_who_watches_once(store: Store) -> None:
    await watch(store, "plan:i1", "watchdog:eu")
    await woken(store)
    await move(store, enter=[(POST, "beat")], leave=[(POST, "beat")])
    assert await woken(store) == ["plan:i1", "watchdog:eu"]
    assert await standing(store) == ""
    assert await woken(store) == []
