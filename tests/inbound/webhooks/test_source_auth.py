"""Each source at the door: known by its token, let in with what it may send, and with a name on everything
that it said.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from gateway.decisions.intake.normalise import Normaliser
from gateway.inbound.asgi import AsgiApp
from gateway.inbound.webhooks.alertmanager import AlertmanagerWebhook
from gateway.inbound.webhooks.body import Caps
from gateway.inbound.webhooks.source_auth import source_auth
from gateway.model.durations import MINUTE, SECOND
from gateway.model.rules.origin import BUILT_IN, Origin, SecretName
from gateway.model.rules.rulebook import Rulebook
from gateway.model.rules.source import Source
from gateway.model.verdict import Reason
from gateway.telemetry.metrics import Metrics
from tests.support.build import match
from tests.support.webhook_endpoint import GOOD, NOW, Taker, basic, post
from tests.support.world import Secrets

EU = Source(
    "eu", Origin("rules/eu.yaml", 3), match('cluster=~"eu-.*"'), SecretName("HOOK_EU"), group_interval=MINUTE
)
US = Source("us", BUILT_IN, match('cluster=~"us-.*"'), SecretName("HOOK_US"))
REST = Source("rest", BUILT_IN)
SECRETS = {"HOOK_EU": "token-of-eu,next-of-eu", "HOOK_US": "token-of-us"}


def asgi_app(
    taker: Taker,
    *sources: Source,
    shared: tuple[str, ...] = ("shared",),
    secrets: Mapping[str, str] = SECRETS,
    private: bool = True,
) -> AsgiApp:
    rules = Rulebook(listed_sources={one.name: one for one in sources})
    normalisers = {name: Normaliser(rules.labels, one) for name, one in rules.sources.items()}
    let_in = source_auth(rules, normalisers, shared, Secrets(dict(secrets)), private=private)
    endpoint = AlertmanagerWebhook(taker.take, let_in, Caps(), Metrics(), taker.note, lambda: NOW)
    return AsgiApp(endpoint, [], endpoint.wrong_place, lambda *_: None)


def alert(**labels: str) -> dict[str, object]:
    return {**GOOD, "labels": {"alertname": "Down", **labels}}


@pytest.mark.parametrize(
    ("sources", "shown", "source"),
    [
        pytest.param((EU, US), "Bearer token-of-eu", "eu", id="a source is known by its token"),
        pytest.param(
            (EU, US), "Bearer next-of-eu", "eu", id="by each of its tokens, while one replaces the other"
        ),
        pytest.param(
            (EU, US), basic("token-of-us", "eu"), "us", id="by the token alone, not by the user that it names"
        ),
        pytest.param(
            (EU, REST), "Bearer shared", "rest", id="the shared token is that of the source without one"
        ),
        pytest.param((EU, US), "Bearer shared", "default", id="or of the default source where all have one"),
        pytest.param((), "Bearer shared", "default", id="without sources there is the default one"),
    ],
)
async def test_who_a_webhook_is_from(sources: tuple[Source, ...], shown: str, source: str) -> None:
    taker = Taker()
    answer = await post(
        asgi_app(taker, *sources),
        {"alerts": [alert(cluster=f"{source}-1")]},
        headers={"authorization": shown},
    )
    assert answer.status_code == 200
    assert [one.source for one in taker.seen] == [source]


@pytest.mark.parametrize(
    ("sources", "shared", "secrets", "shown"),
    [
        pytest.param((EU,), ("shared",), SECRETS, "Bearer token-of-us", id="a token that nobody names"),
        pytest.param((EU,), (), {}, "Bearer ", id="a token that is named and not set"),
        pytest.param((EU,), (), {}, None, id="nothing shown, though no token is set"),
        pytest.param((EU,), (), {"HOOK_EU": ","}, "Bearer ", id="a token that is empty"),
        pytest.param((EU, REST), (), SECRETS, None, id="a source without a token, and no shared one"),
    ],
)
async def test_who_is_kept_out(
    sources: tuple[Source, ...], shared: tuple[str, ...], secrets: dict[str, str], shown: str | None
) -> None:
    headers = {"authorization": shown} if shown is not None else {}
    answer = await post(
        asgi_app(Taker(), *sources, shared=shared, secrets=secrets), {"alerts": []}, headers=headers
    )
    assert answer.status_code == 401


async def test_where_no_token_is_named_or_set_everybody_is_the_source_without_one() -> None:
    taker = Taker()
    assert (await post(asgi_app(taker, REST, shared=()), {"alerts": [GOOD]})).status_code == 200
    assert taker.seen[0].copy.startswith("rest/")


@pytest.mark.parametrize(
    "sources", [pytest.param((), id="without sources"), pytest.param((REST,), id="with one")]
)
async def test_where_others_can_reach_us_nobody_is_let_in_without_a_token(
    sources: tuple[Source, ...],
) -> None:
    """A reload may take away the last source with a token of its own."""
    assert (
        await post(asgi_app(Taker(), *sources, shared=(), private=False), {"alerts": []})
    ).status_code == 401


async def test_an_alert_outside_of_its_source_is_quarantined_with_the_remedy_and_its_neighbours_are_taken() -> (
    None
):
    taker = Taker()
    body = {"alerts": [alert(cluster="eu-1"), alert(cluster="us-1"), alert()]}
    answer = await post(asgi_app(taker, EU, US), body, headers={"authorization": "Bearer token-of-eu"})
    assert (answer.json()["alerts"], answer.json()["quarantined"]) == (1, 2)
    assert {(one.source, one.field, one.reason) for one in taker.quarantined} == {
        ("eu", "alerts[].labels", Reason.OUTSIDE_SOURCE)
    }
    (error,) = {one.error for one in taker.quarantined}
    assert error == (
        'source eu (rules/eu.yaml:3) may send {cluster=~"eu-.*"} only: send it with its own source\'s token, or widen `match`'
    )


async def test_a_body_that_is_no_webhook_is_kept_under_its_senders_name() -> None:
    taker = Taker()
    await post(asgi_app(taker, EU), b"hello", headers={"authorization": "Bearer token-of-eu"})
    assert (taker.quarantined[0].source, taker.quarantined[0].reason) == ("eu", Reason.MALFORMED)


async def test_each_observation_says_how_late_its_source_may_be() -> None:
    taker = Taker()
    await post(
        asgi_app(taker, EU),
        {"alerts": [alert(cluster="eu-1")]},
        headers={"authorization": "Bearer token-of-eu"},
    )
    assert taker.seen[0].lateness == EU.lateness == MINUTE + 30 * SECOND
