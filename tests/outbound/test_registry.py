"""All kinds of destinations are found in one place, and each says all that is asked of one."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import gateway.outbound
from gateway.config.environment import ALIASES
from gateway.model.ledger import UNKEYED_KINDS
from gateway.outbound.kind import Wiring
from gateway.outbound.network import Network
from gateway.outbound.registry import DESTINATION_KINDS, PACES, kind_of
from gateway.ports import Trail
from tests.support.build import one_of_each_kind

FOLDER = Path(gateway.outbound.__file__).parent
PROJECT = tomllib.loads((FOLDER.parents[1] / "pyproject.toml").read_text("utf-8"))


def test_every_vendors_folder_is_registered() -> None:
    folders = {file.parent.name for file in FOLDER.glob("*/destination.py")}
    registered = {kind.integration.__module__.split(".")[-2] for kind in DESTINATION_KINDS.values()}
    assert folders == registered


@pytest.mark.parametrize("name", DESTINATION_KINDS)
def test_a_destination_is_of_the_kind_that_its_rule_names(name: str) -> None:
    destination = one_of_each_kind()[name]
    kind = kind_of(destination)
    assert (kind.name, type(destination.via)) == (destination.kind, kind.integration)
    assert PACES[destination.kind] == kind.pace


@pytest.mark.parametrize("name", DESTINATION_KINDS)
async def test_a_notifier_that_would_say_it_twice_looks_first(name: str) -> None:
    notifier = DESTINATION_KINDS[name].notifier(Wiring("http://127.0.0.1:1", Network()))
    assert notifier.settles_by_looking is (name in UNKEYED_KINDS)
    await notifier.aclose()


@pytest.mark.parametrize("name", DESTINATION_KINDS)
async def test_a_kind_that_takes_the_audit_trail_is_the_kind_that_ships_it(name: str) -> None:
    kind = DESTINATION_KINDS[name]
    notifier = kind.notifier(Wiring("http://127.0.0.1:1", Network()))
    assert isinstance(notifier, Trail) is kind.integration.takes_audit
    await notifier.aclose()


@pytest.mark.parametrize("kind", DESTINATION_KINDS.values(), ids=DESTINATION_KINDS)
def test_the_address_of_a_vendor_is_a_setting(kind) -> None:  # type: ignore[no-untyped-def]
    assert not kind.address_setting or kind.address_setting in ALIASES


@pytest.mark.parametrize("kind", DESTINATION_KINDS.values(), ids=DESTINATION_KINDS)
def test_some_key_of_each_has_to_be_given(kind) -> None:  # type: ignore[no-untyped-def]
    assert any(key.missing for key in kind.keys.values())


def test_whoever_only_reads_rules_waits_for_no_vendors_client() -> None:
    code = "import sys, gateway.rules.files; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60
    )
    assert {"slack_sdk", "pdpyras"} <= clients()
    assert not clients() & set(done.stdout.split())


def clients() -> set[str]:
    """The clients that the import contracts allow to the vendors' folders."""
    (contract,) = (
        contract
        for contract in PROJECT["tool"]["importlinter"]["contracts"]
        if contract["name"] == "Each vendor's client is imported in one place"
    )
    allowed = [line.split(" -> ") for line in contract["ignore_imports"]]
    return {client for importer, client in allowed if importer.startswith("gateway.outbound.")}
