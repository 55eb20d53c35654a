#!lua flags=no-writes
-- Say how much stands on the agenda, and since when the oldest of what is due has been due.
--
-- KEYS      the shard's, named in include/keys.lua
--
-- Reply: {now, how many subjects, due since or -1}, times in ms.
-- include: keys
-- include: clock
-- include: numbers
-- include: agenda

local due_since = -1
for urgency = 0, LEAST_URGENT do
  local first = redis.call(
    'ZRANGEBYSCORE', AGENDA, score(urgency, 0), score(urgency, now), 'WITHSCORES', 'LIMIT', 0, 1
  )
  if #first > 0 then
    local at = tonumber(first[2]) - urgency * TURN
    if due_since < 0 or at < due_since then due_since = at end
  end
end
return {now, redis.call('ZCARD', AGENDA), digits(due_since)}
