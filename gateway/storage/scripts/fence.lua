#!lua flags=allow-oom
-- Take the shard's short fence, or give it back. While it is held, commits of others to the shard are refused.
--
-- KEYS      the shard's, named in include/keys.lua
-- ARGV[1]   the holder, a text without spaces
-- ARGV[2]   for how long, in ms; 0 gives it back
-- ARGV[3]   the caller's clocks, see include/clock.lua
--
-- Reply: 1 where that was done, 0 where another holds it.
-- include: keys
-- include: clock
-- include: numbers
-- include: fence

local holder, length = ARGV[1], tonumber(ARGV[2])
if fenced_against(holder) then return 0 end
if length == 0 then
  redis.call('HDEL', META, 'fence')
else
  redis.call('HSET', META, 'fence', holder .. ' ' .. digits(now + length))
end
return 1
