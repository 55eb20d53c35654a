"""Tasks of the causal-evaluation service, and how its two models fare with them."""

from __future__ import annotations

from itertools import product
from typing import Any

import msgspec
import pytest

from evaluation.evaluate import postprocess_result
from evaluation.graphs import BadGraph
from evaluation.models import MODELS
from evaluation.tasks import Difficulty, Domain, Task, TaskType, generate, question_of, right_answer

KINDS = list(product(TaskType, Difficulty, Domain))
ASKED = {
    "task_id": "t1",
    "task_type": "d_separation",
    "domain": "operations",
    "nodes": ["release", "errors", "retries"],
    "edges": [["release", "errors"], ["errors", "retries"]],
    "cause": "release",
    "effect": "retries",
    "given": ["errors"],
}


def task(**changes: Any) -> Task:
    return msgspec.convert({**ASKED, **changes}, Task)


def score(model: str, task: Task) -> float:
    question = question_of(task)
    return postprocess_result(MODELS[model].answer(question), right_answer(question))


@pytest.mark.parametrize(("task_type", "difficulty", "domain"), KINDS)
def test_a_task_of_each_kind_is_made_and_can_be_asked_and_is_as_hard_as_wanted(
    task_type: TaskType, difficulty: Difficulty, domain: Domain
) -> None:
    made = generate(task_type, difficulty, domain, 7)
    assert made == generate(task_type, difficulty, domain, 7)
    assert (made.task_type, made.difficulty, made.domain) == (task_type, difficulty, domain)
    assert msgspec.json.decode(msgspec.json.encode(made), type=Task) == made
    right_answer(question_of(made))


@pytest.mark.parametrize("task_type", TaskType)
def test_one_model_is_always_right_and_the_other_falls_for_what_people_fall_for(task_type: TaskType) -> None:
    asked = [generate(task_type, Difficulty.MEDIUM, Domain.MEDICINE, seed) for seed in range(30)]
    assert all(score("bayes-ball", task) == 1 for task in asked)
    assert 0 < sum(score("skeleton", task) for task in asked) < len(asked)


def test_what_comes_before_the_cause_stays_as_it_was() -> None:
    chances = {"release": (0.3,), "errors": (0.1, 0.6), "retries": (0.2, 0.7)}
    backwards = task(task_type="effect", cause="retries", effect="release", given=(), chances=chances)
    assert right_answer(question_of(backwards)) == pytest.approx(0.3)
    assert score("bayes-ball", backwards) == 1


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"effect": "release"}, "effect: it is the cause"),
        ({"given": ["release"]}, "given: the cause or the effect stands there"),
        ({"given": ["nowhere"]}, "given: 'nowhere' is no node"),
        ({"cause": "nowhere"}, "cause, effect: 'nowhere' is no node"),
        ({"task_type": "effect", "given": []}, "chances: the task type `effect` needs them"),
        ({"task_type": "effect", "given": [], "chances": {"release": [0.5]}}, "chances: 'errors' has 0 of them; give 2"),
        (
            {"task_type": "effect", "given": [], "chances": {"release": [1.0], "errors": [0.5, 0.5], "retries": [0.5, 0.5]}},
            "one of 'release' is 0 or 1",
        ),
    ],
)  # fmt: skip
def test_a_question_that_makes_no_sense_is_refused_with_the_place(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(BadGraph, match=says):
        question_of(task(**changes))
