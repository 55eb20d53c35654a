-- Applies one set of changes whole or not at all. ARGV[1]: the new version of every row written (8 bytes). ARGV[2]: msgpack
-- {expect, put, drop, count, agenda, release, log, keep, fence, bounds, posts, forget}, in which versions and values are positions in ARGV:
-- cmsgpack of Redis 7.0 reads no binary strings. Sent with `#!lua`, which the server refuses when it is full, for what makes
-- history grow, and with `#!lua flags=allow-oom` for the rest: ends, plans and settlements. An agenda score is the urgency (0 is
-- looked at first) times TURN, and the time in ms. posts: {enter, leave, watch, unwatch, seen}, each a flat list of pairs; at a
-- post alerts stand (`<post>|a|<alert>`) and subjects watch (`<post>|w|<subject>`). Reply: {fate, now}
local token, change = ARGV[1], cmsgpack.unpack(ARGV[2])
local expect, put, drop, count, agenda = change[1], change[2], change[3], change[4], change[5]
local release, log, keep, fence, bounds, posts = change[6], change[7], change[8], change[9], change[10], change[11]
local enter, leave, watch, unwatch, seen = posts[1], posts[2], posts[3], posts[4], posts[5]
local forget = change[12]
local TURN, SOON = 1e13, 1
local META, AGENDA, LEASES, COUNTERS, LOG = KEYS[7], KEYS[8], KEYS[9], KEYS[10], KEYS[11]
local QUARANTINE, QUARANTINE_AGE, QUARANTINE_SEEN, POSTS = KEYS[12], KEYS[13], KEYS[14], KEYS[16]

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local last = tonumber(redis.call('HGET', META, 'clock') or 0)
if last > now then now = last end

for i = 1, #expect, 3 do
  local row = redis.call('HGET', KEYS[expect[i]], expect[i + 1])
  local version = row and string.sub(row, 1, 8) or ''
  if version ~= ARGV[expect[i + 2]] then return {'lost', now} end
end
local function standing(post)
  local there = redis.call('ZRANGEBYLEX', POSTS, '[' .. post .. '|a|', '(' .. post .. '|b', 'LIMIT', 0, 1)[1]
  return there and string.sub(there, #post + 4) or ''
end
for i = 1, #seen, 2 do
  if standing(seen[i]) ~= seen[i + 1] then return {'lost', now} end
end
local held = redis.call('HGET', META, 'fence')
if held then
  local holder, ends = string.match(held, '^(%S+) (%d+)$')
  if holder ~= fence and tonumber(ends) > now then return {'fenced', now} end
end
for i = 1, #release, 4 do
  local lease = redis.call('HGET', LEASES, release[i])
  if not lease or string.match(lease, '^%S+') ~= release[i + 1] then return {'expired', now} end
end

redis.call('HSET', META, 'clock', string.format('%d', now))
for i = 1, #put, 3 do redis.call('HSET', KEYS[put[i]], put[i + 1], token .. ARGV[put[i + 2]]) end
for i = 1, #drop, 2 do redis.call('HDEL', KEYS[drop[i]], drop[i + 1]) end
for i = 1, #count, 2 do redis.call('HINCRBY', COUNTERS, count[i], count[i + 1]) end

local function wake(post)
  for _, watcher in ipairs(redis.call('ZRANGEBYLEX', POSTS, '[' .. post .. '|w|', '(' .. post .. '|x')) do
    agenda[#agenda + 1] = string.sub(watcher, #post + 4)
    agenda[#agenda + 1] = now
    agenda[#agenda + 1] = SOON
  end
end
for i = 1, #enter, 2 do
  local first = standing(enter[i]) == ''
  redis.call('ZADD', POSTS, 0, enter[i] .. '|a|' .. enter[i + 1])
  if first then wake(enter[i]) end
end
for i = 1, #leave, 2 do
  local gone = redis.call('ZREM', POSTS, leave[i] .. '|a|' .. leave[i + 1])
  if gone == 1 and standing(leave[i]) == '' then wake(leave[i]) end
end
for i = 1, #watch, 2 do redis.call('ZADD', POSTS, 0, watch[i] .. '|w|' .. watch[i + 1]) end
for i = 1, #unwatch, 2 do redis.call('ZREM', POSTS, unwatch[i] .. '|w|' .. unwatch[i + 1]) end

for i = 1, #release, 4 do
  local subject, again, hold = release[i], release[i + 2], release[i + 3]
  if hold == 0 then
    local woken = string.match(redis.call('HGET', LEASES, subject), '^%S+ %S+ (%d+)$')
    if woken and (again < 0 or tonumber(woken) < again) then again = tonumber(woken) end
    redis.call('HDEL', LEASES, subject)
    if again < 0 then
      redis.call('ZREM', AGENDA, subject)
    else
      local urgency = math.floor(tonumber(redis.call('ZSCORE', AGENDA, subject) or 5 * TURN) / TURN)
      redis.call('ZADD', AGENDA, string.format('%d', urgency * TURN + again), subject)
    end
  end
end
for i = 1, #agenda, 3 do
  local subject, at = agenda[i], math.max(agenda[i + 1], 0)
  local before = redis.call('ZSCORE', AGENDA, subject)
  local first = before and math.min(at, tonumber(before) % TURN) or at
  redis.call('ZADD', AGENDA, string.format('%d', agenda[i + 2] * TURN + first), subject)
  local lease = redis.call('HGET', LEASES, subject)
  if lease then
    local holder, ends, woken = string.match(lease, '^(%S+) (%d+) ?(%d*)$')
    if woken == '' or tonumber(woken) > at then
      redis.call('HSET', LEASES, subject, holder .. ' ' .. ends .. ' ' .. string.format('%d', at))
    end
  end
end

for i = 1, #log, 3 do
  redis.call('XADD', LOG, 'MAXLEN', '~', bounds[1], '*', 's', log[i], 'w', log[i + 1], 'd', log[i + 2], 't', now)
end
for i = 1, #keep, 2 do
  local id = keep[i]
  if redis.call('HINCRBY', QUARANTINE_SEEN, id, 1) == 1 then
    redis.call('HSET', QUARANTINE, id, ARGV[keep[i + 1]])
    redis.call('HINCRBY', COUNTERS, 'quarantine_entries', 1)
  end
  redis.call('ZADD', QUARANTINE_AGE, now, id)
  if redis.call('ZCARD', QUARANTINE_AGE) > bounds[2] then
    local oldest = redis.call('ZPOPMIN', QUARANTINE_AGE)[1]
    redis.call('HDEL', QUARANTINE, oldest)
    redis.call('HDEL', QUARANTINE_SEEN, oldest)
    redis.call('HINCRBY', COUNTERS, 'quarantine_entries', -1)
    redis.call('HINCRBY', COUNTERS, 'quarantine_evicted', 1)
  end
end
for i = 1, #forget do
  redis.call('HINCRBY', COUNTERS, 'quarantine_entries', -redis.call('HDEL', QUARANTINE, forget[i]))
  redis.call('HDEL', QUARANTINE_SEEN, forget[i])
  redis.call('ZREM', QUARANTINE_AGE, forget[i])
end
return {'done', now}
