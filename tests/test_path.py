"""The path of an alert has one list of steps: in the package's docstring, in the code, in the documents and
in `explain`.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import gateway
from gateway.rules.files import load_rules
from gateway.simulate.explain import explain

ROOT = Path(__file__).parents[1]
NOW = 1_800_000_000_000
RULES = """
destinations: {chat: {slack: {channel: "#alerts"}}}
routes: [{name: everything, notify: [chat]}]
"""
BODY = (
    b'{"alerts": [{"status": "firing", "labels": {"alertname": "Down"}, "startsAt": "2027-01-15T08:00:00Z"}]}'
)


def steps_in_the_docstring() -> list[str]:
    return re.findall(r"^(\w+) {2,}\S+", gateway.__doc__ or "", re.MULTILINE)


def functions_of(path: str) -> dict[str, ast.AST]:
    tree = ast.parse((ROOT / "gateway" / path).read_text("utf-8"))
    return {
        node.name: node
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    }


def called_in_order(function: ast.AST) -> list[str]:
    """The names of what a function calls, in the order in which the calls stand in the text."""
    calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
    calls.sort(key=lambda call: (call.lineno, call.col_offset))
    return [
        call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        for call in calls
    ]


def steps_in_the_code(known: set[str]) -> list[str]:
    """The steps as the code takes them: the webhook's door, its parser, the commit of a batch, a plan, and
    the agenda's delivery.
    """
    path = [
        *(name for name in functions_of("inbound/webhooks/alertmanager.py") if name == "receive"),
        *called_in_order(functions_of("intake/parse_webhook.py")["_normalised"]),
        *called_in_order(functions_of("intake/part_writer.py")["_decide_on"]),
        *called_in_order(functions_of("decisions/notification/plan.py")["plan"]),
        *(name for name in functions_of("reconcile/deliver.py") if name == "deliver"),
    ]
    return [name for name in path if name in known]


def test_the_code_takes_the_steps_in_the_order_in_which_the_package_lists_them() -> None:
    steps = steps_in_the_docstring()
    assert len(steps) == 10
    assert steps_in_the_code(set(steps)) == steps


def test_every_file_that_the_package_names_for_a_step_is_there() -> None:
    for file in re.findall(r"^\w+ {2,}(\S+\.py)", gateway.__doc__ or "", re.MULTILINE):
        assert (ROOT / "gateway" / file).exists(), file


def test_the_architecture_document_lists_the_same_steps() -> None:
    document = (ROOT / "docs/architecture.md").read_text("utf-8")
    assert re.findall(
        r"^\| `(\w+)` \| .* \| .* \|$", document[: document.index("The work is done")], re.MULTILINE
    ) == (steps_in_the_docstring())


async def test_explain_says_what_each_step_made_of_a_webhook(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(RULES, "utf-8")
    rules = load_rules(tmp_path, NOW).rulebook
    assert rules is not None
    path = (await explain(BODY, rules, NOW)).path
    assert [step.step for step in path] == steps_in_the_docstring()
    found = {step.step: step.found for step in path}
    assert found["receive"] == "1 alert from source default"
    assert found["deduplicate"] == "1 opened"
    assert found["route"] == "to chat"
    assert found["conclude"] == "chat: first_notification in 10 s"
