-- The agenda's index: for every share, urgency and lane a queue of subjects by time, so that a claim looks at the head of each
-- queue and not at what waits behind it. The lane of a delivery is `deliver:<lane>`, that of another subject its kind.
--
-- LANES     a sorted set in which every score is 0, so that it is ordered by its texts: `<queue>|<time, 13 digits><rest>`. A
--           queue is the digit of its share, the digit of its urgency and the lane; the rest is what the subject has behind it
-- HEADS     a sorted set of queues: the share times BAND, and the score that the first of the queue has on the agenda
--
-- The agenda and the leases are what counts, and the index follows from them: a subject stands at its own time, or, leased, at
-- its lease's end. A version without an index changes the agenda alone. The field `clock` of META shows that it
-- did (include/clock.lua). What it has added or moved is entered by a walk over the agenda (claim.lua), and what it has
-- left behind in the index is taken out when a claim meets it.
local BAND, PLANS = 10 * TURN, 1

-- Return a function that computes each value once: many subjects of a script are due at one time, or in one lease.
local function once(compute)
  local known = {}
  return function(key)
    known[key] = known[key] or compute(key)
    return known[key]
  end
end
-- A time as 13 digits, so that texts are in the order of their times; and two digits of share and urgency.
local thirteen = once(function(at) return string.format('%013d', at) end)
local two = once(function(share_and_urgency) return string.format('%02d', share_and_urgency) end)
local end_of = once(lease_ends)

-- Return a subject's lane and the rest behind it.
local function parts_of(subject)
  local at = string.sub(subject, 1, 8) == 'deliver:' and string.find(subject, '|', 9, true)
  at = at or string.find(subject, ':', 1, true) or #subject + 1
  return string.sub(subject, 1, at - 1), string.sub(subject, at + 1)
end

-- Return the queue of a subject, its text in LANES and its place in HEADS, by its score on the agenda and its lease.
local function place_of(subject, a_score, lease)
  local lane, rest = parts_of(subject)
  local share, urgency, at = share_of(a_score), urgency_of(a_score), time_of(a_score)
  if lane == 'plan' then share = PLANS end
  if lease then at = math.max(at, end_of(lease)) end
  local queue = two(10 * share + urgency) .. lane
  return queue, queue .. '|' .. thirteen(at) .. rest, share * BAND + urgency * TURN + at
end

-- What changes is collected, and written when all of it is known: a command for many texts costs little more than for one.
local texts, heads, shortened = {}, {}, {}

local function enter(subject, a_score, lease)
  local queue, text, place = place_of(subject, a_score, lease)
  texts[text] = true
  if not heads[queue] or place < heads[queue] then heads[queue] = place end
end

local function take_out(queue, text)
  texts[text], shortened[queue] = false, true
end

local function leave(subject, a_score, lease)
  local queue, text = place_of(subject, a_score, lease)
  take_out(queue, text)
end

local function find_head(queue)
  local first = redis.call('ZRANGEBYLEX', LANES, '[' .. queue .. '|', '(' .. queue .. '}', 'LIMIT', 0, 1)[1]
  if not first then return redis.call('ZREM', HEADS, queue) end
  local share, urgency = string.match(queue, '^(%d)(%d)')
  local at = string.sub(first, #queue + 2, #queue + 14)
  redis.call('ZADD', HEADS, digits(share * BAND + urgency * TURN + at), queue)
end

local function in_one(command, key, arguments)
  local MOST = 1000 -- which Lua's stack lets one command have
  for start = 1, #arguments, MOST do
    redis.call(command, key, unpack(arguments, start, math.min(start + MOST - 1, #arguments)))
  end
end

local function write_index()
  local new, old = {}, {}
  for text, there in pairs(texts) do
    if there then
      new[#new + 1] = 0
      new[#new + 1] = text
    else
      old[#old + 1] = text
    end
  end
  in_one('ZREM', LANES, old)
  in_one('ZADD', LANES, new)
  for queue, place in pairs(heads) do
    if not shortened[queue] then redis.call('ZADD', HEADS, 'LT', digits(place), queue) end
  end
  for queue in pairs(shortened) do find_head(queue) end
  texts, heads, shortened = {}, {}, {}
end
