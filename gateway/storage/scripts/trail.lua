#!lua flags=no-writes
-- {after, count} -> {number of the oldest entry that is left, number of the newest ever, entries after that position}
local LOG = KEYS[11]
if redis.call('EXISTS', LOG) == 0 then return {1, 0, {}} end
local info, known = redis.call('XINFO', 'STREAM', LOG), {}
for i = 1, #info, 2 do known[info[i]] = info[i + 1] end
local written = known['entries-added']
local from = ARGV[1] == '' and '-' or '(' .. ARGV[1]
return {written - known['length'] + 1, written, redis.call('XRANGE', LOG, from, '+', 'COUNT', ARGV[2])}
