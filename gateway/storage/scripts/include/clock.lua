-- Two times, in ms. `now` is what the agenda, leases, fences, paces and waits go by: it never goes back, and never runs
-- faster than real time unless a step of the store's clock is confirmed (include/clocks.lua). `wall` is what people read, what
-- silences and calendars go by, and what is compared with a time that was sent.
--
-- TIME alone cannot tell a step of the store's clock from time that went by, so each caller says what its own clocks know.
-- The last of ARGV is `<gateway> <realtime> <least> <expected> <most> <epoch>`:
--   realtime       the caller's idea of the time of day
--   least, most    where `now` lies, by the caller's monotonic clock since its last call; 0 where it remembers none
--   epoch          the store's epoch as the caller knows it; none of a caller that knows none, such as an earlier version
--   expected       what `now` has reached by then at least, if it runs like the caller's monotonic clock
--
-- Fields of META:
--   clock          the `now` of the last commit or claim. Earlier versions read and write it too: without the 0 before its
--                  digits by which those are known that keep an index of the agenda (include/queues.lua)
--   walk           there while the agenda is entered into its index: 1 where it is to be walked over once more, else 0, and
--                  how far it was walked over: ` <score> <subject>`
--   time           `<offset> <since> <ahead>`, none where `now` is the store's time. `now` is TIME and the offset. `ahead` is
--                  how far `wall` is ahead of `now`; `believed`, where `wall` is TIME. Then an offset is given back from
--                  `since` on: `now` runs slower by a tenth.
--   clocks         what each gateway's clocks said at its last claim, see include/clocks.lua
--   epoch          a random name, made with the shard. Another one, or none, shows that the store was emptied since
--   stepped        `<now> <kind> <ms>` of the last step: `back`, `refused` (forward, and not followed), `confirmed`
local AGREES, STEP, VOUCHED, SILENT, LEASES_LAST = 5000, 2000, 2000, 5000, 30000
local gateway, realtime, least, expected, most, epoch =
  string.match(ARGV[#ARGV], '^(%S+) (%d+) (%d+) (%d+) (%d+) ?(%S*)$')
least, most = tonumber(least), tonumber(most)
local time = redis.call('TIME')
local store_time = time[1] * 1000 + math.floor(time[2] / 1000)
local kept = redis.call('HMGET', META, 'clock', 'time', 'epoch')
-- Nothing may be written by what a caller remembers of a store that is gone.
if epoch ~= '' and kept[3] ~= epoch then
  return redis.error_reply('STORELOST the store was emptied')
end
local last_now, remembers = tonumber(kept[1] or 0), most > 0

-- moved     whether the offset is another than the one that is kept
-- jumped    whether more time has gone by than the caller knows of
-- doubted   whether it has jumped, and no `clock` that another gateway kept shows that the time did go by
-- back      by how much less (ms) has gone by in the store than has by the caller's monotonic clock
local now, wall, candidate = store_time, store_time, store_time
local offset, ahead, moved, jumped, doubted, back = 0, nil, false, false, false, 0

-- Nearly always no clock was stepped, and all three are the store's time.
if kept[2] or not remembers or candidate > most or candidate < least or candidate < last_now then
  realtime, expected = tonumber(realtime), tonumber(expected)
  -- Where the caller has no memory: whether no gateway has claimed for longer than a lease lasts, and whether one doubts the
  -- store's time
  local all_were_down, others_doubt = true, false
  for id, heard, doubts in
    string.gmatch(not remembers and redis.call('HGET', META, 'clocks') or '', '(%S+) (%d+) %S+ (%d+) %d;')
  do
    local silent = math.abs(store_time - tonumber(heard))
    if silent <= LEASES_LAST then all_were_down = false end
    if silent <= SILENT and id ~= gateway and doubts ~= '0' then others_doubt = true end
  end
  if kept[2] then
    local since
    offset, since, ahead = string.match(kept[2], '^(%S+) (%d+) (%S+)$')
    offset, ahead = tonumber(offset), tonumber(ahead)
    if not remembers and all_were_down and math.abs(realtime - store_time) <= AGREES then
      offset, ahead, moved = 0, nil, true -- nobody's waits hang on the offset any more, and the store's time is right
    elseif not ahead and offset > 0 then
      offset = math.max(0, offset - math.floor(math.max(0, store_time - tonumber(since)) / 10))
    end
  end
  -- Whoever remembers nothing takes the store's time, unless it is news to all, and either another doubts it or people's time
  -- by it is not the caller's time of day.
  local agrees = math.abs(realtime - (store_time + offset + (ahead or -offset))) <= AGREES
  if not remembers and (others_doubt or not agrees) and last_now > 0 then most = last_now + VOUCHED end
  candidate = store_time + offset
  -- A step forward, or the caller was paused or its call delayed. Another gateway's `clock` shows that time did go by.
  jumped = most > 0 and candidate > most
  doubted = jumped and candidate > last_now + VOUCHED
  now = math.max(last_now, candidate)
  if doubted then
    now = math.max(last_now, expected)
  else
    -- Monotonic clocks gain no time: where less has gone by in the store, its clock was set back, or its machine was frozen.
    if candidate < least then now = math.max(last_now, expected) end
    back = now - candidate
  end
  if back > 0 then
    -- People's time goes on as it did before the step, until the gateways' clocks have shown which is right.
    if back > STEP and not ahead then ahead = -offset end
    offset, candidate, moved = offset + back, now, true
  end
  wall = now + (ahead or -offset)
end

-- What replies say of the time: `now` alone where all three are the same.
local function read_out()
  if wall == now and candidate == now then return now end
  return {now, wall, candidate}
end
