#!lua flags=no-writes
-- Read the log on from a position, with the numbers that say whether something was cut off before it was read.
--
-- KEYS      the shard's, named in include/keys.lua
-- ARGV[1]   the position: the id of the last entry that was read, '' for the beginning
-- ARGV[2]   how many entries at most
-- ARGV[3]   the caller's clocks, see include/clock.lua
--
-- Reply: {oldest, newest, {{id, {field, value, …}}, …}}. Entries are numbered from 1 as they are written: `oldest` is the
-- number of the oldest that is left, `newest` that of the newest ever written. Where nothing ever was: {1, 0, {}}.
-- include: keys
-- include: clock

local position, limit = ARGV[1], ARGV[2]
if redis.call('EXISTS', LOG) == 0 then return {1, 0, {}} end
local info, stream = redis.call('XINFO', 'STREAM', LOG), {}
for i = 1, #info, 2 do stream[info[i]] = info[i + 1] end
local newest = stream['entries-added']
local first = position == '' and '-' or '(' .. position
return {newest - stream['length'] + 1, newest, redis.call('XRANGE', LOG, first, '+', 'COUNT', limit)}
