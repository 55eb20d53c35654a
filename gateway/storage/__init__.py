"""Remembers: Redis, the embedded Valkey, the in-memory twin that the tests and simulations use, and the rule files."""
