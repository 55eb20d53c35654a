"""Which labels of a page count, and which is in force."""

from __future__ import annotations

import pytest

from gateway.model.durations import DAY, HOUR
from tests.decisions.statistics.build import Story


def test_a_label_at_the_cutoff_counts_and_one_a_millisecond_later_is_late() -> None:
    story = Story()
    story.label(14 * DAY, "noise", story.page(0, "i1"))
    story.label(1 + 14 * DAY + 1, "noise", story.page(1, "i2"))
    labels = story.row().labels
    assert (labels.labelled, labels.noise, labels.late) == (1, 1, 1)


def test_another_cutoff_can_be_asked_for() -> None:
    story = Story()
    story.label(2 * HOUR, "noise", story.page(0))
    assert story.row(cutoff=HOUR).labels.labelled == 0
    assert story.row(cutoff=2 * HOUR).labels.labelled == 1


def test_the_newest_word_of_a_person_replaces_the_older_one() -> None:
    story = Story()
    page = story.page(0)
    story.label(1, "noise", page)
    story.label(2, "actionable", page)
    labels = story.row().labels
    assert (labels.actionable, labels.conflicts) == (1, 0)


def test_a_person_who_takes_the_newest_word_back_has_none() -> None:
    story = Story()
    page = story.page(0)
    story.label(1, "noise", page)
    story.withdraw(3, story.label(2, "actionable", page))
    labels = story.row().labels
    assert (labels.labelled, labels.withdrawn) == (0, 1)


def test_a_withdrawal_after_the_cutoff_is_late_and_changes_nothing() -> None:
    story = Story()
    story.withdraw(14 * DAY + 1, story.label(1, "noise", story.page(0)))
    labels = story.row().labels
    assert (labels.noise, labels.withdrawn, labels.late) == (1, 0, 1)


def test_the_word_of_a_person_is_above_all_that_is_implied() -> None:
    story = Story()
    page = story.page(0)
    story.label(1, "actionable", page)
    story.label(2, "noise", page, trust="self_resolved")
    story.label(3, "actionable", page, trust="pagerduty_human")
    labels = story.row().labels
    assert labels.by_trust is not None
    assert (labels.by_trust.person.actionable, labels.by_trust.pagerduty_human.actionable) == (1, 0)
    assert (labels.conflicts, labels.conflicts_persons) == (1, 0)


def test_two_persons_who_differ_are_a_conflict_that_the_newer_one_wins() -> None:
    story = Story()
    page = story.page(0)
    story.label(1, "actionable", page, by="ann")
    story.label(2, "noise", page, by="bob")
    labels = story.row().labels
    assert (labels.noise, labels.conflicts, labels.conflicts_persons) == (1, 1, 1)


def test_of_words_at_the_same_time_the_greater_id_wins() -> None:
    story = Story()
    page = story.page(0)
    story.label(1, "actionable", page, by="ann", id="b")
    story.label(1, "noise", page, by="bob", id="a")
    assert story.row().labels.actionable == 1


def test_the_reasons_of_noise_are_those_of_the_label_in_force() -> None:
    story = Story()
    story.label(10, "noise", story.page(0, "i1"), reason="expected")
    story.label(11, "noise", story.page(1, "i2"))
    story.label(12, "actionable", story.page(2, "i3"), reason="ignored")
    assert story.row().labels.noise_reasons == {"expected": 1, "unsaid": 1}


def test_a_label_names_every_page_it_covers() -> None:
    story = Story()
    story.label(5, "noise", story.page(0, target="pager"), story.page(0, target="lead"))
    assert story.row().labels.noise == 2


@pytest.mark.parametrize(("as_of", "labelled"), [(9, 0), (10, 1), (19, 1), (20, 0)])
def test_events_after_as_of_do_not_count(as_of: int, labelled: int) -> None:
    story = Story()
    story.withdraw(20, story.label(10, "noise", story.page(0)))
    start = story.events[0].at
    assert story.row(as_of=start + as_of).labels.labelled == labelled


def test_the_pages_of_the_sample_that_are_labelled_are_counted() -> None:
    story = Story()
    for number, draw in enumerate((0.05, 0.0999, 0.1, 0.7)):
        story.label(10, "noise", story.page(number, f"i{number}", draw=draw))
    story.page(9, "i9", draw=0.01)
    assert story.row().labels.sampled == 2
    assert story.row(sample=0.5).labels.sampled == 3


@pytest.mark.parametrize(
    ("settings", "actionable", "noise"),
    [
        pytest.param({}, 3, 2, id="by default all that is said and implied counts"),
        pytest.param(
            {"actionable": ("human_label",)}, 1, 2, id="implied ones only where the rules name them"
        ),
        pytest.param({"actionable": ("slack_ack_and_note",)}, 1, 2, id="nor a person's word"),
        pytest.param({"noise_by_people": False}, 3, 1, id="nor a person's word for noise"),
        pytest.param({"resolved_by_itself_within": None}, 3, 1, id="nor what ended by itself"),
    ],
)
def test_labels_count_where_the_rules_of_the_report_name_them(
    settings: dict[str, object], actionable: int, noise: int
) -> None:
    story = Story()
    for number, trust in enumerate(("person", "pagerduty_human", "slack_ack_note")):
        story.label(HOUR, "actionable", story.page(0, f"a{number}"), trust=trust)
    for trust in ("person", "self_resolved"):
        story.label(HOUR, "noise", story.page(0, f"n {trust}"), trust=trust)
    story.rules(DAY, **settings)
    labels = story.row().labels
    assert (labels.actionable, labels.noise) == (actionable, noise)
