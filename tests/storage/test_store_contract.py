"""What every store promises, asked of the in-memory one, of Valkey, of Redis 7.0 and of a cluster alike."""

from __future__ import annotations

from gateway.model.agenda import Subject
from gateway.model.cells import RULES
from gateway.model.changes import (
    ABSENT,
    Cell,
    Changes,
    Claim,
    CommitOutcome,
    LogEntry,
    QuarantineEntry,
    Query,
    Release,
    Table,
)
from gateway.model.lanes import LaneRule, Pace, load_closed_lane
from gateway.model.rule_generation import RuleGeneration
from gateway.ports import Store

ALERT = Cell(Table.ALERTS, "a1")
INCIDENT = Cell(Table.INCIDENTS, "i1")
ALL = LaneRule()
LEASE = 20_000


async def put(store: Store, cell: Cell, value: bytes) -> bytes:
    return (await store.commit(Changes(put={cell: value}))).version


async def read(store: Store, cell: Cell) -> bytes:
    return (await store.gather(Query(cells=[cell]))).rows[cell].value


async def schedule(store: Store, subject: str, at: int, priority: int = 5) -> None:
    await store.commit(Changes(agenda={Subject.parse(subject): (at, priority)}))


async def claim(store: Store, limit: int = 10, lanes: LaneRule = ALL) -> list[str]:
    return [str(found.subject) for found in (await store.claim(limit, LEASE, lanes)).claims]


async def test_what_was_put_is_read_back_with_its_version(store: Store) -> None:
    version = await put(store, ALERT, b"one\x00\xff")
    assert (await store.gather(Query(cells=[ALERT]))).rows[ALERT] == (version, b"one\x00\xff")


async def test_an_absent_row_is_absent(store: Store) -> None:
    assert (await store.gather(Query(cells=[ALERT]))).rows[ALERT] == ABSENT


async def test_a_copy_leads_to_its_alert_whatever_identity_was_asked(store: Store) -> None:
    await put(store, ALERT, b"known")
    await put(store, Cell(Table.COPIES, "default/f1"), b"a1")
    gathered = await store.gather(Query(copies=["default/f1", "default/f2"], alerts=["other", "a1"]))
    assert [(pointer, row.value) for pointer, row in gathered.alerts] == [("a1", b"known"), ("", b"known")]


async def test_a_join_key_brings_the_incidents_that_it_names(store: Store) -> None:
    await put(store, INCIDENT, b"first")
    await put(store, Cell(Table.KEYS, "k"), b"i1 i2")
    rows = (await store.gather(Query(keys=["k", "none"]))).rows
    assert rows[INCIDENT].value == b"first"
    assert rows[Cell(Table.INCIDENTS, "i2")] == ABSENT
    assert rows[Cell(Table.KEYS, "none")] == ABSENT


async def test_many_rows_of_several_tables_are_expected_written_and_dropped_each_in_its_place(
    store: Store,
) -> None:
    cells = [Cell(table, f"r{n}") for n in range(1_500) for table in (Table.ALERTS, Table.COPIES, Table.META)]
    values = {cell: f"{cell.table} {cell.field}".encode() for cell in cells}
    absent = dict.fromkeys(cells, b"")
    assert (await store.commit(Changes(expect=absent, put=values))).outcome is CommitOutcome.DONE
    rows = (await store.gather(Query(cells=cells))).rows
    assert {cell: row.value for cell, row in rows.items()} == values
    changed = [cells[7], cells[4_000]]
    for cell in changed:
        await put(store, cell, b"newer")
    expected = {cell: rows[cell].version for cell in cells}
    lost = await store.commit(Changes(expect=expected, drop=cells))
    assert (lost.outcome, set(lost.lost)) == (CommitOutcome.LOST, set(changed))
    assert (await store.commit(Changes(drop=cells))).outcome is CommitOutcome.DONE
    assert set((await store.gather(Query(cells=cells))).rows.values()) == {ABSENT}


async def test_the_time_at_which_a_source_spoke_is_written_anew_in_the_row_and_nothing_else_is(
    store: Store,
) -> None:
    said = (1_800_000_000_000).to_bytes(8, "big")
    version = await put(store, ALERT, b"one\xcf" + said + b"\x00\xcf" + said + b"two")
    renewed = await store.commit(Changes(expect={ALERT: version}, renew={ALERT.field: (4, 14)}))
    spoken = renewed.now.to_bytes(8, "big")
    assert (await store.gather(Query(cells=[ALERT]))).rows[ALERT] == (
        renewed.version,
        b"one\xcf" + spoken + b"\x00\xcf" + spoken + b"two",
    )


async def test_a_row_that_has_no_time_at_the_places_is_no_row_to_renew(store: Store) -> None:
    said, other = (1_800_000_000_000).to_bytes(8, "big"), (1_800_000_000_001).to_bytes(8, "big")
    row = b"one\xcf" + said + b"\x00\xcf" + other + b"two"
    version = await put(store, ALERT, row)
    for places in ((4, 14), (3, 13), (4, 900)):
        renewed = await store.commit(Changes(expect={ALERT: version}, renew={ALERT.field: places}))
        assert renewed.outcome is CommitOutcome.LOST
    assert (await store.gather(Query(cells=[ALERT]))).rows[ALERT] == (version, row)


async def test_a_commit_on_a_changed_row_is_lost_and_changes_nothing(store: Store) -> None:
    old = await put(store, ALERT, b"1")
    await put(store, ALERT, b"2")
    lost = await store.commit(
        Changes(expect={ALERT: old}, put={INCIDENT: b"x"}, count={"n": 1}, agenda={Subject.plan("i"): (0, 1)})
    )
    assert lost.outcome is CommitOutcome.LOST
    assert await read(store, INCIDENT) == b""
    assert await claim(store) == []


async def test_a_lost_commit_names_the_rows_that_have_changed(store: Store) -> None:
    old, same = await put(store, ALERT, b"1"), await put(store, INCIDENT, b"1")
    await put(store, ALERT, b"2")
    appeared = Cell(Table.LEDGERS, "l")
    await put(store, appeared, b"1")
    lost = await store.commit(Changes(expect={ALERT: old, INCIDENT: same, appeared: b""}))
    assert set(lost.lost) == {ALERT, appeared}
    assert (await store.commit(Changes(expect={INCIDENT: same}))).lost == ()


async def test_a_commit_that_loses_very_many_rows_is_lost(store: Store) -> None:
    cells = [Cell(Table.ALERTS, f"a{number}") for number in range(9_000)]
    lost = await store.commit(Changes(expect=dict.fromkeys(cells, b"12345678"), put={INCIDENT: b"x"}))
    assert lost.outcome is CommitOutcome.LOST
    assert lost.lost
    assert set(lost.lost) <= set(cells)
    assert await read(store, INCIDENT) == b""


async def test_a_commit_on_a_row_that_appeared_meanwhile_is_lost(store: Store) -> None:
    await put(store, ALERT, b"1")
    assert (await store.commit(Changes(expect={ALERT: b""}, put={ALERT: b"2"}))).outcome is CommitOutcome.LOST


async def test_a_row_dropped_and_put_again_has_another_version(store: Store) -> None:
    first = await put(store, ALERT, b"1")
    await store.commit(Changes(drop=[ALERT]))
    await put(store, ALERT, b"1")
    assert (
        await store.commit(Changes(expect={ALERT: first}, put={ALERT: b"2"}))
    ).outcome is CommitOutcome.LOST


async def test_counters_add_up(store: Store) -> None:
    await store.commit(Changes(count={"n": 2}))
    await store.commit(Changes(count={"n": -5, "m": 1}))
    assert await store.counters() == {"n": -3, "m": 1}


async def test_an_event_has_the_time_of_its_commit_and_the_first_write_of_it_counts(store: Store) -> None:
    event = Cell(Table.EVENTS, "i1|pager|1")
    committed = await store.commit(Changes(events={event.field: b'{"first": true}'}))
    await store.commit(Changes(events={event.field: b'{"first": false}', "i2|pager|1": b"{}"}))
    at, seq, line = (await read(store, event)).split(b" ", 2)
    assert (int(at), int(seq), line) == (committed.now + committed.ahead, 1, b'{"first": true}')
    assert (await read(store, Cell(Table.EVENTS, "i2|pager|1"))).split(b" ")[1] == b"2"


async def test_an_agenda_entry_only_moves_earlier(store: Store) -> None:
    now = await store.now()
    await schedule(store, "plan:i", now + 60_000)
    await schedule(store, "plan:i", now - 1)
    await schedule(store, "plan:i", now + 90_000)
    assert await claim(store) == ["plan:i"]


async def test_an_empty_agenda_announces_no_time(store: Store) -> None:
    assert (await store.claim(10, LEASE, ALL)).next_due is None


async def test_what_is_not_due_is_not_claimed_but_announced(store: Store) -> None:
    at = await store.now() + 60_000
    await schedule(store, "plan:i", at)
    claimed = await store.claim(10, LEASE, ALL)
    assert (claimed.claims, claimed.next_due) == ((), at)


async def test_a_leased_subject_is_claimed_once(store: Store) -> None:
    await schedule(store, "plan:i", 0)
    assert await claim(store) == ["plan:i"]
    assert await claim(store) == []


async def test_the_most_urgent_is_claimed_first_then_the_oldest(store: Store) -> None:
    now = await store.now()
    await schedule(store, "plan:old", now - 500, 4)
    await schedule(store, "plan:critical", now - 1, 0)
    await schedule(store, "plan:older", now - 900, 4)
    assert await claim(store, limit=2) == ["plan:critical", "plan:older"]


async def test_a_released_subject_leaves_the_agenda_or_comes_again(store: Store) -> None:
    await schedule(store, "plan:a", 0)
    await schedule(store, "plan:b", 0)
    one, two = (await store.claim(10, LEASE, ALL)).claims
    await store.commit(Changes(releases=[Release(one, None)]))
    await store.commit(Changes(releases=[Release(two, 0)]))
    assert await claim(store) == [str(two.subject)]


async def test_a_subject_woken_while_it_is_leased_stays_due(store: Store) -> None:
    await schedule(store, "plan:i", 0)
    (held,) = (await store.claim(1, LEASE, ALL)).claims
    await schedule(store, "plan:i", 1)
    await store.commit(Changes(releases=[Release(held, None)]))
    assert await claim(store) == ["plan:i"]


async def test_a_lease_that_is_not_ours_fences_the_commit(store: Store) -> None:
    await schedule(store, "plan:i", 0)
    await store.claim(1, LEASE, ALL)
    stranger = Claim(Subject.plan("i"), "not-the-token", 0)
    refused = await store.commit(Changes(put={ALERT: b"1"}, releases=[Release(stranger, None)]))
    assert refused.outcome is CommitOutcome.EXPIRED
    assert await read(store, ALERT) == b""


async def test_a_held_lease_is_checked_and_kept(store: Store) -> None:
    await schedule(store, "plan:i", 0)
    (held,) = (await store.claim(1, LEASE, ALL)).claims
    assert (
        await store.commit(Changes(releases=[Release(held, None, hold=True)]))
    ).outcome is CommitOutcome.DONE
    assert await claim(store) == []
    assert (await store.commit(Changes(releases=[Release(held, None)]))).outcome is CommitOutcome.DONE


async def test_an_ended_lease_is_claimed_by_another(store: Store) -> None:
    await schedule(store, "plan:i", 0)
    await store.claim(1, 0, ALL)
    assert await claim(store) == ["plan:i"]


async def test_a_busy_lane_is_passed_over(store: Store) -> None:
    await schedule(store, "deliver:chat|i1", 0)
    await schedule(store, "deliver:pager|i1", 0)
    assert await claim(store, lanes=LaneRule(running={"chat": 4}, width=4)) == ["deliver:pager|i1"]


async def test_a_claim_takes_no_more_of_a_lane_than_its_width(store: Store) -> None:
    for number in range(5):
        await schedule(store, f"deliver:chat|i{number}", 0)
    assert len(await claim(store, lanes=LaneRule(running={"chat": 1}, width=3))) == 2


async def test_a_kind_of_destination_without_room_leaves_the_others_theirs(store: Store) -> None:
    for number in range(5):
        await schedule(store, f"deliver:chat:#c{number}|i{number}", 0)
    await schedule(store, "deliver:pager|i9", 0, 9)
    lanes = LaneRule(kinds={"chat": "slack", "pager": "pagerduty"}, room={"slack": 2, "pagerduty": 2})
    assert [subject.partition(":")[2].partition("|")[0] for subject in await claim(store, lanes=lanes)] == [
        "chat:#c0",
        "chat:#c1",
        "pager",
    ]


async def test_the_most_urgent_is_claimed_first_however_much_older_the_rest_is(store: Store) -> None:
    backlog = Changes()
    for number in range(1_200):
        backlog.schedule(Subject.deliver("chat", f"i{number:04}"), number + 1, 2)
    await store.commit(backlog)
    await schedule(store, "deliver:chat|worse", await store.now() - 1, 0)
    assert (await claim(store, limit=1)) == ["deliver:chat|worse"]


async def test_how_much_is_due_and_since_when(store: Store) -> None:
    now = await store.now()
    await schedule(store, "plan:i1", now - 5_000, 7)
    await schedule(store, "plan:i2", now - 1_000, 0)
    await schedule(store, "plan:i3", now + 60_000, 0)
    look = await store.agenda()  # type: ignore[attr-defined]
    assert look.depth == 3
    assert 5_000 <= look.overdue < 8_000
    assert look.waiting == ()


async def test_what_waits_for_a_vendor_is_told_from_what_waits_for_us(store: Store) -> None:
    now = await store.now()
    for number in range(7):
        await schedule(store, f"deliver:slow|i{number}", now - 300_000 + number, number)
    await schedule(store, "deliver:chat:#pay|i1", now - 5_000)
    await schedule(store, "deliver:later|i1", now + 60_000)
    look = await store.agenda()  # type: ignore[attr-defined]
    assert (look.depth, look.overdue) == (9, 0)
    slow, chat = look.waiting
    assert (slow.lane, slow.due, chat.lane, chat.due) == ("slow", 7, "chat:#pay", 1)
    assert 300_000 <= slow.oldest == look.oldest < 310_000
    assert 5_000 <= chat.oldest < 15_000


async def test_what_is_worked_on_is_not_late(store: Store) -> None:
    now = await store.now()
    for subject in ("plan:i1", "expire:alert:a", "deliver:chat|i1"):
        await schedule(store, subject, now - 60_000)
    assert (await store.agenda()).oldest >= 60_000  # type: ignore[attr-defined]
    assert len(await claim(store)) == 3
    look = await store.agenda()  # type: ignore[attr-defined]
    assert (look.depth, look.oldest, look.waiting) == (3, 0, ())


async def test_the_five_lanes_that_are_longest_late_are_named(store: Store) -> None:
    now = await store.now()
    for number in range(8):
        await schedule(store, f"deliver:d{number}|i", now - 1_000 * number - 1_000)
    look = await store.agenda()  # type: ignore[attr-defined]
    assert [lane.lane for lane in look.waiting] == ["d7", "d6", "d5", "d4", "d3"]


async def test_a_paced_lane_gives_its_burst_and_then_waits(store: Store) -> None:
    for number in range(5):
        await schedule(store, f"deliver:chat|i{number}", 0)
    paced = LaneRule({"chat": Pace(60_000, 2)})
    assert len(await claim(store, lanes=paced)) == 2
    later = await store.claim(10, LEASE, paced)
    assert later.claims == ()
    assert later.now < later.next_due <= later.now + 60_000


async def test_a_channel_of_a_paced_destination_has_a_lane_of_its_own(store: Store) -> None:
    await schedule(store, "deliver:team:#pay|i1", 0)
    await schedule(store, "deliver:team:#pay|i2", 0)
    await schedule(store, "deliver:team:#cart|i3", 0)
    paced = LaneRule({"team": Pace(60_000, 1)})
    assert await claim(store, lanes=paced) == ["deliver:team:#cart|i3", "deliver:team:#pay|i1"]


async def test_a_closed_lane_opens_at_its_time(store: Store) -> None:
    await schedule(store, "deliver:chat|i1", 0)
    until = await store.now() + 30_000
    pace = Pace(1_000, 3)
    await store.close_lane("chat", pace, until)
    claimed = await store.claim(10, LEASE, LaneRule({"chat": pace}))
    assert (claimed.claims, claimed.next_due) == ((), until)


async def test_destinations_at_one_place_share_its_pace(store: Store) -> None:
    await schedule(store, "deliver:ops|i1", 0)
    await schedule(store, "deliver:team|i2", 0)
    pace = Pace(60_000, 1, "slack #alerts")
    assert len(await claim(store, lanes=LaneRule({"ops": pace, "team": pace}))) == 1


async def test_a_channel_out_of_a_template_shares_the_pace_of_whoever_names_it(store: Store) -> None:
    await schedule(store, "deliver:fixed|i1", 0)
    await schedule(store, "deliver:team:#pay|i2", 0)
    paces = {"fixed": Pace(60_000, 1, "slack #pay"), "team": Pace(60_000, 1, "slack ")}
    assert len(await claim(store, lanes=LaneRule(paces))) == 1


async def test_a_lane_that_is_closed_again_at_once_has_been_closed_since_the_first_time(store: Store) -> None:
    cell, now = Cell(Table.META, "closed:chat"), await store.now()
    await store.close_lane("chat", Pace(1, 1), now + 1_000)
    first = load_closed_lane((await store.gather(Query(cells=(cell,)))).rows[cell].value)
    await store.close_lane("chat", Pace(1, 1), now + 5_000)
    assert first is not None
    second = load_closed_lane((await store.gather(Query(cells=(cell,)))).rows[cell].value)
    assert now <= first.since <= now + 2_000
    assert second == (first.since, now + 5_000)


async def test_a_fence_keeps_other_writers_out(store: Store) -> None:
    assert await store.fence("me", 5_000)
    assert not await store.fence("you", 5_000)
    assert (await store.commit(Changes(put={ALERT: b"1"}))).outcome is CommitOutcome.FENCED
    assert (await store.commit(Changes(put={ALERT: b"1"}, fence="me"))).outcome is CommitOutcome.DONE
    await store.fence("me", 0)
    assert (await store.commit(Changes(put={ALERT: b"2"}))).outcome is CommitOutcome.DONE


async def test_what_rests_on_older_rules_than_the_store_names_is_lost(store: Store) -> None:
    rests_on_2 = Changes(put={ALERT: b"1"}, generation=2)
    assert (await store.commit(rests_on_2)).outcome is CommitOutcome.DONE  # it names none
    for newest, outcome in ((2, CommitOutcome.DONE), (3, CommitOutcome.LOST), (12, CommitOutcome.LOST)):
        await store.commit(Changes(put={RULES: RuleGeneration(newest, "a0", 5).dump()}))
        assert (await store.commit(rests_on_2)).outcome is outcome
    assert (await store.commit(Changes(put={ALERT: b"2"}))).outcome is CommitOutcome.DONE


async def test_the_quarantine_keeps_the_first_and_counts_the_rest(store: Store) -> None:
    await store.commit(Changes(keep=[QuarantineEntry("q1", b"first"), QuarantineEntry("q2", b"other")]))
    await store.commit(Changes(keep=[QuarantineEntry("q1", b"second")]))
    kept = {entry.id: (entry.value, times) for entry, _, times in await store.quarantine(10)}
    assert kept == {"q1": (b"first", 2), "q2": (b"other", 1)}


async def test_the_quarantine_is_bounded_and_counts_what_it_evicts(store: Store) -> None:
    for start in range(0, 1_100, 100):
        await store.commit(
            Changes(keep=[QuarantineEntry(f"q{number:04}", b"x") for number in range(start, start + 100)])
        )
    assert len(await store.quarantine(2_000)) == 1_000
    counted = await store.counters()
    assert (counted["quarantine_entries"], counted["quarantine_evicted"]) == (1_000, 100)


async def test_one_source_pushes_nothing_of_another_out_of_the_quarantine(store: Store) -> None:
    quiet = [QuarantineEntry(f"a{number}.11111111", b"quiet") for number in range(20)]
    earlier = [QuarantineEntry(f"b{number}", b"of an earlier version") for number in range(5)]
    await store.commit(Changes(keep=[*quiet, *earlier]))
    for start in range(0, 1_200, 200):
        flood = [QuarantineEntry(f"c{number:04}.22222222", b"flood") for number in range(start, start + 200)]
        await store.commit(Changes(keep=flood))
    kept = {entry.id for entry, _, _ in await store.quarantine(2_000)}
    assert len(kept) == 1_000
    assert {entry.id for entry in (*quiet, *earlier)} <= kept
    assert {"c0000.22222222", "c0224.22222222"}.isdisjoint(kept)
    assert "c1199.22222222" in kept
    counted = await store.counters()
    assert (counted["quarantine_entries"], counted["quarantine_evicted"]) == (1_000, 225)


async def test_the_timeline_is_read_newest_first_and_by_subject(store: Store) -> None:
    await store.commit(Changes(log=[LogEntry("i1", "alerts", {"opened": 1}), LogEntry("i2", "resolved", {})]))
    await store.commit(Changes(log=[LogEntry("i1", "resolved", {})]))
    assert [entry.what for _, entry in await store.timeline("i1", 10)] == ["resolved", "alerts"]
    assert len(await store.timeline(None, 2)) == 2


async def test_the_log_is_read_on_from_a_position_in_the_order_in_which_it_was_written(store: Store) -> None:
    assert await store.log_after("", 10) == ((), 1, 0)
    for number in range(5):
        await store.commit(
            Changes(log=[LogEntry("i1", "a", {"number": number}), LogEntry("", "b", {"text": "ü\n\x00"})])
        )
    first = await store.log_after("", 4)
    rest = await store.log_after(first.entries[-1].position, 100)
    assert [logged.entry.what for logged in (*first.entries, *rest.entries)] == ["a", "b"] * 5
    assert [logged.entry.detail["number"] for logged in (*first.entries, *rest.entries)[::2]] == [
        0,
        1,
        2,
        3,
        4,
    ]
    assert first.entries[1].entry == LogEntry("", "b", {"text": "ü\n\x00"})
    assert (first.first, first.last, len(rest.entries)) == (1, 10, 6)
    assert await store.log_after(rest.entries[-1].position, 10) == ((), 1, 10)
    assert abs(first.entries[0].at - await store.now()) < 60_000


async def test_the_timeline_of_a_subject_is_found_behind_thousands_of_others_and_no_further_than_asked(
    store: Store,
) -> None:
    await store.commit(Changes(log=[LogEntry("mine", "opened", {})]))
    since = (await store.timeline("mine", 1))[0][0]
    await store.commit(
        Changes(
            log=[LogEntry("other", "x", {"n": n}) for n in range(2_500)] + [LogEntry("mine", "ended", {})]
        )
    )
    assert [entry.what for _, entry in await store.timeline("mine", 10, since)] == ["ended", "opened"]
    assert [entry.what for _, entry in await store.timeline("mine", 1)] == ["ended"]
    assert len(await store.timeline(None, 2_000)) == 2_000


async def test_what_was_cut_off_the_log_is_known_by_number(store: Store) -> None:
    many = [LogEntry("", "x", {}) for _ in range(1_000)]
    await store.commit(Changes(log=many))
    (one,) = (await store.log_after("", 1)).entries
    for _ in range(51):
        await store.commit(Changes(log=many))
    stretch = await store.log_after(one.position, 100_000)
    assert (stretch.last, stretch.first > 1) == (52_000, True)
    assert len(stretch.entries) == stretch.last - stretch.first + 1 <= 50_200


async def test_pages_give_every_row_of_a_table(store: Store) -> None:
    await store.commit(Changes(put={Cell(Table.ALERTS, f"a{n}"): b"x" for n in range(250)}))
    found, cursor = {}, 0
    while True:
        cursor, rows = await store.page(Table.ALERTS, cursor, 100)
        found |= rows
        if cursor == 0:
            break
    assert len(found) == 250 == await store.size(Table.ALERTS)


async def test_pages_give_the_rows_with_a_name_of_one_pattern(store: Store) -> None:
    names = ["eu/0a", "eu/0a#1", "eu/0b#2", "us/0a#1", "eu.west/0a#1"]
    await store.commit(Changes(put={Cell(Table.COPIES, name): b"x" for name in names}))
    _, rows = await store.page(Table.COPIES, 0, 100, "eu/*#*")
    assert set(rows) == {"eu/0a#1", "eu/0b#2"}


async def test_the_agenda_tells_its_depth_and_age(store: Store) -> None:
    now = await store.now()
    await schedule(store, "plan:a", now - 5_000)
    await schedule(store, "plan:b", now + 5_000)
    look = await store.agenda()
    assert look.depth == 2
    assert look.overdue >= 5_000
