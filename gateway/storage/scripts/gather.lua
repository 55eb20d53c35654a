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
--   cells     {table, field, …}  single rows
--   keys      {join key, …}      join keys, with the incidents that they name
--   topics    {topic, …}         who stands there
--
-- Reply, '' for what is not there, in six parts:
--   the time, as include/clock.lua reads it out
--   {pointer, row, …}    for each copy its row in COPIES, version and alert, and the row of that alert
--   {row, …}             for each cell
--   {row, …}             for each join key
--   {incident, row, …}   every incident that a join key names, each once
--   {alert, row, …}      for each topic who stands there
-- include: keys
-- include: clock
-- include: topics

local ask = cmsgpack.unpack(ARGV[1])
local VERSION, CHUNK = 8, 1000 -- bytes before a row's value; how many fields Lua's stack lets one command have

local alerts, copies = {}, ask.copies
for start = 1, #copies, CHUNK do
  local pointers = redis.call('HMGET', COPIES, unpack(copies, start, math.min(start + CHUNK - 1, #copies)))
  local wanted = {}
  for i = 1, #pointers do
    wanted[i] = pointers[i] and string.sub(pointers[i], VERSION + 1) or ask.alerts[start + i - 1]
  end
  local rows = redis.call('HMGET', ALERTS, unpack(wanted))
  for i = 1, #rows do
    alerts[#alerts + 1] = pointers[i] or ''
    alerts[#alerts + 1] = rows[i] or ''
  end
end

local cells, rows = ask.cells, {}
for i = 1, #cells, 2 do rows[#rows + 1] = redis.call('HGET', KEYS[cells[i]], cells[i + 1]) or '' end

local key_rows, incidents, seen = {}, {}, {}
for i, key in ipairs(ask.keys) do
  local row = redis.call('HGET', JOIN_KEYS, key) or ''
  key_rows[i] = row
  for id in string.gmatch(string.sub(row, VERSION + 1), '%S+') do
    if not seen[id] then
      seen[id] = true
      incidents[#incidents + 1] = id
      incidents[#incidents + 1] = redis.call('HGET', INCIDENTS, id) or ''
    end
  end
end

local topics = {}
for i, topic in ipairs(ask.topics) do
  local alert = standing(topic)
  topics[2 * i - 1] = alert
  topics[2 * i] = alert ~= '' and redis.call('HGET', ALERTS, alert) or ''
end
return {read_out(), alerts, rows, key_rows, incidents, topics}
