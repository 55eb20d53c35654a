#!lua flags=allow-oom
-- Note that a place has taken a delivery: what it refuses next is the first one in a row, and its pace has left what was not
-- sent while it was closed.
--
-- KEYS      the shard's, named in include/keys.lua
-- ARGV[1]   the key of the place's pace
-- ARGV[2]   the caller's clocks, see include/clock.lua
--
-- Reply: 1
-- include: keys
-- include: clock
-- include: numbers
-- include: refused

local in_a_row, closed_until = refused_in_a_row(ARGV[1])
if in_a_row > 0 then
  set_refused(ARGV[1], 0, closed_until)
  -- It has refused something else meanwhile: the lane stays closed for what is less urgent.
  if closed_until <= now then give_back(ARGV[1]) end
end
return 1
