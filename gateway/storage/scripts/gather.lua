#!lua flags=no-writes
-- Read what a decision needs, in one look.
--
-- KEYS      the shard's, named in include/keys.lua
-- ARGV[1]   msgpack, a map of the fields below
-- ARGV[2]   the caller's clocks, see include/clock.lua
--
-- Fields. `table` is a number in KEYS.
--   copies    {copy, …}          copies to look up
--   alerts    {alert, …}         as many: the alert to read where the copy is not known
--   cells     {table, {field, …}, …}  single rows
--   keys      {join key, …}      join keys, with the incidents that they name
--   topics    {topic, …}         who stands there
--
-- Reply, '' for what is not there, in six parts:
--   the time, as include/clock.lua reads it out
--   {pointer, row, …}    for each copy its row in COPIES, version and alert, and the row of that alert
--   {row, …}             for each cell, table by table
--   {row, …}             for each join key
--   {incident, row, …}   every incident that a join key names, each once
--   {alert, row, …}      for each topic who stands there
-- include: keys
-- include: clock
-- include: topics
-- include: chunks

local ask = cmsgpack.unpack(ARGV[1])
local VERSION = 8 -- bytes before a row's value

-- Return the rows of these fields, '' for what is not there.
local function rows_of(hash, fields)
  local rows = {}
  in_chunks(fields, function(...)
    for _, row in ipairs(redis.call('HMGET', hash, ...)) do rows[#rows + 1] = row or '' end
  end)
  return rows
end

local pointers, wanted, alerts = rows_of(COPIES, ask.copies), {}, {}
for i, pointer in ipairs(pointers) do
  wanted[i] = pointer ~= '' and string.sub(pointer, VERSION + 1) or ask.alerts[i]
end
for i, row in ipairs(rows_of(ALERTS, wanted)) do
  alerts[2 * i - 1], alerts[2 * i] = pointers[i], row
end

local cells, rows = ask.cells, {}
for i = 1, #cells, 2 do
  for _, row in ipairs(rows_of(KEYS[cells[i]], cells[i + 1])) do rows[#rows + 1] = row end
end

local key_rows, named, seen = rows_of(JOIN_KEYS, ask.keys), {}, {}
for _, row in ipairs(key_rows) do
  for id in string.gmatch(string.sub(row, VERSION + 1), '%S+') do
    if not seen[id] then
      seen[id] = true
      named[#named + 1] = id
    end
  end
end
local incidents = {}
for i, row in ipairs(rows_of(INCIDENTS, named)) do
  incidents[2 * i - 1], incidents[2 * i] = named[i], row
end

local topics = {}
for i, topic in ipairs(ask.topics) do
  local alert = standing(topic)
  topics[2 * i - 1] = alert
  topics[2 * i] = alert ~= '' and redis.call('HGET', ALERTS, alert) or ''
end
return {read_out(), alerts, rows, key_rows, incidents, topics}
