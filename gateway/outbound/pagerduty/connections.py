"""Connections of requests that the loop dials, and can break under the thread that reads from them.

requests and urllib3 bound each single read and not a whole answer, look names up for as long as the system
does, and read an answer to its end however long it is.
"""

from __future__ import annotations

import io
import socket
import ssl
from contextvars import ContextVar
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from gateway.outbound.network import ANSWER_BYTES
from gateway.outbound.thread_call import ThreadCall

CALL: ContextVar[ThreadCall] = ContextVar("call")  # the one that this thread makes


class _Dialled(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        """Connect as urllib3 does, with its errors. `timeout` is the one for connecting."""
        assert isinstance(self.timeout, float)
        try:
            return CALL.get().dial(self._dns_host, self.port, self.timeout)
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(self, "no connection in time") from error
        except OSError as error:
            raise NewConnectionError(self, "no connection") from error

    def request(self, *asked: Any, **more: Any) -> None:
        """Send a request, also by a connection that an earlier call has made."""
        if self.sock is not None:
            CALL.get().hold(self.sock)
        super().request(*asked, **more)


class _DialledTls(_Dialled, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Dialled


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _DialledTls


_POOLS = {"http": _Pool, "https": _TlsPool}


class Adapter(HTTPAdapter):
    """Verifies with our context alone: requests would trust the authorities that it brings along.

    Of an answer `most` bytes are read, and never unpacked: a few bytes could become millions.
    """

    def __init__(self, tls: ssl.SSLContext, most: int = ANSWER_BYTES) -> None:
        self._context = tls
        self._most = most
        super().__init__()

    def init_poolmanager(self, *sizes: Any, **more: Any) -> None:
        super().init_poolmanager(*sizes, **more)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def build_connection_pool_key_attributes(self, *asked: Any, **more: Any) -> Any:
        """https://requests.readthedocs.io/en/latest/api/#requests.adapters.HTTPAdapter.build_connection_pool_key_attributes"""
        host, pool = super().build_connection_pool_key_attributes(*asked, **more)
        return host, pool | {"ssl_context": self._context}

    def proxy_manager_for(self, proxy: Any, **more: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **{"proxy_ssl_context": self._context, **more})
        manager.pool_classes_by_scheme = _POOLS
        return manager

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Add no authorities to the pool: the context has them."""

    def send(self, *asked: Any, **more: Any) -> requests.Response:
        answer = super().send(*asked, **more)
        start = answer.raw.read(self._most + 1, decode_content=False)
        if len(start) > self._most:
            answer.raw.close()  # what is cut off is no JSON: nobody takes it for PagerDuty's word
        else:
            answer.raw.release_conn()
        answer.raw = io.BytesIO(start)
        return answer
