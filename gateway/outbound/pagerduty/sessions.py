"""Kept connections to PagerDuty. The only file that knows pdpyras, which is made of requests.

Its own retries (unlimited on 429, sleeping) are cut down to nothing: retrying is the agenda's business.
"""

from __future__ import annotations

import ssl
import threading
import warnings
from typing import Any, NamedTuple

import requests
from requests.adapters import HTTPAdapter

from gateway.model.notification import Refused
from gateway.outbound.network import Way
from gateway.outbound.pagerduty.answers import Trouble, judge_break, judge_response

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it says at import that it is no longer developed
    import pdpyras

KEPT_SESSIONS = 64
ENQUEUE = "/v2/enqueue"


class Line(NamedTuple):
    """A routing key, and the way that its events take."""

    routing_key: str
    way: Way

    @property
    def url(self) -> str:
        """Return the base of the Events API, also where the whole address of an event was given, as
        Alertmanager's `pagerduty_url` is.
        """
        return self.way.address.rstrip("/").removesuffix(ENQUEUE)


class Sessions:
    """Each session is used by one thread at a time: those of requests are not made for threads."""

    def __init__(self, timeout: float, tls: ssl.SSLContext) -> None:
        self._timeout = timeout
        self._tls = tls
        self._lock = threading.Lock()
        self._idle: list[tuple[Line, pdpyras.EventsAPISession]] = []
        self._kept = KEPT_SESSIONS

    def send(self, line: Line, event: dict[str, Any]) -> Trouble | None:
        """Send one event; None where it was taken."""
        if not line.routing_key:
            return Refused("auth", "the routing key is empty", permanent=True)
        session = self._take(line)
        try:
            return judge_response(session.post(ENQUEUE, json=event), line.routing_key)
        except pdpyras.PDClientError as error:
            # pdpyras raises on a 401, with the answer.
            if error.response is not None:
                return judge_response(error.response, line.routing_key)
            return judge_break(error.__cause__ or error)
        except requests.RequestException as error:
            return judge_break(error)
        finally:
            self._give_back(line, session)

    def close(self) -> None:
        """Those still in use are closed when they come back."""
        with self._lock:
            over, self._idle, self._kept = self._idle, [], 0
        for _, idle in over:
            idle.close()

    def _take(self, line: Line) -> pdpyras.EventsAPISession:
        with self._lock:
            # The session used last is taken first: PagerDuty has had the least time to close its connection.
            for at in range(len(self._idle) - 1, -1, -1):
                if self._idle[at][0] == line:
                    return self._idle.pop(at)[1]
        return self._made(line)

    def _give_back(self, line: Line, session: pdpyras.EventsAPISession) -> None:
        with self._lock:
            self._idle.append((line, session))
            over = [self._idle.pop(0) for _ in range(len(self._idle) - self._kept)]
        for _, idle in over:
            idle.close()

    def _made(self, line: Line) -> pdpyras.EventsAPISession:
        session = pdpyras.EventsAPISession(line.routing_key)
        session.url = line.url
        session.timeout = self._timeout
        # requests would take proxies and passwords (.netrc) from the environment:
        # https://requests.readthedocs.io/en/latest/api/#requests.Session.trust_env
        session.trust_env = False
        session.proxies = {"http": line.way.proxy, "https": line.way.proxy} if line.way.proxy else {}
        session.mount("https://", _TlsAdapter(self._tls))
        session.max_network_attempts = 0
        # A limit of 0 would mean none; with -1 over all, a limited retry is none at all.
        session.max_http_attempts = -1
        session.retry = {429: 1}
        return session


class _TlsAdapter(HTTPAdapter):
    """Verifies with our context alone: requests would trust the authorities that it brings along."""

    def __init__(self, tls: ssl.SSLContext) -> None:
        self._context = tls
        super().__init__()

    def build_connection_pool_key_attributes(self, *asked: Any, **more: Any) -> Any:
        """https://requests.readthedocs.io/en/latest/api/#requests.adapters.HTTPAdapter.build_connection_pool_key_attributes"""
        host, pool = super().build_connection_pool_key_attributes(*asked, **more)
        return host, pool | {"ssl_context": self._context}

    def proxy_manager_for(self, proxy: Any, **more: Any) -> Any:
        return super().proxy_manager_for(proxy, **{"proxy_ssl_context": self._context, **more})

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Add no authorities to the pool: the context has them."""
