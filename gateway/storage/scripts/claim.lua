#!lua flags=allow-oom
-- Lease subjects of the agenda that are due: the most urgent first. Of equal urgency one of each queue is leased in turn, the
-- oldest first: a lane with thousands that wait, or the plans of a storm, keep nothing else waiting. Passed over is what has
-- no room: a lane whose place has its width under way or no token left of its pace, or whose kind of destination has as many
-- as it may.
-- A lane without room costs one look, whatever waits in it. What interrupts nobody leaves a part of the pace's burst for what
-- must be heard; what waits for long has a turn now and then, before all others.
--
-- KEYS      the shard's, named in include/keys.lua
-- ARGV[1]   the token of the leases
-- ARGV[2]   msgpack, a map of the fields below
-- ARGV[3]   the caller's clocks, see include/clock.lua
--
-- Fields; times are in ms:
--   limit         how many to lease at most
--   reserved      {plans, ends, own alerts}  how many of each share are leased first, also over the limit
--   lease         how long the leases last
--   paces         {destination = {interval, burst, place, burst behind news, turn}}  one every `interval` on average, `burst`
--                 at once; `place`: see Pace; how many at once of what interrupts nobody, and the time between two of its turns
--   behind_news   the urgency from which on deliveries interrupt nobody
--   passed_over   how long these wait before it may be their turn
--   running       {lane = how many are under way}
--   width         how many may be under way in the lanes to one place
--   kinds         {destination = kind}
--   room          {kind = how many more may be under way}
--   busy_room     {kind = how many more may be under way before only places that have none under way get any}
--   hanging       {lane, …}  lanes that gave no answer: one at a time is under way at their place
--   hanging_room  {kind = how many of these at hanging places}
--
-- Reply: {the time, next due or -1, {subject, due, share, refused, …}}. A subject is `deliver:<lane>|<rest>` or
-- `<kind>:<rest>`; refused is 1 where its place refused what was sent there last, since it came too fast.
-- include: keys
-- include: clock
-- include: keep_now
-- include: numbers
-- include: agenda
-- include: leases
-- include: queues
-- include: refused
-- include: clocks

-- In doubt about the time, the leases of others may only seem to be over: the caller comes again at once.
local AGAIN = 100 -- ms
if leases_nothing then return {read_out(), digits(now + AGAIN), {}} end

local token, ask = ARGV[1], cmsgpack.unpack(ARGV[2])
local lease_end = now + ask.lease
local lease = token .. ' ' .. digits(lease_end)
local MAX_PUT_RIGHT = 1000 -- texts of the index that one claim takes out

local next_due = -1
local function sooner(at) if next_due < 0 or at < next_due then next_due = at end end

-- include: walk
-- include: room

-- The queues, each with its first subject that is due

local queues, put_right = {}, 0
local function queue_of(name)
  local queue = queues[name]
  if not queue then
    local share, urgency, lane = string.match(name, '^(%d)(%d)(.*)$')
    local delivery = string.match(lane, '^deliver:(.*)$')
    queue = {name = name, share = share, urgency = tonumber(urgency), lane = lane_of(delivery)}
    queue.least = tonumber(score(urgency, 0, tonumber(share)))
    queue.before, queue.ahead = lane .. (delivery and '|' or ':'), delivery and 4 or 64
    queue.found, queue.at, queue.taken = {}, 1, 0
    queues[name] = queue
  end
  return queue
end

-- Read on in the queue. A text of the index that is not true is taken out: a version without an index has changed the agenda.
local function read_on(queue)
  local after = queue.last and '(' .. queue.last or '[' .. queue.name .. '|'
  local before = '(' .. queue.name .. '|' .. thirteen(now + 1)
  local found = redis.call('ZRANGEBYLEX', LANES, after, before, 'LIMIT', 0, queue.ahead)
  queue.found, queue.at, queue.last, queue.ended = {}, 1, found[#found], #found < queue.ahead
  if #found == 0 then return end
  local subjects = {}
  for i, text in ipairs(found) do subjects[i] = queue.before .. string.sub(text, #queue.name + 15) end
  local scores, leases = redis.call('ZMSCORE', AGENDA, unpack(subjects)), redis.call('HMGET', LEASES, unpack(subjects))
  for i, text in ipairs(found) do
    local subject, stands, lease = subjects[i], tonumber(scores[i]), leases[i]
    local since = tonumber(string.sub(text, #queue.name + 2, #queue.name + 14))
    local _, right, place
    -- What stands as the queue says, and was never leased, is true; this is almost all.
    if stands and (lease or stands ~= queue.least + since) then _, right, place = place_of(subject, stands, lease) end
    if stands and (not right or right == text) then
      queue.found[#queue.found + 1] = {subject = subject, stands = stands, text = text, since = since}
    else
      take_out(queue.name, text)
      put_right = put_right + 1
      if stands then
        enter(subject, stands, lease)
        sooner(math.max(now, place % TURN))
      end
    end
  end
end

-- Return the first subject of the queue that is due, nil for none.
local function first_of(queue)
  while not queue.found[queue.at] and not queue.ended do
    if put_right >= MAX_PUT_RIGHT then
      sooner(now)
      return nil
    end
    read_on(queue)
  end
  return queue.found[queue.at]
end

local claimed, leased = {}, {}
local function take(queue)
  local first = first_of(queue)
  local refused = queue.lane and use_room(queue.lane)
  leased[#leased + 1] = first.subject
  leased[#leased + 1] = lease
  take_out(queue.name, first.text)
  texts[queue.name .. '|' .. thirteen(math.max(first.since, lease_end)) .. string.sub(first.text, #queue.name + 15)] = true
  claimed[#claimed + 1] = first.subject
  claimed[#claimed + 1] = digits(time_of(first.stands))
  claimed[#claimed + 1] = queue.share
  claimed[#claimed + 1] = refused and 1 or 0
  queue.at, queue.taken = queue.at + 1, queue.taken + 1
end

-- include: heads

-- Take up to `most` from the queues of one urgency: next is the queue of which this claim has taken the fewest, and of
-- several the one whose first subject is the oldest. Return how many, and whether more could be taken.
-- `turns` are had by what was passed over for long.
local function take_from(some, most, turns)
  local has_room = turns and has_turn or has_room
  local next_queue, open, opened, count, first = due_queues(some, turns), {}, {}, 0, nil
  local function first_in(queue)
    local found = first_of(queue)
    return found and not (turns and found.since > now - ask.passed_over) and found or nil
  end
  local function is_before(queue, other)
    if queue.taken ~= other.taken then return queue.taken < other.taken end
    return queue.since < other.since
  end
  local function find_first()
    first = nil
    for i, queue in ipairs(open) do
      if not first or is_before(queue, open[first]) then first = i end
    end
  end
  while true do
    -- A queue that is not open yet has its turn before one that has had some.
    local queue = next_queue(first and open[first].taken == 0 and open[first].since)
    if queue then
      local found = not opened[queue] and has_room(queue.lane, queue.urgency) and first_in(queue)
      opened[queue] = true
      if found then
        open[#open + 1], queue.since = queue, found.since
        if not first or is_before(queue, open[first]) then first = #open end
      end
    elseif not first then
      return count, false
    elseif not has_room(open[first].lane, open[first].urgency) then
      table.remove(open, first)
      find_first()
    elseif count >= most then
      return count, true
    else
      if turns then use_turn(open[first].lane) end
      take(open[first])
      count = count + 1
      local found = first_in(open[first])
      if found then
        open[first].since = found.since
      else
        table.remove(open, first)
      end
      find_first()
    end
  end
end

local function bands_of(urgency, share)
  local some = {}
  for _, band in ipairs(all_bands) do
    if band.urgency == urgency and (not share or band.share == share) then some[#some + 1] = band end
  end
  return some
end

for share, most in ipairs(ask.reserved) do
  for urgency = 0, LEAST_URGENT do
    if most <= 0 then break end
    most = most - take_from(bands_of(urgency, share), most)
  end
end
local left, more = ask.limit - #claimed / 4, false
local passed_over = {}
for _, band in ipairs(all_bands) do
  local long = band.oldest <= now - ask.passed_over
  if long and band.urgency >= ask.behind_news then passed_over[#passed_over + 1] = band end
end
if #passed_over > 0 and left > 0 and are_turns_due() then left = left - take_from(passed_over, left, true) end
for urgency = 0, LEAST_URGENT do
  local count
  count, more = take_from(bands_of(urgency), left)
  left = left - count
  if more then
    sooner(now)
    break
  end
end

in_one('HSET', LEASES, leased)
write_index()
for _, band in ipairs(all_bands) do
  local later = redis.call(
    'ZRANGEBYSCORE', HEADS, '(' .. digits(band.from + now), digits(band.from + TURN - 1), 'WITHSCORES', 'LIMIT', 0, 1
  )
  if #later > 0 then sooner(tonumber(later[2]) - band.from) end
end
return {read_out(), digits(next_due), claimed}
