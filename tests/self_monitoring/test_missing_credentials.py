"""A destination without its credential tells the log or fails; people hear of it once it is no mere moment."""

from __future__ import annotations

from pathlib import Path

from gateway.config.environment import Environment
from gateway.config.secrets import EnvironmentSecrets
from gateway.model.durations import MINUTE
from gateway.model.rules.destination import Destination
from gateway.model.rules.origin import BUILT_IN, SecretName
from gateway.outbound.pagerduty.destination import PagerDutyService
from gateway.self_monitoring.missing_credentials import MissingCredentials
from tests.support.build import START, pager, rulebook, slack

TEAM = Destination("team", BUILT_IN, PagerDutyService(SecretName("TEAM_KEY")))
SECRET = "0123456789abcdef0123456789abcdef"


def among(
    *destinations: Destination, credentialed: tuple[str, ...] = (), **set_here: str
) -> MissingCredentials:
    rules = rulebook(destinations=destinations)
    secrets = EnvironmentSecrets(Environment(set_here), b"k")
    return MissingCredentials(lambda: rules, secrets, frozenset(credentialed))


def test_a_vendor_that_nobody_has_set_up_tells_the_log() -> None:
    found = among(slack(), pager(), SLACK_BOT_TOKEN="xoxb-1").found()
    assert (found.log_only, found.failing) == ({"pager": "PAGERDUTY_ROUTING_KEY"}, {})


def test_a_name_that_is_not_set_fails_where_another_of_its_vendor_is() -> None:
    missing = among(pager(), TEAM, PAGERDUTY_ROUTING_KEY=SECRET)
    assert missing.found().failing == {"team": "TEAM_KEY"}
    assert missing.failing_for_long(START) == {"team": "TEAM_KEY is not set"}


def test_the_nearest_name_that_is_set_is_named_and_no_value() -> None:
    missing = among(pager(), TEAM, PAGERDUTY_ROUTING_KEY=SECRET, TEAM_KEYS="not-shown")
    assert missing.failing_for_long(START) == {
        "team": "TEAM_KEY is not set; the nearest name that is set is TEAM_KEYS"
    }


def test_a_file_that_is_away_fails_and_is_said_after_two_minutes(tmp_path: Path) -> None:
    missing = among(TEAM, TEAM_KEY_FILE=str(tmp_path / "key"))
    assert missing.found().failing == {"team": "TEAM_KEY"}
    assert missing.failing_for_long(START) == {}
    assert missing.failing_for_long(START + 2 * MINUTE) == {}
    said = missing.failing_for_long(START + 2 * MINUTE + 1)
    assert said == {"team": f"TEAM_KEY_FILE: {tmp_path / 'key'} cannot be read: there is no such file"}
    (tmp_path / "key").write_text(SECRET)
    assert missing.failing_for_long(START + 3 * MINUTE) == {}
    (tmp_path / "key").unlink()
    assert missing.failing_for_long(START + 4 * MINUTE) == {}


def test_a_vendor_that_only_the_store_knows_of_is_said_after_two_minutes() -> None:
    """A replica of yesterday, beside one that has the first credential, is about to be replaced."""
    missing = among(pager(), credentialed=("pagerduty",))
    assert missing.found().failing == {"pager": "PAGERDUTY_ROUTING_KEY"}
    assert missing.failing_for_long(START) == {}
    assert list(missing.failing_for_long(START + 2 * MINUTE + 1)) == ["pager"]
