"""The secrets that rule files name, and their marks.

A mark is a keyed hash of a secret. The store keeps marks, so that a changed secret is noticed and none is
stored.
"""

from __future__ import annotations

from functools import partial
from hashlib import blake2b
from secrets import token_bytes

import structlog

from gateway.config.environment import Environment
from gateway.errors import BadSettings
from gateway.model.changes import Cell, Changes, Query, Result, Table
from gateway.ports import Store
from gateway.state.transact import transact

log = structlog.get_logger("gateway.vault")

KEY_BYTES, MARK_BYTES = 32, 16
KEY = Cell(Table.META, "vault")


class EnvironmentSecrets:
    """The secrets of the environment by name. `key` is the store's key of marks (`mark_key`)."""

    def __init__(self, environment: Environment, key: bytes) -> None:
        self._environment = environment
        self._key = key
        self._unreadable: set[str] = set()  # the names that a log line was written of

    def secret(self, name: str) -> str | None:
        """Return a secret, or None if it is not set or its file has gone.

        A destination that needs it then fails, until the secret is back; it is no fault of the gateway.
        """
        try:
            secret = self._environment.secret(name)
        except BadSettings as error:
            # It is asked for every few seconds: one line says when it went, and one when it is back.
            if name not in self._unreadable:
                log.warning("secret_unreadable", secret=name, error=str(error))
            self._unreadable.add(name)
            return None
        if name in self._unreadable:
            log.info("secret_readable_again", secret=name)
            self._unreadable.discard(name)
        return secret

    def configured(self, name: str) -> bool:
        return self._environment.configured(name)

    def why_missing(self, name: str) -> str:
        return self._environment.why_missing(name)

    def mark(self, secret: str) -> str:
        return blake2b(secret.encode(), key=self._key, digest_size=MARK_BYTES).hexdigest()


async def mark_key(store: Store) -> bytes:
    """Return the key of the marks, which is made once per store. Raises `StateUnavailable`."""
    new = token_bytes(KEY_BYTES)

    def decide(gathered: Result) -> tuple[Changes | None, bytes]:
        row = gathered.rows[KEY]
        if row.value:  # made before, perhaps by another replica just now
            return None, row.value
        return Changes(expect={KEY: row.version}, put={KEY: new}), new

    return (await transact(store, "mark_key", partial(store.gather, Query(cells=(KEY,))), decide)).answer
