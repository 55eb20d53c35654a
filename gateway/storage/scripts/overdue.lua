#!lua flags=no-writes
-- Say how much stands on the agenda, since when the oldest of the gateway's own work has been due, and in which lanes
-- deliveries wait. The index has what nobody works on: include/queues.lua.
--
-- KEYS      the shard's, named in include/keys.lua
-- ARGV[1]   the kinds of own work, with blanks between them
-- ARGV[2]   how many lanes to name at most, those that are longest late
-- ARGV[3]   the caller's clocks, see include/clock.lua
--
-- Reply: {now, how many subjects, due since or -1, {lane, how many are due, due since, …}}, times in ms.
-- include: keys
-- include: clock
-- include: numbers
-- include: agenda
-- include: leases
-- include: queues

local SHARES, LOOKED_AT = 4, 200 -- heads of each share and urgency
local MOST = tonumber(ARGV[2])

local function each_queue(lane, visit)
  for share = 0, SHARES - 1 do
    for urgency = 0, LEAST_URGENT do visit(two(10 * share + urgency) .. lane) end
  end
end

local function sooner_of(at, other) return (at < 0 or other < at) and other or at end

local own = {}
for kind in string.gmatch(ARGV[1], '%S+') do
  each_queue(kind, function(queue) own[#own + 1] = queue end)
end
local due_since = -1
for _, head in ipairs(redis.call('ZMSCORE', HEADS, unpack(own))) do
  local at = head and tonumber(head) % TURN
  if at and at <= now then due_since = sooner_of(due_since, at) end
end

local since, lanes = {}, {}
for share = 0, SHARES - 1 do
  for urgency = 0, LEAST_URGENT do
    local from = share * BAND + urgency * TURN
    local due = redis.call(
      'ZRANGEBYSCORE', HEADS, digits(from), digits(from + now), 'WITHSCORES', 'LIMIT', 0, LOOKED_AT
    )
    for i = 1, #due, 2 do
      local lane = string.match(due[i], '^%d%d(deliver:.*)$')
      if lane then
        if not since[lane] then lanes[#lanes + 1] = lane end
        since[lane] = sooner_of(since[lane] or -1, tonumber(due[i + 1]) - from)
      end
    end
  end
end
table.sort(lanes, function(one, other)
  return since[one] < since[other] or since[one] == since[other] and one < other
end)

local waiting = {}
for i = 1, math.min(#lanes, MOST) do
  local lane, count = lanes[i], 0
  each_queue(lane, function(queue)
    count = count + redis.call('ZLEXCOUNT', LANES, '[' .. queue .. '|', '(' .. queue .. '|' .. thirteen(now + 1))
  end)
  waiting[#waiting + 1] = string.sub(lane, 9)
  waiting[#waiting + 1] = count
  waiting[#waiting + 1] = digits(since[lane])
end
return {now, redis.call('ZCARD', AGENDA), digits(due_since), waiting}
