-- Who is right where the store's clock and a gateway's disagree. Each claim leaves what the gateway's clocks say in the field
-- `clocks` of META: `<gateway> <heard> <fast> <doubts> <remembers>;` each, times in ms.
--   heard       TIME at its last claim; one that is further away counts no more, so that only those vote who have claimed
--               since the step
--   fast        how far its time of day was ahead of `now`
--   doubts      since when, by `now`, it has doubted the store's time; 0 where it does not
--   remembers   0: it has just started, and cannot say
local PATIENCE = 2500 -- of a doubt: the other gateways have claimed by then, and a delayed call was followed by a prompt one
local own_heard, own_doubts, others = 0, 0, {}
realtime = tonumber(realtime)
for id, heard, fast, doubts, witness in
  string.gmatch(redis.call('HGET', META, 'clocks') or '', '(%S+) (%d+) (%S+) (%d+) (%d);')
do
  if math.abs(store_time - tonumber(heard)) <= SILENT then
    if id == gateway then
      own_heard, own_doubts = tonumber(heard), tonumber(doubts)
    else
      others[#others + 1] =
        {id = id, heard = tonumber(heard), fast = tonumber(fast), doubts = tonumber(doubts), remembers = witness == '1'}
    end
  end
end

-- Decide by majority: the store and the gateways that follow it, against the gateways whose monotonic clocks say that less
-- time has gone by. In a tie these are right.
local function store_is_right()
  local with, against = 1, remembers and 1 or 0
  for _, other in ipairs(others) do
    if other.doubts == 0 then
      with = with + 1
    elseif other.remembers then
      against = against + 1
    end
  end
  return with > against
end

local voted, leases_nothing = false, false
if not doubted then
  voted, own_doubts = own_doubts > 0, 0
elseif own_doubts == 0 then
  -- A call that was only delayed is followed by one that is not.
  voted, own_doubts, leases_nothing = true, now, true
elseif now - own_doubts < PATIENCE then
  leases_nothing = not remembers -- the leases of others may only seem to be over
elseif store_is_right() then
  note_step('confirmed', candidate - now) -- this gateway was paused, or all were down
  for _, other in ipairs(others) do other.fast = other.fast - (candidate - now) end
  now, voted, own_doubts, doubted = candidate, true, 0, false
else
  note_step('refused', candidate - now)
  ahead = ahead or -offset
  offset, candidate, moved = now - store_time, now, true
  voted, own_doubts, doubted = true, 0, false
  for _, other in ipairs(others) do other.doubts = 0 end
end

-- Whether people's time is the store's, after a step or a jump: by the median of the gateways' clocks; of two in the middle
-- that one counts which leaves people's time as it is.
if ahead or jumped then
  local fast, before = {realtime - now}, ahead or -offset
  for _, other in ipairs(others) do fast[#fast + 1] = other.fast end
  table.sort(fast)
  local low, high = fast[math.floor((#fast + 1) / 2)], fast[math.floor(#fast / 2) + 1]
  local median = math.abs(low - before) <= math.abs(high - before) and low or high
  if math.abs(now + median - store_time) <= AGREES then
    -- In doubt the offset is still that of before the step, and people's time cannot be read from it.
    if ahead and not doubted then ahead, moved = nil, true end
  elseif not ahead or math.abs(median - ahead) > 500 then
    ahead, moved = median, true
  end
end
wall = now + (ahead or -offset)

-- Keep what was decided; what did not change is written once in a while, since every write costs the disk something.
if moved or voted or now > last_now + 500 then keep_now() end
if voted or store_time > own_heard + 1000 then
  local entry = '%s %d %d %d %d;'
  local clocks = {string.format(entry, gateway, store_time, realtime - now, own_doubts, remembers and 1 or 0)}
  for _, other in ipairs(others) do
    clocks[#clocks + 1] =
      string.format(entry, other.id, other.heard, other.fast, other.doubts, other.remembers and 1 or 0)
  end
  redis.call('HSET', META, 'clocks', table.concat(clocks))
end
