"""A store that is laid out otherwise than the settings say is refused."""

from __future__ import annotations

from contextlib import AsyncExitStack

import pytest

from gateway.errors import BadSettings
from tests.support.processes import alert
from tests.support.running_gateway import RULES as ONE_PARTITION
from tests.support.running_gateway import Running, Starter

TENANTS = [f"t{number}" for number in range(8)]
PARTED = f"partition_by: [tenant]\n{ONE_PARTITION}"


async def started(starter: Starter, shards: int, rules: str = PARTED) -> Running:
    (starter.folder / "rules.yaml").write_text(rules, "utf-8")
    starter.more["GATEWAY_SHARDS"] = str(shards)
    return await starter.start()


def of(tenant: str, *, ends: bool = False) -> dict[str, object]:
    made = alert("pay", starts="2026-11-23T10:00:00Z", **({"ends": "2026-11-23T11:00:00Z"} if ends else {}))
    return {**made, "labels": {**made["labels"], "tenant": tenant}}  # type: ignore[dict-item]


async def told(app: Running, tenants: list[str], *, firing: bool = True) -> None:
    await app.webhook(*[of(tenant, ends=not firing) for tenant in tenants])
    wanted = "triggered" if firing else "resolved"
    await app.until(
        lambda: len([one for one in app.pagerduty.incidents if one.status == wanted]) >= len(tenants)
    )


# Another layout


async def ended(starter: Starter) -> None:
    await starter.stack.aclose()
    starter.stack = AsyncExitStack()


async def test_a_store_that_is_laid_out_otherwise_is_refused_with_the_remedy(starter: Starter) -> None:
    app = await started(starter, 1)
    await told(app, TENANTS[:1])
    await ended(starter)
    with pytest.raises(BadSettings, match="gateway migrate"):
        await started(starter, 4)
    with pytest.raises(BadSettings, match="gateway migrate"):
        await started(starter, 1, ONE_PARTITION)


async def test_an_empty_store_takes_any_layout(starter: Starter) -> None:
    await started(starter, 1, ONE_PARTITION)
    await ended(starter)
    app = await started(starter, 4)
    assert len(app.gateway.shards.states) == 4
