"""Import of dashboards by Grafana's HTTP API.

https://grafana.com/docs/grafana/latest/developers/http_api/dashboard/#create--update-dashboard
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from gateway.config.loopback import is_loopback

PATIENCE_SECONDS = 30.0
NO_ADDRESS = "--url is no address: https://grafana.example.org is one"  # what was given may hold a password


class NotImported(Exception):
    """Grafana did not take a dashboard; the message says why and what helps."""


def connected(address: str, token: str, *, insecure: bool) -> httpx.Client:
    """Return a client of the Grafana at this address, that shows the token of a service account.

    Raises NotImported if the address holds a name or a password, which would end up in logs, or if it is none.
    So it does for another machine without TLS, unless `insecure` says that the network between is trusted.
    """
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL as error:
        raise NotImported(NO_ADDRESS) from error
    if url.scheme not in ("http", "https") or not url.host:
        raise NotImported(NO_ADDRESS)
    if url.userinfo:
        raise NotImported(
            "--url holds a name or a password: put the token of a service account into --token-file"
        )
    if url.scheme == "http" and not insecure and not is_loopback(url.host):
        raise NotImported(
            f"{url.host} is another machine, and without TLS others could read the token on its way: write https://, "
            "or add --insecure where the network between is trusted"
        )
    return httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=PATIENCE_SECONDS)


def upload(
    client: httpx.Client, dashboard: Mapping[str, Any], *, overwrite: bool, folder_uid: str | None
) -> str:
    """Import a dashboard, and return the path under which Grafana shows it.

    Without `overwrite` one that is there already stays as it is. Raises NotImported with what Grafana says.
    """
    body = {"dashboard": {**dashboard, "id": None}, "overwrite": overwrite}
    try:
        answer = client.post(
            "/api/dashboards/db", json=body | ({"folderUid": folder_uid} if folder_uid else {})
        )
    except httpx.HTTPError as error:
        raise NotImported(
            f"{client.base_url} did not answer ({type(error).__name__}): is Grafana there?"
        ) from error
    said = _said(answer)
    if answer.status_code == httpx.codes.OK and isinstance(said.get("url"), str):
        return str(said["url"])
    raise NotImported(
        f"{dashboard['title']}: {answer.status_code} {said.get('message', '')} {_remedy(answer, said)}"
    )


def _said(answer: httpx.Response) -> dict[str, Any]:
    try:
        said = answer.json()
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _remedy(answer: httpx.Response, said: Mapping[str, Any]) -> str:
    match answer.status_code:
        case httpx.codes.UNAUTHORIZED:
            return "(the token in --token-file is wrong or has expired)"
        case httpx.codes.FORBIDDEN:
            return (
                "(the service account needs the role Editor, or the right to write dashboards in this folder)"
            )
        case httpx.codes.PRECONDITION_FAILED:
            return f"({said.get('status', 'there is one already')}: --overwrite replaces it)"
        case _:
            return "(is this the address of a Grafana, and does the folder of --folder-uid exist?)"
