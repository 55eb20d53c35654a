"""What the documents say is so: every setting, command, key, reason, metric and file that they name, and none
is left out.
"""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from gateway.cli.commands import COMMANDS
from gateway.config.settings import Settings
from gateway.inbound.webhooks.body import Caps
from gateway.intake.read_body import MAX_ALERTS
from gateway.model.notification import Notification
from gateway.model.verdict import Reason
from gateway.model.worded import FiringTimes, Quieted
from gateway.outbound.pagerduty.event import render
from gateway.outbound.registry import DESTINATION_KINDS
from gateway.rules.files import keys, load_rules, rules_schema
from gateway.sandbox import Fault, FaultKind
from gateway.sandbox.__main__ import main as sandbox
from gateway.simulate.explain import Explained, Explanation, ToldWhere
from gateway.simulate.path import PathStep
from gateway.storage.redis import KEY_NAMES
from gateway.telemetry.metrics import Metrics
from tests.outbound.notifications import line, notification

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
SETTINGS = (ROOT / "docs/settings.md").read_text("utf-8")
OPERATIONS = (ROOT / "docs/operations.md").read_text("utf-8")
COMMANDS_DOCUMENT = (ROOT / "docs/commands.md").read_text("utf-8")
PAGERDUTY = (ROOT / "docs/pagerduty.md").read_text("utf-8")
RULES = (ROOT / "docs/rules.md").read_text("utf-8")
ARCHITECTURE = (ROOT / "docs/architecture.md").read_text("utf-8")
WEBHOOKS = (ROOT / "docs/webhooks.md").read_text("utf-8")
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

# The tuples of keys.py, so that the keys of a new section are looked for without being named here
KEYS_OF_RULES: dict[str, tuple[str, ...]] = {
    name: listed
    for name, listed in vars(keys).items()
    if isinstance(listed, tuple) and name != "TOP" and not name.startswith("LATER_")
}
NOW = 1_800_000_000_000
FLAPPED = FiringTimes(NOW - 60_000, NOW - 20_000, None, 3, 20_000)


@pytest.mark.parametrize("name", [str(field.alias) for field in Settings.model_fields.values()])
def test_every_setting_is_documented_with_its_description(name: str) -> None:
    description = next(field.description for field in Settings.model_fields.values() if field.alias == name)
    assert f"| `{name}` |" in SETTINGS
    assert str(description) in SETTINGS


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_is_documented(name: str) -> None:
    assert f"`gateway {name}" in COMMANDS_DOCUMENT


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_is_explained(reason: Reason) -> None:
    assert re.search(rf"\| `{reason}` \| [A-Za-z`]", RULES)


@pytest.mark.parametrize(
    "key",
    sorted(
        {
            *(key for listed in KEYS_OF_RULES.values() for key in listed),
            *(f"{name}.{key}" for name, kind in DESTINATION_KINDS.items() for key in kind.keys),
        }
    ),
)
def test_every_rule_key_is_described(key: str) -> None:
    assert re.search(rf"`{re.escape(key)}(`|: )", RULES)


@pytest.mark.parametrize("section", keys.TOP)
def test_every_section_of_rule_files_is_described(section: str) -> None:
    assert re.search(rf"^## {section}$|`{section}:`", RULES, re.MULTILINE)


def test_every_field_of_a_pagerduty_event_is_described() -> None:
    event = render(told_with_everything())
    payload, details = event["payload"], event["payload"]["custom_details"]
    # An annotation stands under its own name.
    named = {"annotation <name>" if name.startswith("annotation ") else name for name in details}
    for name in {*event, *payload, *named} - {"payload"}:
        assert re.search(rf"`(\w+\.)*{re.escape(name)}`", PAGERDUTY), name


def told_with_everything() -> Notification:
    """A notification with everything that may stand in one, and too many alerts."""
    alert = line(
        description="cart fails",
        annotations={"owner": "db team"},
        sent_severity="severity=fatal",
        often=FLAPPED,
        ended_at=NOW,
        silenced_after_notify="silence of ann",
        moved=True,
    )
    return notification(
        lines=(alert,) * 60,
        firing=60,
        moved=1,
        often=FLAPPED,
        reason="re-opened",
        quieted=Quieted("silenced", "silence s1 by ann"),
        previous="abc122",
        owner="payments",
        link="https://gateway.example/incidents/abc123",
    )


@pytest.mark.parametrize("name", KEY_NAMES)
def test_every_key_of_a_slot_is_named(name: str) -> None:
    assert re.search(rf"[:`]{name}`", ARCHITECTURE)


def test_every_metric_that_is_documented_for_operations_is_there() -> None:
    shown = {metric.name for metric in Metrics().catalogue.described}
    assert set(re.findall(r"`(gateway_[a-z_]+)`", OPERATIONS)) <= shown


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_to_a_file_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text("utf-8")):
        assert (document.parent / target).exists(), target


def test_the_tree_in_the_documents_is_the_tree_on_disk() -> None:
    listed = set(re.findall(r"^  (\w+)/ ", ARCHITECTURE, re.MULTILINE))
    on_disk = {
        path.name for path in (ROOT / "gateway").iterdir() if path.is_dir() and not path.name.startswith("__")
    }
    assert listed == on_disk


def test_the_caps_in_the_webhook_table_are_those_of_the_door() -> None:
    assert f"{MAX_ALERTS:,}" in WEBHOOKS
    assert f"({Caps().body >> 20} MiB)" in WEBHOOKS


@pytest.mark.parametrize("number", range(2))
def test_the_readmes_rules_are_right(number: int, tmp_path: Path) -> None:
    section = README[README.index("## Rules") :]
    blocks = re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)
    (tmp_path / "a.yaml").write_text(blocks[0], "utf-8")
    (tmp_path / "b.yaml").write_text(blocks[number] if number else "", "utf-8")
    assert not load_rules(tmp_path, NOW).errors


def test_the_rules_of_somebody_who_comes_from_alertmanager_are_right(tmp_path: Path) -> None:
    page = (ROOT / "docs/coming-from-alertmanager.md").read_text("utf-8")
    _, ours, *_ = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    (tmp_path / "all.yaml").write_text(ours, "utf-8")
    loaded = load_rules(tmp_path, NOW)
    assert (loaded.findings, loaded.rulebook is not None) == ((), True)
    # Alertmanager's mutes keep critical alerts quiet as well, so ours has to say so.
    muted = [route for route in loaded.rulebook.routes if route.mute.page] if loaded.rulebook else []
    assert [(route.name, route.mute.critical) for route in muted] == [("payments", True)]


@pytest.mark.parametrize("shown", [Explanation, Explained, ToldWhere, PathStep])
def test_every_key_of_an_explanation_is_documented(shown: type[Any]) -> None:
    section = COMMANDS_DOCUMENT[COMMANDS_DOCUMENT.index("## Explain") :]
    for field in fields(shown):
        assert f"`{field.name}`" in section, field.name


def test_every_option_of_the_sandbox_is_documented() -> None:
    page = (ROOT / "docs/sandbox.md").read_text("utf-8")
    for option in sandbox.params:
        assert f"`{option.opts[0]}`" in page, option.name
    for word in (*FaultKind, *(field.name for field in msgspec.structs.fields(Fault))):
        assert f"`{word}`" in page


def test_every_document_is_reached_from_the_readme() -> None:
    for document in (ROOT / "docs").glob("*.md"):
        assert f"](docs/{document.name})" in README, document.name


def test_the_readme_is_read_in_five_minutes() -> None:
    assert len(README.splitlines()) <= 120
    assert len(README) <= 7_500


def test_the_starter_set_has_no_findings_and_fits_the_schema() -> None:
    from jsonschema import validate

    assert load_rules(ROOT / "rules", NOW).findings == ()
    validate(yaml.safe_load((ROOT / "rules/starter.yaml").read_text("utf-8")), rules_schema())


def test_the_manifest_of_the_slack_app_has_every_scope_that_the_readme_names() -> None:
    manifest = yaml.safe_load((ROOT / "deploy/slack/manifest.yaml").read_text("utf-8"))
    asked = set(manifest["oauth_config"]["scopes"]["bot"])
    section = README[README.index("The Slack app needs the scopes") :].partition("\n\n")[0]
    assert set(re.findall(r"`([a-z.]+:[a-z.]+)`", section)) <= asked


def test_every_test_that_the_threat_model_names_is_there() -> None:
    text = (ROOT / "docs/security.md").read_text("utf-8")
    named = {*re.findall(r"`([a-z_/]+\.py)`", text), *re.findall(r"`([a-z_/]+/)`", text)}
    assert len(named) > 15
    assert [name for name in sorted(named) if name != "tests/" and not (ROOT / "tests" / name).exists()] == []
