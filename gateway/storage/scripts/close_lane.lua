#!lua flags=allow-oom
-- Close a lane until a time, as a vendor's Retry-After asks for, and keep since when it has been closed. A lane that is
-- closed again within a minute after it opened counts as closed all the while.
--
-- A vendor that names no time is left alone for a second, and for twice as long each time that it refuses again. What was sent
-- before the lane was closed may be refused while it is: that is the same refusal. What the pace leaves for the time in which
-- the lane is closed is kept for when the vendor takes something again; a vendor that names a time decides this by itself.
--
-- KEYS      the shard's, named in include/keys.lua
-- ARGV[1]   the lane
-- ARGV[2]   until when, in ms; -1 where the vendor named no time
-- ARGV[3]   the key of the lane's pace
-- ARGV[4]   by how many ms the lane may be ahead of its average
-- ARGV[5]   the version of the row `closed:<lane>`, 8 bytes
-- ARGV[6]   the caller's clocks, see include/clock.lua
--
-- Reply: until when it is closed. The row's value is `<since> <until>`.
-- include: keys
-- include: clock
-- include: numbers
-- include: refused

local lane, closed_until, pace_key, allowance, version = ARGV[1], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4]), ARGV[5]
local STILL_CLOSED = 60000 -- ms
local named = closed_until >= 0
if not named then
  local in_a_row, last = refused_in_a_row(pace_key)
  if last and last > now then
    closed_until = last
  else
    if not last then forget_kept_back(pace_key) end
    closed_until = now + wait_after(in_a_row + 1)
    set_refused(pace_key, in_a_row + 1, closed_until)
  end
end
local row = redis.call('HGET', META, 'closed:' .. lane) or ''
local since, last_until = string.match(string.sub(row, 9), '^(%d+) (%d+)$')
if not since or tonumber(last_until) + STILL_CLOSED < now then
  since = digits(now)
elseif tonumber(last_until) > closed_until then
  closed_until = tonumber(last_until) -- a shorter wait does not open a lane that is closed for longer
end
redis.call('HSET', META, 'closed:' .. lane, version .. since .. ' ' .. digits(closed_until))
local full_at, before = closed_until + allowance, tonumber(redis.call('HGET', PACE, pace_key) or 0)
if named then forget_kept_back(pace_key) end
if full_at > before then
  redis.call('HSET', PACE, pace_key, digits(full_at))
  if not named then keep_back(pace_key, full_at - before) end
end
return digits(closed_until)
