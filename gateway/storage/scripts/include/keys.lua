-- The keys of one shard, in the order of KEY_NAMES in gateway/storage/redis.py. Every script is given all of them: a cluster
-- wants each key that a script may touch declared, https://redis.io/docs/latest/commands/eval/
local ALERTS, PAST, COPIES, INCIDENTS = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local JOIN_KEYS, LEDGERS, META = KEYS[5], KEYS[6], KEYS[7]
local AGENDA, LEASES, COUNTERS, LOG = KEYS[8], KEYS[9], KEYS[10], KEYS[11]
local QUARANTINE, QUARANTINE_AGE, QUARANTINE_SEEN = KEYS[12], KEYS[13], KEYS[14]
local PACE, TOPICS = KEYS[15], KEYS[16]
