"""The secrets that rule files name, and marks of them that tell whether one has changed without telling what it is."""

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

KEY = Cell(Table.META, "vault")


class EnvironmentSecrets:
    """Secrets by the names of the environment; their marks are keyed hashes, so that the store learns nothing of them."""

    def __init__(self, environment: Environment, key: bytes) -> None:
        self._environment = environment
        self._key = key

    def secret(self, name: str) -> str | None:
        """None where it is not set, or its file has gone: what is told with it then is a dead letter, not a fault of ours."""
        try:
            return self._environment.secret(name)
        except BadSettings as error:
            log.warning("secret_unreadable", secret=name, error=str(error))
            return None

    def mark(self, secret: str) -> str:
        return blake2b(secret.encode(), key=self._key, digest_size=16).hexdigest()


async def mark_key(store: Store) -> bytes:
    """Return the key of the marks, which is made once per store. Raises `StateUnavailable`."""
    new = token_bytes(32)

    def decide(gathered: Result) -> tuple[Changes | None, bytes]:
        row = gathered.rows[KEY]
        if row.value:
            return None, row.value
        return Changes(expect={KEY: row.version}, put={KEY: new}), new

    return (await transact(store, "mark_key", partial(store.gather, Query(cells=(KEY,))), decide)).answer
