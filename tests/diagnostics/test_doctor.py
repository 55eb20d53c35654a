"""The doctor: what is wrong is named, with what to do about it, and no secret is shown."""

from __future__ import annotations

import pytest

from gateway.diagnostics.diagnosis import Mark
from tests.support.installation import (
    RULES,
    WRONG_KEY,
    WRONG_TOKEN,
    Patient,
    running_beside,
)
from tests.support.pinged import Pinged
from tests.support.processes import alert
from tests.support.servers import free_port, redis_server

pytestmark = pytest.mark.asyncio(loop_scope="module")


# All is well


async def test_a_healthy_installation_with_its_gateway_running_has_nothing_to_complain_of(
    patient: Patient,
) -> None:
    async with running_beside(patient):
        patient.more["GATEWAY_HEARTBEAT_URL"] = f"{patient.more['GATEWAY_URL']}/livez"
        found = await patient.examined()
    assert {one.mark for one in found} == {Mark.GOOD}
    looked_at = [*dict.fromkeys(one.what for one in found)]
    assert looked_at == ["settings", "rules", "store", "chat", "team", "pager", "heartbeat", "gateway"]


async def test_without_a_heartbeat_nobody_hears_of_a_gateway_that_is_gone(patient: Patient) -> None:
    ((mark, said),) = await patient.said("heartbeat")
    assert mark is Mark.WORRY
    assert "GATEWAY_HEARTBEAT_URL" in said


async def test_a_heartbeat_that_reaches_nobody_is_found_and_its_token_not_shown(patient: Patient) -> None:
    patient.more = {"GATEWAY_HEARTBEAT_URL": f"http://127.0.0.1:{free_port()}/ping/0123-secret"}
    ((mark, said),) = await patient.said("heartbeat")
    assert mark is Mark.BAD
    assert ": no connection; is GATEWAY_HEARTBEAT_URL right" in said
    assert "secret" not in said


async def test_a_heartbeat_at_half_an_address_is_found(patient: Patient) -> None:
    patient.more = {"GATEWAY_HEARTBEAT_URL": "http://[::1"}
    ((mark, said),) = await patient.said("heartbeat")
    assert mark is Mark.BAD
    assert "is GATEWAY_HEARTBEAT_URL right" in said


async def test_looking_at_the_heartbeat_is_none(patient: Patient) -> None:
    async with Pinged.listening() as pinged:
        patient.more = {"GATEWAY_HEARTBEAT_URL": f"{pinged.url}/ping/token"}
        await patient.examined()
    assert pinged.paths == ["/"]


async def test_looking_sends_nothing_to_people(patient: Patient) -> None:
    await patient.examined()
    assert not patient.slack.messages("alerts")
    assert not patient.pagerduty.incidents
    assert not patient.pagerduty.calls


# Rules


async def test_rules_with_errors_are_named_with_file_line_and_column(patient: Patient) -> None:
    patient.rules = RULES.replace("notify:", "notifi:")
    bad = [said for mark, said in await patient.said("rules") if mark is Mark.BAD]
    assert bad == [f"{patient.folder}/rules.yaml:6:24: unknown key `notifi`; did you mean `notify`?"]


async def test_a_warning_about_the_rules_is_no_failure(patient: Patient) -> None:
    patient.rules = RULES.replace("notify: [chat, team]", "notify: [chat]")
    found = await patient.said("rules")
    assert [mark for mark, _ in found] == [Mark.WORRY, Mark.GOOD]
    assert "destination `team` is used by no route" in found[0][1]


async def test_no_rules_at_all_are_named_by_their_path_and_the_rest_is_looked_at(patient: Patient) -> None:
    patient.more = {"GATEWAY_RULES": str(patient.folder / "nowhere")}
    found = await patient.examined()
    assert (Mark.BAD, "rules") in [(one.mark, one.what) for one in found]
    assert {"store", "gateway"} <= {one.what for one in found}


# Settings


async def test_an_address_that_others_can_reach_without_a_token_is_a_failure_as_it_ends_the_start(
    patient: Patient,
) -> None:
    patient.more = {"GATEWAY_LISTEN": "0.0.0.0:9096", "GATEWAY_ADMIN_TOKEN": "let-me-in-please"}
    found = await patient.said("settings")
    said = "GATEWAY_LISTEN: 0.0.0.0:9096 can be reached from other machines, so set GATEWAY_WEBHOOK_TOKEN"
    assert found == [(Mark.BAD, said)]


# Store


async def test_a_file_in_the_place_of_the_data_directory_is_a_failure_that_names_the_setting(
    patient: Patient,
) -> None:
    taken = patient.folder / "taken"
    taken.write_text("mine", "utf-8")
    for folder in (taken, taken / "data"):
        patient.more = {"GATEWAY_DATA_DIR": str(folder)}
        ((mark, said),) = await patient.said("store")
        assert (mark, said.startswith(f"{folder} cannot be used: ")) == (Mark.BAD, True)
        assert "is a file; set GATEWAY_DATA_DIR" in said


async def test_a_store_that_may_forget_says_so_and_what_to_set(patient: Patient) -> None:
    with redis_server("redis", "--maxmemory-policy", "allkeys-lru") as url:
        patient.more = {"GATEWAY_REDIS_URL": url}
        found = await patient.said("store")
    policy, durable = [said for mark, said in found if mark is Mark.WORRY]
    assert "allkeys-lru" in policy
    assert "set noeviction" in policy
    assert "set appendonly yes" in durable


async def test_a_store_that_is_as_it_should_be_is_well(patient: Patient) -> None:
    with redis_server("redis", "--appendonly", "yes") as url:
        patient.more = {"GATEWAY_REDIS_URL": url}
        assert {mark for mark, _ in await patient.said("store")} == {Mark.GOOD}


async def test_a_store_that_is_not_there_is_a_failure_that_names_the_setting(patient: Patient) -> None:
    patient.more = {"GATEWAY_REDIS_URL": f"redis://:open-sesame@127.0.0.1:{free_port()}"}
    ((mark, said),) = await patient.said("store")
    assert mark is Mark.BAD
    assert "GATEWAY_REDIS_URL" in said


# The running gateway


async def test_a_gateway_that_does_not_run_is_a_worry_that_names_the_setting(patient: Patient) -> None:
    ((mark, said),) = await patient.said("gateway")
    assert mark is Mark.WORRY
    assert said.endswith(": no connection; is GATEWAY_URL right, and does it run?")


async def test_what_the_running_gateway_worries_about_is_shown(patient: Patient) -> None:
    async with running_beside(patient) as app:
        await app.webhook(alert("pay", starts="2026-11-23T10:00:00Z", severity="purple"))
        patient.rules = "routes: [{nam: x}]"
        patient.environment()  # writes them where the running gateway reads them, as the examination does
        await app.gateway.reloader.reload()
        found = [one.said for one in await patient.examined() if one.what in ("gateway", "severity")]
    # `/health` is open to everybody, so it says where the error is and no line of the file.
    assert any("rules.yaml:1" in said for said in found)
    assert "`purple` is unknown, 1 alert: map it in labels.severity" in found


async def test_something_else_that_answers_there_is_no_gateway(patient: Patient) -> None:
    patient.more = {"GATEWAY_URL": patient.slack.page_url}
    ((mark, said),) = await patient.said("gateway")
    assert mark is Mark.WORRY
    assert "something else answers there; is GATEWAY_URL right" in said


# Secrets


async def test_no_secret_is_shown_whatever_is_wrong(patient: Patient) -> None:
    secrets = {
        "SLACK_BOT_TOKEN": WRONG_TOKEN,
        "PAGERDUTY_ROUTING_KEY": WRONG_KEY,
        "GATEWAY_ADMIN_TOKEN": "let-me-in-please",
    }
    patient.more = {**secrets, "GATEWAY_REDIS_URL": f"redis://:open-sesame@127.0.0.1:{free_port()}"}
    shown = str([*await patient.examined(), *await patient.paged("chat"), *await patient.paged("pager")])
    assert not [one for one in (*secrets.values(), "open-sesame") if one in shown]
