#!lua flags=allow-oom
-- Lease subjects of the agenda that are due: the most urgent first, then the oldest. Passed over is what has no room: a lane
-- whose pace has no token left, that has its width under way, or whose kind of destination has as many as it may.
--
-- KEYS      the shard's, named in include/keys.lua
-- ARGV[1]   the token of the leases
-- ARGV[2]   msgpack, a map of the fields below
--
-- Fields; times are in ms:
--   limit     how many to lease at most
--   lease     how long the leases last
--   paces     {destination = {interval, burst, place}}  one every `interval` on average, `burst` at once; `place` as in Pace
--   running   {lane = how many are under way}
--   width     how many may be under way in a lane
--   kinds     {destination = kind}
--   room      {kind = how many more may be under way}
--
-- Reply: {now, next due or -1, {subject, due, …}}. A subject is `deliver:<lane>|<rest>` or `<kind>:<rest>`.
-- include: keys
-- include: clock
-- include: numbers
-- include: agenda
-- include: leases

local token, ask = ARGV[1], cmsgpack.unpack(ARGV[2])
local MAX_LOOKED_AT, PAGE = 20000, 500 -- due subjects in one claim, and in one look at the agenda
local enough = 2 * ask.limit

local next_due = -1
local function sooner(at) if next_due < 0 or at < next_due then next_due = at end end

-- Return the lane of a delivery's subject, nil for other subjects. Lanes to one place share its pace: its key is the place
-- and what a template made of the channel, or the lane itself.
local lanes = {}
local function lane_of(subject)
  local name = string.match(subject, '^deliver:([^|]*)|')
  if not name then return nil end
  local lane = lanes[name]
  if not lane then
    local destination, channel = string.match(name, '^([^:]*):?(.*)$')
    lane = {left = ask.width - (ask.running[name] or 0), kind = ask.kinds[destination]}
    local pace = ask.paces[destination]
    if pace then
      local place
      lane.interval, lane.burst, place = pace[1], pace[2], pace[3]
      lane.pace_key = place == '' and name or place .. channel
    end
    lanes[name] = lane
  end
  return lane
end

-- Return whether the lane has room for one more now, and take a token of its pace where it has. Where only the pace has none
-- left, the lane is looked at again when there is one.
local function has_room(lane)
  if lane.left <= 0 or (lane.kind and ask.room[lane.kind] and ask.room[lane.kind] <= 0) then return false end
  if not lane.pace_key then return true end
  local full_at = tonumber(redis.call('HGET', PACE, lane.pace_key) or 0)
  local opens = full_at - (lane.burst - 1) * lane.interval
  if opens > now then
    sooner(opens)
    return false
  end
  redis.call('HSET', PACE, lane.pace_key, digits(math.max(full_at, now) + lane.interval))
  return true
end

local claimed = {}
local function take(subject, at)
  local lane = lane_of(subject)
  if lane then
    if not has_room(lane) then return end
    lane.left = lane.left - 1
    if lane.kind and ask.room[lane.kind] then ask.room[lane.kind] = ask.room[lane.kind] - 1 end
  end
  redis.call('HSET', LEASES, subject, token .. ' ' .. digits(now + ask.lease))
  claimed[#claimed + 1] = subject
  claimed[#claimed + 1] = digits(at)
end

local looked_at = 0
for urgency = 0, LEAST_URGENT do
  local offset, first, last = 0, score(urgency, 0), score(urgency, now)
  while looked_at < MAX_LOOKED_AT do
    local due = redis.call('ZRANGEBYSCORE', AGENDA, first, last, 'WITHSCORES', 'LIMIT', offset, PAGE)
    if #due == 0 then break end
    local subjects = {}
    for i = 1, #due, 2 do subjects[#subjects + 1] = due[i] end
    offset, looked_at = offset + #subjects, looked_at + #subjects
    local leases = redis.call('HMGET', LEASES, unpack(subjects))
    for i = 1, #subjects do
      local ends = leases[i] and lease_ends(leases[i])
      if ends and ends > now then
        sooner(ends) -- somebody works on it; should that one die, it is free when the lease has ended
      elseif #claimed >= enough then
        sooner(now)
        break
      else
        take(subjects[i], tonumber(due[2 * i]) - urgency * TURN)
      end
    end
    if #claimed >= enough then break end
  end
  local later = redis.call('ZRANGEBYSCORE', AGENDA, '(' .. last, score(urgency, TURN - 1), 'WITHSCORES', 'LIMIT', 0, 1)
  if #later > 0 then sooner(tonumber(later[2]) - urgency * TURN) end
end
return {now, digits(next_due), claimed}
