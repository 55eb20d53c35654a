"""Storage keeps the state: in Redis or Valkey, in the embedded Valkey, or in memory for tests."""
