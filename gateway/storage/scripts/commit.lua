#!lua flags=allow-oom
-- Apply one set of changes, whole or not at all.
--
-- A full server runs this text, so that ends, plans and settlements get through. `commit_grow` is the same script under
-- `#!lua`: the server refuses it when it is full, and it is sent for what makes history grow.
--
-- KEYS      the shard's, named in include/keys.lua
-- ARGV[1]   the new version of every row that is written, 8 bytes
-- ARGV[2]   msgpack, a map of the fields below
-- ARGV[3]   the versions that are expected, 8 bytes each, in the order of `expect`; 8 zeros: the row must be absent
-- ARGV[4]…  the values of the rows to write, in the order of `put`, and then others, which the fields name by their
--           position in ARGV, written @value here. Binary strings stand apart because cmsgpack of Redis 7.0 reads none
-- ARGV[last] the caller's clocks, see include/clock.lua
--
-- Fields. `{a, b, …}` is a flat list of records of a and b. `table` is a number in KEYS, times are in ms.
--   expect            {table, {field, …}, …}            rows that must still have the version which is expected
--   put               {table, {field, …}, …}            rows to write
--   renew             {alert, place, place, …}          alerts whose sources spoke again: where in the row behind its version
--                                                       the eight bytes of that time stand. They are among the rows expected
--   drop              {table, {field, …}, …}            rows to delete
--   count             {name, by, …}                     counters to add to
--   agenda            {subject, at, urgency, share, …}  subjects to look at, at this time or earlier
--   release           {subject, token, again, hold, …}  leases that must still be ours. hold 1: it is only checked.
--                                                       again: when to look again, -1: the subject leaves the agenda
--   unschedule        {subject, …}                      subjects that leave the agenda, but for those that are leased
--   log               {subject, what, detail, …}        entries of the timeline, detail in JSON
--   keep              {id, @value, …}                   entries for the quarantine
--   events            {id, @value, …}                   events of the statistics; one that is there already stays
--   forget            {id, …}                           entries to take out of the quarantine
--   fence             text                              the holder of the shard's fence that this writer is, '' for none
--   generation        number                            of the rules that the decision rests on, -1 for none
--   log_length        number                            about how many entries the log may have
--   quarantine_length number                            how many entries the quarantine may have
--   topics            a map of:
--     seen            {topic, alert, …}                 who must still stand there, '' for nobody
--     add, remove     {topic, alert, …}                 alerts that come and go. The first to come and the last to go wake
--                                                       the topic's subscribers: they are looked at now
--     subscribe, unsubscribe  {topic, subject, …}
--
-- Reply: {outcome, the time, …}. `done`; or nothing was changed: `lost` (a row or a topic is not as expected, or
-- another replica has announced newer rules; the rows that are not follow, by their number in `expect`), `fenced` (another
-- writer has the shard's fence), `expired` (a lease is no more ours).
-- include: keys
-- include: clock
-- include: keep_now
-- include: numbers
-- include: agenda
-- include: fence
-- include: leases
-- include: queues
-- include: topics
-- include: chunks

local new_version, change = ARGV[1], cmsgpack.unpack(ARGV[2])
local ABSENT = string.rep('\0', 8) -- the version of a row that is not there
local AWAKE = 1 -- the urgency of a subscriber that is woken
local MAX_NAMED = 1000 -- rows that were changed; Lua takes some thousands of values on its stack

-- May it be done?

local expect, expected, changed, number = change.expect, ARGV[3], {}, 0
for i = 1, #expect, 2 do
  in_chunks(expect[i + 1], function(...)
    local rows = redis.call('HMGET', KEYS[expect[i]], ...)
    for n = 1, #rows do
      local version = rows[n] and string.sub(rows[n], 1, 8) or ABSENT
      if version ~= string.sub(expected, 8 * number + 1, 8 * number + 8) and #changed < MAX_NAMED then
        changed[#changed + 1] = number
      end
      number = number + 1
    end
  end)
end
if #changed > 0 then return {'lost', read_out(), unpack(changed)} end
local renew, renewed, spoken = change.renew, {}, struct.pack('>I8', now)
for i = 1, #renew, 3 do
  local row = redis.call('HGET', ALERTS, renew[i])
  local first, second = 8 + renew[i + 1], 8 + renew[i + 2]
  -- The same number stands at both places, in msgpack, or they are not those of a time: the row is left as it is.
  local time = string.sub(row, first, first + 8)
  if string.byte(time) ~= 0xcf or #time ~= 9 or time ~= string.sub(row, second, second + 8) then
    return {'lost', read_out()}
  end
  row = string.sub(row, 1, first) .. spoken .. string.sub(row, first + 9)
  renewed[i] = new_version .. string.sub(row, 9, second) .. spoken .. string.sub(row, second + 9)
end
local seen = change.topics.seen
for i = 1, #seen, 2 do
  if standing(seen[i]) ~= seen[i + 1] then return {'lost', read_out()} end
end
if change.generation >= 0 then
  -- The row of the rules is `<generation> <revision> <seen at>` behind its version.
  local newest = string.match(redis.call('HGET', META, 'rules') or '', '^........(%d+) ')
  if newest and tonumber(newest) > change.generation then return {'lost', read_out()} end
end
if fenced_against(change.fence) then return {'fenced', read_out()} end
local release, leases = change.release, {}
for i = 1, #release, 4 do
  local lease = redis.call('HGET', LEASES, release[i])
  leases[i] = lease
  if not lease or lease_token(lease) ~= release[i + 1] then return {'expired', read_out()} end
end

-- Rows and counters

keep_now()
local put, drop, count = change.put, change.drop, change.count
local value = 4 -- its place in ARGV
for i = 1, #put, 2 do
  in_chunks(put[i + 1], function(...)
    local rows = {}
    for n, field in ipairs({...}) do
      rows[2 * n - 1], rows[2 * n] = field, new_version .. ARGV[value]
      value = value + 1
    end
    redis.call('HSET', KEYS[put[i]], unpack(rows))
  end)
end
for i = 1, #renew, 3 do redis.call('HSET', ALERTS, renew[i], renewed[i]) end
for i = 1, #drop, 2 do
  in_chunks(drop[i + 1], function(...) redis.call('HDEL', KEYS[drop[i]], ...) end)
end
for i = 1, #count, 2 do redis.call('HINCRBY', COUNTERS, count[i], count[i + 1]) end

-- Topics: before the agenda, to which they add those whom they wake

local agenda = change.agenda
local function wake(topic)
  for _, text in ipairs(redis.call('ZRANGEBYLEX', TOPICS, '[' .. topic .. '|w|', '(' .. topic .. '|x')) do
    agenda[#agenda + 1] = string.sub(text, #topic + 4)
    agenda[#agenda + 1] = now
    agenda[#agenda + 1] = AWAKE
    agenda[#agenda + 1] = 0 -- that it is a plan is seen from the subject
  end
end
local add, remove = change.topics.add, change.topics.remove
for i = 1, #add, 2 do
  local topic, alert = add[i], add[i + 1]
  local first = standing(topic) == ''
  redis.call('ZADD', TOPICS, 0, topic .. '|a|' .. alert)
  if first then wake(topic) end
end
for i = 1, #remove, 2 do
  local topic, alert = remove[i], remove[i + 1]
  local gone = redis.call('ZREM', TOPICS, topic .. '|a|' .. alert)
  if gone == 1 and standing(topic) == '' then wake(topic) end
end
local subscribe, unsubscribe = change.topics.subscribe, change.topics.unsubscribe
for i = 1, #subscribe, 2 do redis.call('ZADD', TOPICS, 0, subscribe[i] .. '|w|' .. subscribe[i + 1]) end
for i = 1, #unsubscribe, 2 do redis.call('ZREM', TOPICS, unsubscribe[i] .. '|w|' .. unsubscribe[i + 1]) end

-- Leases and the agenda

for i = 1, #release, 4 do
  local subject, again, hold = release[i], release[i + 2], release[i + 3]
  if hold == 0 then
    local lease, stood = leases[i], tonumber(redis.call('ZSCORE', AGENDA, subject) or 5 * TURN)
    local woken = lease_woken(lease)
    -- What happened while the holder worked is news to it: the subject is looked at for it, whatever the holder wants.
    if woken and (again < 0 or woken < again) then again = woken end
    redis.call('HDEL', LEASES, subject)
    leave(subject, stood, lease)
    if again < 0 then
      redis.call('ZREM', AGENDA, subject)
    else
      local stands = score(urgency_of(stood), again, share_of(stood))
      redis.call('ZADD', AGENDA, stands, subject)
      enter(subject, tonumber(stands))
    end
  end
end
for i = 1, #agenda, 4 do
  local subject, at, urgency, share = agenda[i], math.max(agenda[i + 1], 0), agenda[i + 2], agenda[i + 3]
  local before, lease = tonumber(redis.call('ZSCORE', AGENDA, subject)), redis.call('HGET', LEASES, subject)
  -- A subject only ever moves earlier: later than it stands it is moved by its lease's holder alone, above.
  local stands = score(urgency, before and math.min(at, time_of(before)) or at, share)
  if before then leave(subject, before, lease) end
  redis.call('ZADD', AGENDA, stands, subject)
  enter(subject, tonumber(stands), lease)
  if lease then
    local token, ends, woken = string.match(lease, '^(%S+) (%d+) ?(%d*)$')
    if woken == '' or tonumber(woken) > at then
      redis.call('HSET', LEASES, subject, token .. ' ' .. ends .. ' ' .. digits(at))
    end
  end
end
for _, subject in ipairs(change.unschedule) do
  local stood = tonumber(redis.call('ZSCORE', AGENDA, subject))
  if stood and redis.call('HEXISTS', LEASES, subject) == 0 then
    leave(subject, stood)
    redis.call('ZREM', AGENDA, subject)
  end
end
write_index()

-- The events of the statistics

local events = change.events
for i = 1, #events, 2 do
  if redis.call('HEXISTS', EVENTS, events[i]) == 0 then
    local seq = redis.call('HINCRBY', COUNTERS, 'statistics_events', 1)
    local stamp = digits(wall) .. ' ' .. digits(seq) .. ' '
    redis.call('HSET', EVENTS, events[i], new_version .. stamp .. ARGV[events[i + 1]])
  end
end

-- The log and the quarantine

local log = change.log
for i = 1, #log, 3 do
  local subject, what, detail = log[i], log[i + 1], log[i + 2]
  local entry = {'s', subject, 'w', what, 'd', detail, 't', wall}
  -- Readers that stop at a time of ours need it, where people call the time otherwise.
  if wall ~= now then entry[9], entry[10] = 'n', now end
  redis.call('XADD', LOG, 'MAXLEN', '~', change.log_length, '*', unpack(entry))
end
local keep, forget = change.keep, change.forget
-- An id ends in its source; those of earlier versions count as one source's.
local function source_of(id) return string.match(id, '%.(%x+)$') or '' end
-- The source with the most entries makes room with its oldest, so that none can push out another's.
local function make_room()
  local oldest_first, shares, largest = redis.call('ZRANGE', QUARANTINE_AGE, 0, -1), {}, nil
  for i = 1, #oldest_first do
    local source = source_of(oldest_first[i])
    shares[source] = (shares[source] or 0) + 1
    if not largest or shares[source] > shares[largest] then largest = source end
  end
  for i = 1, #oldest_first do
    local id = oldest_first[i]
    if source_of(id) == largest then
      redis.call('ZREM', QUARANTINE_AGE, id)
      return id
    end
  end
end
for i = 1, #keep, 2 do
  local id = keep[i]
  -- The first of its kind is kept, those that follow are counted.
  if redis.call('HINCRBY', QUARANTINE_SEEN, id, 1) == 1 then
    redis.call('HSET', QUARANTINE, id, ARGV[keep[i + 1]])
    redis.call('HINCRBY', COUNTERS, 'quarantine_entries', 1)
  end
  redis.call('ZADD', QUARANTINE_AGE, now, id)
  if redis.call('ZCARD', QUARANTINE_AGE) > change.quarantine_length then
    local oldest = make_room()
    redis.call('HDEL', QUARANTINE, oldest)
    redis.call('HDEL', QUARANTINE_SEEN, oldest)
    redis.call('HINCRBY', COUNTERS, 'quarantine_entries', -1)
    redis.call('HINCRBY', COUNTERS, 'quarantine_evicted', 1)
  end
end
for i = 1, #forget do
  redis.call('HINCRBY', COUNTERS, 'quarantine_entries', -redis.call('HDEL', QUARANTINE, forget[i]))
  redis.call('HDEL', QUARANTINE_SEEN, forget[i])
  redis.call('ZREM', QUARANTINE_AGE, forget[i])
end
return {'done', read_out()}
