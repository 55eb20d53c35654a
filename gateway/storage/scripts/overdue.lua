#!lua flags=no-writes
-- How much stands on the agenda, and since when the oldest of it has been due. Reply: {now, depth, due at or -1}
local META, AGENDA = KEYS[7], KEYS[8]
local TURN = 1e13 -- see commit.lua
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local oldest = -1
for urgency = 0, 9 do
  local from = urgency * TURN
  local first = redis.call(
    'ZRANGEBYSCORE', AGENDA, string.format('%d', from), string.format('%d', from + now), 'WITHSCORES', 'LIMIT', 0, 1
  )
  if #first > 0 then
    local at = tonumber(first[2]) - from
    if oldest < 0 or at < oldest then oldest = at end
  end
end
return {now, redis.call('ZCARD', AGENDA), string.format('%d', oldest)}
