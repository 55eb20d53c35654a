"""Requests name an incident by the first characters of its id."""

from __future__ import annotations

from tests.support.processes import alert
from tests.support.running_gateway import Running

FIRED_AT = "2026-11-23T10:00:00Z"


async def test_the_first_characters_of_an_id_are_enough_wherever_an_incident_is_named(app: Running) -> None:
    incident = await app.told()
    begun = incident[:4]
    assert (await app.shown(f"/api/v1/incidents/{begun}"))["id"] == incident
    taken = await app.shown(f"/api/v1/incidents/{begun}/acknowledge", "POST", json={"by": "ann"})
    assert (taken["id"], taken["state"]) == (incident, "acknowledged")
    labelled = {"by": "ann", "incident": begun, "value": "actionable"}
    assert (await app.shown("/api/v1/statistics/labels", "POST", json=labelled))["pages"]
    refused = await app.shown(f"/api/v1/dead-letters/{begun}/pager/retry", "POST", 409)
    assert refused["error"] == "this target has no dead letter"


async def test_where_several_begin_so_they_are_listed_and_nothing_is_done(app: Running) -> None:
    await app.webhook(*(alert(f"s{number}", starts=FIRED_AT) for number in range(40)))
    listed = (await app.shown("/api/v1/incidents?state=all"))["items"]
    titles = {incident["id"]: incident["title"] for incident in listed}
    first = next(name[0] for name in titles if sum(other[0] == name[0] for other in titles) > 1)
    unclear = sorted(name for name in titles if name[0] == first)
    for path, method, more in (
        (f"/api/v1/incidents/{first}", "GET", {}),
        (f"/api/v1/incidents/{first}/close", "POST", {"json": {"by": "ann"}}),
    ):
        refused = await app.shown(path, method, 409, **more)
        assert refused["error"].startswith(f"which? {unclear[0]} ({titles[unclear[0]]}), ")
        assert (refused["field"], refused["remedy"]) == ("incident", "give more of its characters")
    assert not any(
        one["state"] == "closed_by_hand" for one in (await app.shown("/api/v1/incidents"))["items"]
    )


async def test_what_begins_no_id_is_no_incident(app: Running) -> None:
    await app.told()
    for begun in ("zzzz", "*", "UPPER", "a" * 13):
        refused = await app.shown(f"/api/v1/incidents/{begun}", status=404)
        assert refused["error"] == f"there is no incident {begun}"
