-- A place that refuses deliveries since they come too fast, and names no time, has the field `refused <key of its pace>` in
-- PACE: `<in a row> <until>`. That is how many of them it has refused in a row, and until when (ms) it is left alone for the
-- last one. For a minute from then on it is sent to a little slower.
--
-- The wait is FIRST_WAIT, and twice as long each time in a row up to SHORT_WAIT. It grows again up to LONGEST_WAIT once the place
-- has refused for about a minute. What is most urgent, such as a critical alert, waits SHORT_WAIT at most all the while.
local REMEMBERED = 60000 -- ms
local FIRST_WAIT, SHORT_WAIT, LONGEST_WAIT = 1000, 3000, 30000 -- ms
local SHORT_WAITS = 21 -- so many waits in a row are no longer than SHORT_WAIT
local function wait_after(in_a_row)
  if in_a_row <= SHORT_WAITS then return math.min(FIRST_WAIT * 2 ^ (in_a_row - 1), SHORT_WAIT) end
  return math.min(SHORT_WAIT * 2 ^ (in_a_row - SHORT_WAITS), LONGEST_WAIT)
end
local function refused_in_a_row(pace_key)
  local in_a_row, closed_until = string.match(redis.call('HGET', PACE, 'refused ' .. pace_key) or '', '^(%d+) (%d+)$')
  if not in_a_row or tonumber(closed_until) + REMEMBERED < now then return 0, nil end
  return tonumber(in_a_row), tonumber(closed_until)
end
local function set_refused(pace_key, in_a_row, closed_until)
  redis.call('HSET', PACE, 'refused ' .. pace_key, digits(in_a_row) .. ' ' .. digits(closed_until))
end
-- Return when a place that opens at `opens` opens for a subject of this urgency. Only what the place has refused opens sooner
-- for the most urgent, and no lane that is closed until a time which the vendor has named.
local function opens_for(urgency, pace_key, opens)
  if urgency > 0 or opens <= now then return opens end
  local in_a_row, closed_until = refused_in_a_row(pace_key)
  if closed_until ~= opens then return opens end
  if in_a_row == 0 then return now end -- it has taken something since
  return math.min(opens, closed_until - wait_after(in_a_row) + SHORT_WAIT)
end
-- Open a place now that opens later for what is less urgent: what it refuses next is one more in a row.
local function open_now(pace_key)
  local in_a_row = refused_in_a_row(pace_key)
  set_refused(pace_key, in_a_row, now)
end
-- A place that was closed opens for one delivery at a time, as if its pace were used up. By how many ms its pace was set back for
-- that is the field `kept back <key of its pace>`: it is given back when the place takes something.
local function keep_back(pace_key, ms) redis.call('HINCRBY', PACE, 'kept back ' .. pace_key, digits(ms)) end
local function forget_kept_back(pace_key) redis.call('HDEL', PACE, 'kept back ' .. pace_key) end
local function give_back(pace_key)
  local ms = redis.call('HGET', PACE, 'kept back ' .. pace_key)
  if not ms then return end
  redis.call('HINCRBY', PACE, pace_key, digits(-tonumber(ms)))
  forget_kept_back(pace_key)
end
