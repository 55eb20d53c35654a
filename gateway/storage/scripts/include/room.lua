local function used_up(rooms, kind) return kind and rooms[kind] and rooms[kind] <= 0 end

-- Return under which key the place of a lane is known: the place and what a template made of the channel, or the lane itself.
local function key_of(name, channel, pace) return pace and pace[3] ~= '' and pace[3] .. channel or name end

-- Return when a place may be sent to again at this pace, by what is as urgent.
local function opens_at(full_at, pace, urgency)
  local burst = urgency >= ask.behind_news and pace[4] or pace[2]
  return full_at - (burst - 1) * pace[1]
end

-- Return the heads without those in lanes that have no room for anything: most of them wait there, when many wait. A place that
-- has something under way is asked about by has_room.
local lanes, places = {}, {}
local function without_closed(heads, urgency)
  local left, keys, paces = {}, {}, {}
  for i = 1, #heads, 2 do
    local name, destination, channel = string.match(heads[i], '^..deliver:(([^:]*):?(.*))$')
    if not name or not used_up(ask.room, ask.kinds[destination]) then
      local pace = name and ask.paces[destination]
      left[#left + 1] = i
      keys[#left], paces[#left] = pace and key_of(name, channel, pace) or '', pace or false
    end
  end
  if #left == 0 then return left end
  local open, full_at = {}, redis.call('HMGET', PACE, unpack(keys))
  for n, i in ipairs(left) do
    local known = places[keys[n]] or not paces[n] or not full_at[n]
    local opens = known and 0 or opens_for(urgency, keys[n], opens_at(tonumber(full_at[n]), paces[n], urgency))
    if opens > now then
      sooner(opens)
    else
      open[#open + 1] = heads[i]
      open[#open + 1] = heads[i + 1]
    end
  end
  return open
end

-- Return the lane of this name, nil for what is no delivery. Lanes to one place are one.
local function lane_of(name)
  if not name then return nil end
  local lane = lanes[name]
  if not lane then
    local destination, channel = string.match(name, '^([^:]*):?(.*)$')
    lane = {kind = ask.kinds[destination], pace = ask.paces[destination]}
    local key = key_of(name, channel, lane.pace)
    places[key] = places[key] or {key = key, running = 0, width = ask.width}
    lane.place = places[key]
    lanes[name] = lane
  end
  return lane
end
for name, count in pairs(ask.running) do
  local place = lane_of(name).place
  place.running = place.running + count
end
for _, name in ipairs(ask.hanging) do
  local place = lane_of(name).place
  place.width, place.hanging = 1, true
end

-- Return whether the lane has room for one more, whatever its pace says.
local function is_wide_enough(lane)
  local place, kind = lane.place, lane.kind
  if place.running >= place.width or used_up(ask.room, kind) then return false end
  if place.running > 0 and used_up(ask.busy_room, kind) then return false end
  return not (place.hanging and used_up(ask.hanging_room, kind))
end

local function opens(lane, urgency)
  local place = lane.place
  place.full_at = place.full_at or tonumber(redis.call('HGET', PACE, place.key) or 0)
  return opens_for(urgency, place.key, opens_at(place.full_at, lane.pace, urgency))
end

-- Return whether the lane has room for one more of this urgency now. Where only its pace has no token left, come again when
-- there is one.
local function has_room(lane, urgency)
  if not lane then return true end
  if not is_wide_enough(lane) then return false end
  if not lane.pace then return true end
  local at = opens(lane, urgency)
  if at <= now then return true end
  sooner(at)
  return false
end

-- Turns are looked for once a second, in the field `next turns` of PACE: it is a second look at lanes that have no room.
local TURNS_EVERY = 1000 -- ms
local function are_turns_due()
  if tonumber(redis.call('HGET', PACE, 'next turns') or 0) > now then return false end
  redis.call('HSET', PACE, 'next turns', digits(now + TURNS_EVERY))
  return true
end

-- Return whether it is the turn of what interrupts nobody and was passed over in this lane for long. When the next one is
-- stands in the field `turn <key of its pace>` of PACE. It does not ask in the place of news whether what was refused is taken
-- again.
local function has_turn(lane)
  if not lane or not lane.pace or not is_wide_enough(lane) or opens(lane, 1) > now then return false end
  if refused_in_a_row(lane.place.key) > 0 then return false end
  return tonumber(redis.call('HGET', PACE, 'turn ' .. lane.place.key) or 0) <= now
end
local function use_turn(lane) redis.call('HSET', PACE, 'turn ' .. lane.place.key, digits(now + lane.pace[5])) end

local function less(rooms, kind) if kind and rooms[kind] then rooms[kind] = rooms[kind] - 1 end end

-- Count one more in the lane. Return whether its place refused what was sent there last, since it came too fast.
local SLOWER_BY = 10 -- one part in so many, where a place has refused what came too fast
local function use_room(lane)
  local place, kind = lane.place, lane.kind
  less(ask.room, kind)
  less(ask.busy_room, kind)
  if place.hanging then less(ask.hanging_room, kind) end
  place.running = place.running + 1
  if not lane.pace then return false end
  if opens_at(place.full_at, lane.pace, 0) > now then
    open_now(place.key)
    local earlier = opens_at(place.full_at, lane.pace, 0) - now
    place.full_at = place.full_at - earlier
    keep_back(place.key, -earlier)
  end
  local in_a_row, refused_at = refused_in_a_row(place.key)
  local interval = lane.pace[1]
  if refused_at then interval = interval + math.floor(interval / SLOWER_BY) end
  place.full_at = math.max(place.full_at, now) + interval
  redis.call('HSET', PACE, place.key, digits(place.full_at))
  return in_a_row > 0
end
