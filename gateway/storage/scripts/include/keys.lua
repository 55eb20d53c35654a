-- The keys of one shard, in the order of KEY_NAMES in gateway/storage/lua.py. Every script is given all of them: a cluster
-- wants each key that a script may touch declared, https://redis.io/docs/latest/commands/eval/
local
  ALERTS, PAST, COPIES, INCIDENTS, JOIN_KEYS, LEDGERS, META, AGENDA, LEASES, COUNTERS, LOG, QUARANTINE, QUARANTINE_AGE,
  QUARANTINE_SEEN, PACE, TOPICS, LANES, HEADS, TOMBSTONES, EVENTS = unpack(KEYS)
