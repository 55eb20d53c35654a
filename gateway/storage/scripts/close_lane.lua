#!lua flags=allow-oom
-- Close a lane until a time, as a vendor's Retry-After asks for, and keep since when it has been closed. A lane that is
-- closed again within a minute after it opened counts as closed all the while.
--
-- KEYS      the shard's, named in include/keys.lua
-- ARGV[1]   the lane
-- ARGV[2]   until when, in ms
-- ARGV[3]   the key of the lane's pace
-- ARGV[4]   what stands under that key then: when the pace is full again, in ms
-- ARGV[5]   the version of the row `closed:<lane>`, 8 bytes
--
-- Reply: 1. The row's value is `<since> <until>`.
-- include: keys
-- include: clock
-- include: numbers

local lane, closed_until, pace_key, full_at, version = ARGV[1], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4]), ARGV[5]
local STILL_CLOSED = 60000 -- ms
local row = redis.call('HGET', META, 'closed:' .. lane) or ''
local since, last_until = string.match(string.sub(row, 9), '^(%d+) (%d+)$')
if not since or tonumber(last_until) + STILL_CLOSED < now then since = digits(now) end
redis.call('HSET', META, 'closed:' .. lane, version .. since .. ' ' .. digits(closed_until))
if full_at > tonumber(redis.call('HGET', PACE, pace_key) or 0) then
  redis.call('HSET', PACE, pace_key, digits(full_at))
end
return 1
