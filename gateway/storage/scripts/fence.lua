#!lua flags=allow-oom
-- Takes or gives back the shard's short fence. ARGV: holder, length in ms (0 gives it back). Reply: 1 where it is ours.
local META = KEYS[7]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local held = redis.call('HGET', META, 'fence')
if held then
  local holder, ends = string.match(held, '^(%S+) (%d+)$')
  if holder ~= ARGV[1] and tonumber(ends) > now then return 0 end
end
if ARGV[2] == '0' then redis.call('HDEL', META, 'fence') else
  redis.call('HSET', META, 'fence', ARGV[1] .. ' ' .. string.format('%d', now + tonumber(ARGV[2])))
end
return 1
