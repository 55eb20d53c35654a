"""Topics, as every store keeps them: their sources, their subscribers, and who is woken when the sources
change.
"""

from __future__ import annotations

import pytest

from gateway.model.agenda import Subject
from gateway.model.changes import Cell, Changes, CommitOutcome, Query, Release, Table
from gateway.model.lanes import LaneRule
from gateway.model.topics import Topics
from gateway.ports import Store
from gateway.storage.redis import RedisStore
from tests.support.connected import patient

ALL = LaneRule()
LEASE = 20_000
A, B = "a1", "b2"
TOPIC = "0123456789abcdef"


async def move(store: Store, **topics: object) -> CommitOutcome:
    return (await store.commit(Changes(topics=Topics(**topics)))).outcome  # type: ignore[arg-type]


async def add(store: Store, *alerts: str, topic: str = TOPIC) -> None:
    await move(store, add=[(topic, alert) for alert in alerts])


async def remove(store: Store, *alerts: str, topic: str = TOPIC) -> None:
    await move(store, remove=[(topic, alert) for alert in alerts])


async def subscribe(store: Store, *subjects: str, topic: str = TOPIC) -> None:
    await move(store, subscribe=[(topic, Subject.parse(subject)) for subject in subjects])


async def standing(store: Store, topic: str = TOPIC) -> str:
    found = (await store.gather(Query(topics=(topic,)))).standing
    return found[topic][0] if topic in found else ""


async def woken(store: Store) -> list[str]:
    """Return the subjects that are due now, and release them as done."""
    claims = (await store.claim(100, LEASE, ALL)).claims
    await store.commit(Changes(releases=[Release(claim, None) for claim in claims]))
    return sorted(str(claim.subject) for claim in claims)


# Sources


async def test_a_topic_without_a_source_has_no_answer(store: Store) -> None:
    assert (await store.gather(Query(topics=(TOPIC,)))).standing == {}


async def test_the_source_of_a_topic_is_read_with_its_row(store: Store) -> None:
    version = (
        await store.commit(Changes(put={Cell(Table.ALERTS, A): b"row"}, topics=Topics(add=[(TOPIC, A)])))
    ).version
    assert (await store.gather(Query(topics=(TOPIC, "elsewhere")))).standing == {
        TOPIC: (A, (version, b"row"))
    }


async def test_of_many_sources_the_same_one_is_read_every_time(store: Store) -> None:
    await add(store, B, A)
    assert [await standing(store) for _ in range(3)] == [A, A, A]


async def test_when_that_source_is_removed_another_is_read(store: Store) -> None:
    await add(store, A, B)
    await remove(store, A)
    assert await standing(store) == B


async def test_a_source_that_is_added_twice_is_removed_at_once(store: Store) -> None:
    await add(store, A)
    await add(store, A)
    await remove(store, A)
    assert await standing(store) == ""


async def test_a_topic_whose_name_begins_like_another_is_another(store: Store) -> None:
    await add(store, A, topic=TOPIC + "0")
    await subscribe(store, "plan:i", topic=TOPIC)
    await add(store, B, topic=TOPIC + "1")
    assert await standing(store) == ""
    assert await woken(store) == []


async def test_a_subscriber_is_no_source(store: Store) -> None:
    await subscribe(store, "plan:i")
    assert await standing(store) == ""


# Who is woken


async def test_the_first_source_wakes_all_subscribers_of_the_topic_and_nobody_else(store: Store) -> None:
    await subscribe(store, "plan:i", "plan:j")
    await subscribe(store, "plan:other", topic="fedcba9876543210")
    await add(store, A)
    assert await woken(store) == ["plan:i", "plan:j"]


async def test_the_second_source_wakes_nobody(store: Store) -> None:
    await subscribe(store, "plan:i")
    await add(store, A)
    await woken(store)
    await add(store, B)
    assert await woken(store) == []


async def test_two_sources_added_at_once_wake_each_subscriber_once(store: Store) -> None:
    await subscribe(store, "plan:i")
    await add(store, A, B)
    assert await woken(store) == ["plan:i"]


async def test_only_the_last_source_to_be_removed_wakes_subscribers(store: Store) -> None:
    await add(store, A, B)
    await subscribe(store, "plan:i")
    await remove(store, B)
    assert await woken(store) == []
    await remove(store, A)
    assert await woken(store) == ["plan:i"]


async def test_removing_all_sources_at_once_wakes_subscribers(store: Store) -> None:
    await add(store, A, B)
    await subscribe(store, "plan:i")
    await remove(store, A, B)
    assert await woken(store) == ["plan:i"]


async def test_removing_what_was_no_source_wakes_nobody(store: Store) -> None:
    await subscribe(store, "plan:i")
    await remove(store, A)
    assert await woken(store) == []


async def test_a_source_that_replaces_another_in_one_commit_wakes_nobody(store: Store) -> None:
    await add(store, A)
    await subscribe(store, "plan:i")
    await move(store, add=[(TOPIC, B)], remove=[(TOPIC, A)])
    assert await standing(store) == B
    assert await woken(store) == []


async def test_who_has_unsubscribed_is_left_alone(store: Store) -> None:
    await subscribe(store, "plan:i", "plan:j")
    await move(store, unsubscribe=[(TOPIC, Subject.plan("i")), (TOPIC, Subject.plan("never-did"))])
    await add(store, A)
    assert await woken(store) == ["plan:j"]


async def test_subscribing_twice_is_subscribing_once(store: Store) -> None:
    await subscribe(store, "plan:i")
    await subscribe(store, "plan:i")
    await move(store, unsubscribe=[(TOPIC, Subject.plan("i"))])
    await add(store, A)
    assert await woken(store) == []


async def test_a_subscriber_that_waits_for_later_is_looked_at_now(store: Store) -> None:
    later = await store.now() + 60_000
    await store.commit(
        Changes(agenda={Subject.plan("i"): (later, 5)}, topics=Topics(subscribe=[(TOPIC, Subject.plan("i"))]))
    )
    assert await woken(store) == []
    await add(store, A)
    assert await woken(store) == ["plan:i"]


async def test_a_subscriber_that_is_being_looked_at_is_looked_at_once_more(store: Store) -> None:
    await store.commit(
        Changes(agenda={Subject.plan("i"): (0, 5)}, topics=Topics(subscribe=[(TOPIC, Subject.plan("i"))]))
    )
    (held,) = (await store.claim(1, LEASE, ALL)).claims
    await add(store, A)
    await store.commit(Changes(releases=[Release(held, None)]))
    assert await woken(store) == ["plan:i"]


async def test_a_source_that_is_added_and_soon_removed_still_wakes(store: Store) -> None:
    await subscribe(store, "plan:i")
    await add(store, A)
    await remove(store, A)
    assert await woken(store) == ["plan:i"]


async def test_a_topic_with_hundreds_of_subscribers_wakes_them_all(store: Store) -> None:
    subjects = [f"plan:i{number:03}" for number in range(300)]
    await subscribe(store, *subjects)
    await add(store, A)
    found: list[str] = []
    while some := await woken(store):
        found += some
    assert sorted(found) == subjects


# What was decided upon


@pytest.mark.parametrize(
    ("there", "seen"),
    [
        pytest.param((A,), "", id="a source was added where none was seen"),
        pytest.param((), A, id="the source that was seen is gone"),
        pytest.param((A,), B, id="another source is there"),
    ],
)
async def test_a_commit_on_a_topic_that_changed_is_lost_and_changes_nothing(
    store: Store, there: tuple[str, ...], seen: str
) -> None:
    await add(store, *there)
    cell, other = Cell(Table.INCIDENTS, "i"), "fedcba9876543210"
    topics = Topics(
        add=[(other, B)],
        remove=[(TOPIC, alert) for alert in there],
        subscribe=[(other, Subject.plan("i"))],
        seen={TOPIC: seen},
    )
    lost = await store.commit(Changes(put={cell: b"x"}, agenda={Subject.plan("i"): (0, 0)}, topics=topics))
    assert lost.outcome is CommitOutcome.LOST
    assert (await standing(store), await standing(store, other)) == (there[0] if there else "", "")
    assert (await store.gather(Query(cells=(cell,)))).rows[cell].value == b""
    assert await woken(store) == []
    await add(store, A, topic=other)
    assert await woken(store) == [], "the subscription was not kept either"


@pytest.mark.parametrize("there", [pytest.param((), id="nobody"), pytest.param((A, B), id="two")])
async def test_a_commit_on_a_topic_that_is_as_it_was_seen_is_done(
    store: Store, there: tuple[str, ...]
) -> None:
    await add(store, *there)
    assert await move(store, seen={TOPIC: there[0] if there else ""}) is CommitOutcome.DONE


async def test_a_lost_race_over_a_row_adds_no_source(store: Store) -> None:
    await subscribe(store, "plan:i")
    lost = Changes(expect={Cell(Table.ALERTS, A): b"another!"}, topics=Topics(add=[(TOPIC, A)]))
    assert (await store.commit(lost)).outcome is CommitOutcome.LOST
    assert await standing(store) == ""
    assert await woken(store) == []


async def test_another_writers_fence_keeps_sources_out(store: Store) -> None:
    await store.fence("somebody", 10_000)
    assert await move(store, add=[(TOPIC, A)]) is CommitOutcome.FENCED
    assert await standing(store) == ""


async def test_the_moves_of_several_decisions_are_merged() -> None:
    both = Topics([("p", A)], [("q", A)], [("p", Subject.plan("i"))], [("q", Subject.plan("i"))], {"p": ""})
    both.merge(
        Topics([("r", B)], [("s", B)], [("r", Subject.plan("j"))], [("s", Subject.plan("j"))], {"r": A})
    )
    assert both == Topics(
        [("p", A), ("r", B)], [("q", A), ("s", B)], [("p", Subject.plan("i")), ("r", Subject.plan("j"))], [("q", Subject.plan("i")), ("s", Subject.plan("j"))],
        {"p": "", "r": A},
    )  # fmt: skip


# What is left


@pytest.mark.parametrize("server", ["valkey", "redis"])
async def test_without_sources_and_subscribers_the_servers_key_is_gone(
    server: str, request: pytest.FixtureRequest
) -> None:
    client = patient(request.getfixturevalue(f"{server}_url"))
    await client.ask_each("FLUSHALL")
    store = RedisStore(client)
    await add(store, A, B)
    await subscribe(store, "plan:i", "plan:j")
    assert await client.ask("EXISTS", "{gw:0}:posts")
    await move(
        store,
        remove=[(TOPIC, A), (TOPIC, B)],
        unsubscribe=[(TOPIC, Subject.plan("i")), (TOPIC, Subject.plan("j"))],
    )
    assert not await client.ask("EXISTS", "{gw:0}:posts")
    await client.aclose()


async def test_a_source_that_is_added_and_removed_in_one_commit_wakes_subscribers_once(store: Store) -> None:
    await subscribe(store, "plan:i1", "watchdog:eu")
    await woken(store)
    await move(store, add=[(TOPIC, "beat")], remove=[(TOPIC, "beat")])
    assert await woken(store) == ["plan:i1", "watchdog:eu"]
    assert await standing(store) == ""
    assert await woken(store) == []


async def test_a_subject_that_is_woken_stays_due_since_the_time_that_the_same_commit_gives_it(
    store: Store,
) -> None:
    subject = Subject.plan("i1")
    await subscribe(store, str(subject))
    changes = Changes(topics=Topics(add=[(TOPIC, A)]))
    changes.schedule(subject, 5)
    await store.commit(changes)
    (claim,) = (await store.claim(1, LEASE, ALL)).claims
    assert claim.due == 5
