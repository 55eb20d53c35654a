"""What a person does on the page of the local PagerDuty happens in its account, and goes out by webhook."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from gateway.sandbox.pagerduty.account import Account
from gateway.sandbox.pagerduty.acts import OFFERED
from gateway.sandbox.pagerduty.page import viewer_of
from gateway.sandbox.pagerduty.webhooks import Webhooks
from gateway.sandbox.vendor import form_of

WITH_TEXT = ("reassigned", "escalated", "delegated", "priority_updated", "annotated")


@dataclass(frozen=True, slots=True)
class PageActs:
    """Each act answers with the page again."""

    account: Account
    webhooks: Webhooks

    def routes(self) -> list[Route]:
        return [Route("/_page/act", self._act, methods=["POST"])]

    async def _act(self, request: Request) -> Response:
        form = await form_of(request)
        incident, kind = self.account.find(form.get("incident", "")), form.get("act", "")
        text, viewer = form.get(f"text.{kind}", "").strip(), viewer_of(self.account, form)
        if incident is None or kind not in OFFERED[incident.status]:
            # The incident has changed since the page was drawn.
            return PlainTextResponse("that cannot be done with this incident now\n", 409)
        if kind not in WITH_TEXT or text:
            self.webhooks.act(incident, kind, viewer, text)
        return RedirectResponse(f"/?{urlencode({'as': viewer})}#{incident.id}", 303)
