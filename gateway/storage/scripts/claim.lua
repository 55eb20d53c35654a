#!lua flags=allow-oom
-- Leases due subjects of the agenda: the most urgent first, then the oldest; a lane that is busy, or whose next token is not
-- due, is passed over. ARGV[1]: a token for the leases. ARGV[2]: msgpack {limit, lease, paces, busy, kind}: lease in ms; paces
-- {destination = {interval, burst, place}}; busy {lane = true}. A subject is `kind:lane|rest` or `kind:rest`.
-- Reply: {now, next due, {subject, due, …}}
local token, ask = ARGV[1], cmsgpack.unpack(ARGV[2])
local limit, lease, paces, busy = ask[1], ask[2], ask[3], ask[4]
local META, AGENDA, LEASES, PACE, PRIORITY = KEYS[7], KEYS[8], KEYS[9], KEYS[16], KEYS[15]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local last = tonumber(redis.call('HGET', META, 'clock') or 0)
if last > now then now = last end

local function lane_of(subject) return string.match(subject, '^deliver:([^|]*)|') end
-- Lanes to one place share its pace. Its key: the place and what a template made of the channel, or the lane itself.
local function pace_of(lane)
  local destination, channel = string.match(lane, '^([^:]*):?(.*)$')
  local pace = paces[destination]
  if not pace then return nil end
  return pace, pace[3] == '' and lane or pace[3] .. channel
end
local function open_at(lane)
  local pace, key = pace_of(lane)
  if not pace then return 0 end
  return tonumber(redis.call('HGET', PACE, key) or 0) - (pace[2] - 1) * pace[1]
end

local free, opens, next_due = {}, {}, -1
local function sooner(at) if next_due < 0 or at < next_due then next_due = at end end
local offset = 0
while #free < 4 * limit and offset < 20000 do
  local due = redis.call('ZRANGEBYSCORE', AGENDA, '-inf', now, 'WITHSCORES', 'LIMIT', offset, 500)
  if #due == 0 then break end
  offset = offset + #due / 2
  local names = {}
  for i = 1, #due, 2 do names[#names + 1] = due[i] end
  local leases = redis.call('HMGET', LEASES, unpack(names))
  local priorities = redis.call('HMGET', PRIORITY, unpack(names))
  for i = 1, #names do
    local ends = leases[i] and tonumber(string.match(leases[i], '^%S+ (%d+)'))
    local lane = lane_of(names[i])
    if ends and ends > now then
      sooner(ends)
    elseif not (lane and busy[lane]) then
      if lane and opens[lane] == nil then opens[lane] = open_at(lane) end
      if lane and opens[lane] > now then
        sooner(opens[lane])
      else
        free[#free + 1] = {names[i], tonumber(due[2 * i]), tonumber(priorities[i] or 5), lane}
      end
    end
  end
end
table.sort(free, function(a, b)
  if a[3] ~= b[3] then return a[3] < b[3] end
  if a[2] ~= b[2] then return a[2] < b[2] end
  return a[1] < b[1]
end)

local claimed = {}
for _, one in ipairs(free) do
  local subject, lane = one[1], one[4]
  if #claimed >= 2 * limit then sooner(now) break end
  local pace, key
  if lane then pace, key = pace_of(lane) end
  if pace and open_at(lane) > now then
    sooner(open_at(lane))
  else
    if pace then
      local at = math.max(tonumber(redis.call('HGET', PACE, key) or 0), now) + pace[1]
      redis.call('HSET', PACE, key, string.format('%d', at))
    end
    redis.call('HSET', LEASES, subject, token .. ' ' .. string.format('%d', now + lease))
    claimed[#claimed + 1] = subject
    claimed[#claimed + 1] = string.format('%d', one[2])
  end
end
local later = redis.call('ZRANGEBYSCORE', AGENDA, '(' .. string.format('%d', now), '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
if #later > 0 then sooner(tonumber(later[2])) end
return {now, string.format('%d', next_due), claimed}
