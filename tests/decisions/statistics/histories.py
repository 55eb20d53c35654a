"""Random histories: many of everything that may happen to a page, in any order."""

from __future__ import annotations

from random import Random

from gateway.model.durations import DAY, HOUR, MINUTE
from tests.decisions.statistics.build import START, Story

SERVICES = ("cart", "pay", None)
PEOPLE = ("ann", "bob", "eve", "joe", "sue", "tim")
ZONES = ("UTC", "Europe/Berlin", "Asia/Kathmandu", "America/Havana", "no zone")


def random_story(random: Random, days: int, incidents: int, **settings: object) -> Story:
    """Tell of so many incidents in so many days from `START` on."""
    story = Story()
    story.rules(-DAY, **settings)
    for service in SERVICES[:2]:
        for alertname in ("Slow", "Errors"):
            story.seen(random.randrange(-DAY, days * DAY), service or "", alertname)
    for number in range(incidents):
        _incident(story, random, f"i{number:03}", random.randrange(days * DAY))
    for number in range(incidents):
        _spell(story, random, f"e{number % (incidents * 2 // 3 or 1)}.1", random.randrange(days * DAY))
    for number in range(days):
        for level, person in ((1, random.choice(PEOPLE)), (1, random.choice(PEOPLE)), (2, "sue")):
            begin = number * DAY + random.randrange(DAY)
            story.on_call(begin, begin + random.randrange(1, 20) * HOUR, person, level)
    return story


def _incident(story: Story, random: Random, name: str, began: int) -> None:
    dims = {
        "service": random.choice(SERVICES), "alertname": random.choice(("Slow", "Errors")), "team": random.choice(("shop", None)),
        "severity": random.choice(("critical", "warning")), "thing": random.choice((None, "pod-1", "pod-2")),
        "scope": random.choice(("eu-1", "us-1")), "own": random.random() < 0.05, "started_at": START + began,
    }  # fmt: skip
    later = began
    for life in range(1, random.choice((1, 1, 1, 2, 4)) + 1):
        for target in random.sample(("pager", "lead"), random.choice((1, 1, 2))):
            at = later + random.randrange(10 * MINUTE)
            _page(story, random, story.page(at, name, target, life, draw=random.random(), **dims), at)
        later += random.randrange(3 * HOUR)
    if random.random() < 0.6:
        at = began + random.randrange(2 * HOUR)
        story.acknowledge(
            at, name, said=at - random.randrange(MINUTE), episodes=(f"e{random.randrange(30)}.1",)
        )
    if random.random() < 0.2:
        story.close(later + 1, name, human=random.random() < 0.8)
        if random.random() < 0.5:
            story.reopen(later + random.randrange(HOUR) + 2, name, human=False)
    if random.random() < 0.8:
        how = random.choice(("observed", "observed", "observed", "inferred", "not_recovered", "by_hand"))
        at = later + random.choice((5 * MINUTE, 3 * HOUR, 2 * DAY))
        story.end(at, name, how=how, last_seen_at=START + later, started_at=START + began)


def _page(story: Story, random: Random, page: str, at: int) -> None:
    for _ in range(random.choice((1, 1, 2))):
        kind = random.choice(("first", "late", "escalation", "fallback", "reminder", "rise", "again"))
        later = at + random.randrange(HOUR)
        call = story.call(later, page, kind, confirmed=random.random() < 0.5, duplicate=random.random() < 0.1)
        if random.random() < 0.5:
            story.confirm(later + 5, call)
        for person in random.sample(PEOPLE, random.choice((0, 1, 1, 2))):
            basis = random.choice(("assigned", "notified"))
            story.person(
                later + random.randrange(MINUTE), call, person, basis=basis, zone=random.choice(ZONES)
            )
    for _ in range(random.choice((0, 1, 1, 2, 3))):
        given = at + random.choice((MINUTE, HOUR, 3 * DAY, 14 * DAY, 14 * DAY + 1, 20 * DAY))
        trust = random.choice(
            ("person", "person", "person", "pagerduty_human", "slack_ack_note", "self_resolved")
        )
        value = random.choice(("actionable", "actionable", "noise"))
        more = {"by": random.choice(PEOPLE)} if trust == "person" else {}
        label = story.label(given, value, page, trust=trust, reason=random.choice((None, "expected")), **more)
        if random.random() < 0.15:
            story.withdraw(given + random.randrange(10 * DAY), label)


def _spell(story: Story, random: Random, episode: str, at: int) -> None:
    story.spell(
        at, episode, service=random.choice(SERVICES), thing=random.choice((None, "pod-1")), reason=random.choice(("silenced", "muted")),
        exempt=random.choice((None, None, None, "known_before")), would_tell_at=random.choice((None, START + at + MINUTE)),
    )  # fmt: skip
    if random.random() < 0.3:
        given = at + random.randrange(10 * DAY)
        label = story.label(
            given, random.choice(("missed", "actionable", "noise")), episode=episode, by=random.choice(PEOPLE)
        )
        if random.random() < 0.2:
            story.withdraw(given + 5, label)
    if random.random() < 0.3:
        story.acknowledge(at + random.randrange(3 * HOUR), "none", episodes=(episode, "e0.1"))
