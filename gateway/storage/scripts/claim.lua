#!lua flags=allow-oom
-- Leases due subjects of the agenda: the most urgent first, then the oldest. What has no room is passed over: a lane whose pace
-- has no token, that has its width under way, or whose kind of destination has. ARGV[1]: a token for the leases. ARGV[2]: msgpack
-- {limit, lease, paces, running, width, kinds, room}: lease in ms; paces {destination = {interval, burst, place}}; running {lane =
-- how many}; kinds {destination = kind}; room {kind = how many more}. A subject is `deliver:lane|rest` or `kind:rest`.
-- Reply: {now, next due, {subject, due, …}}
local token, ask = ARGV[1], cmsgpack.unpack(ARGV[2])
local limit, lease, paces, running, width, kinds, room = ask[1], ask[2], ask[3], ask[4], ask[5], ask[6], ask[7]
local META, AGENDA, LEASES, PACE = KEYS[7], KEYS[8], KEYS[9], KEYS[15]
local TURN, MOST = 1e13, 20000 -- see commit.lua; how many due subjects are looked at
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local last = tonumber(redis.call('HGET', META, 'clock') or 0)
if last > now then now = last end

local next_due = -1
local function sooner(at) if next_due < 0 or at < next_due then next_due = at end end

-- Lanes to one place share its pace. Its key: the place and what a template made of the channel, or the lane itself.
local known = {}
local function lane_of(subject)
  local name = string.match(subject, '^deliver:([^|]*)|')
  if not name then return nil end
  local lane = known[name]
  if not lane then
    local destination, channel = string.match(name, '^([^:]*):?(.*)$')
    local pace, key, full = paces[destination], nil, 0
    if pace then
      key = pace[3] == '' and name or pace[3] .. channel
      full = tonumber(redis.call('HGET', PACE, key) or 0)
    end
    lane = {pace = pace, key = key, full = full, left = width - (running[name] or 0), kind = kinds[destination]}
    known[name] = lane
  end
  return lane
end

-- Has the lane room for one more now? Where only its pace has none, it is looked at again when there is.
local function has_room(lane)
  if lane.left <= 0 or (lane.kind and room[lane.kind] and room[lane.kind] <= 0) then return false end
  if not lane.pace then return true end
  local full = tonumber(redis.call('HGET', PACE, lane.key) or 0)
  local opens = full - (lane.pace[2] - 1) * lane.pace[1]
  if opens > now then
    sooner(opens)
    return false
  end
  redis.call('HSET', PACE, lane.key, string.format('%d', math.max(full, now) + lane.pace[1]))
  return true
end

local claimed = {}
local function take(subject, at)
  local lane = lane_of(subject)
  if lane then
    if not has_room(lane) then return end
    lane.left = lane.left - 1
    if lane.kind and room[lane.kind] then room[lane.kind] = room[lane.kind] - 1 end
  end
  redis.call('HSET', LEASES, subject, token .. ' ' .. string.format('%d', now + lease))
  claimed[#claimed + 1] = subject
  claimed[#claimed + 1] = string.format('%d', at)
end

local looked_at = 0
for urgency = 0, 9 do
  local from, offset = urgency * TURN, 0
  local first, to = string.format('%d', from), string.format('%d', from + now)
  while looked_at < MOST do
    local due = redis.call('ZRANGEBYSCORE', AGENDA, first, to, 'WITHSCORES', 'LIMIT', offset, 500)
    if #due == 0 then break end
    local names = {}
    for i = 1, #due, 2 do names[#names + 1] = due[i] end
    offset, looked_at = offset + #names, looked_at + #names
    local leases = redis.call('HMGET', LEASES, unpack(names))
    for i = 1, #names do
      local ends = leases[i] and tonumber(string.match(leases[i], '^%S+ (%d+)'))
      if ends and ends > now then
        sooner(ends)
      elseif #claimed >= 2 * limit then
        sooner(now)
        break
      else
        take(names[i], tonumber(due[2 * i]) - from)
      end
    end
    if #claimed >= 2 * limit then break end
  end
  local later = redis.call(
    'ZRANGEBYSCORE', AGENDA, '(' .. to, string.format('%d', from + TURN - 1), 'WITHSCORES', 'LIMIT', 0, 1
  )
  if #later > 0 then sooner(tonumber(later[2]) - from) end
end
return {now, string.format('%d', next_due), claimed}
