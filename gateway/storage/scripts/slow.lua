#!lua flags=allow-oom
-- Closes a lane until a time (a vendor's Retry-After). ARGV: lane, at in ms.
local PACE = KEYS[16]
if tonumber(ARGV[2]) > tonumber(redis.call('HGET', PACE, ARGV[1]) or 0) then redis.call('HSET', PACE, ARGV[1], ARGV[2]) end
return 1
