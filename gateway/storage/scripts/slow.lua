#!lua flags=allow-oom
-- Closes a lane until a time (a vendor's Retry-After), and keeps since when it has been closed: closed again within a minute is
-- closed still. ARGV: the lane, the time in ms, the key of its pace, what stands there then, the version of the row
-- `closed:<lane>` (8 bytes).
local META, PACE = KEYS[7], KEYS[15]
local lane, ends, pace, full = ARGV[1], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local since, last = string.match(string.sub(redis.call('HGET', META, 'closed:' .. lane) or '', 9), '^(%d+) (%d+)$')
if not since or tonumber(last) + 60000 < now then since = string.format('%d', now) end
redis.call('HSET', META, 'closed:' .. lane, ARGV[5] .. since .. ' ' .. string.format('%d', ends))
if full > tonumber(redis.call('HGET', PACE, pace) or 0) then redis.call('HSET', PACE, pace, string.format('%d', full)) end
return 1
