#!lua flags=no-writes
-- Reads what a decision needs, in one look. KEYS: see keys.lua's order in redis.py. ARGV[1]: msgpack
-- {copies, ids, cells, follow, posts}: copies[i] is looked up; where it points nowhere, the row ids[i] is read instead.
-- cells is a flat list: table number, field, … follow is a list of join keys: their rows and the incidents they name. posts: who
-- stands at each. Reply: now, {pointer, row, …}, {row, …}, {key row, …}, {incident id, row, …}, {alert id or '', row, …}
local ask = cmsgpack.unpack(ARGV[1])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local last = tonumber(redis.call('HGET', KEYS[7], 'clock') or 0)
if last > now then now = last end

local alerts = {}
local copies, ids = ask[1], ask[2]
if #copies > 0 then
  for start = 1, #copies, 1000 do
    local stop = math.min(start + 999, #copies)
    local pointers = redis.call('HMGET', KEYS[3], unpack(copies, start, stop))
    local wanted = {}
    for i = 1, #pointers do wanted[i] = pointers[i] and string.sub(pointers[i], 9) or ids[start + i - 1] end
    local rows = redis.call('HMGET', KEYS[1], unpack(wanted))
    for i = 1, #rows do
      alerts[#alerts + 1] = pointers[i] or ''
      alerts[#alerts + 1] = rows[i] or ''
    end
  end
end

local cells, rows = ask[3], {}
for i = 1, #cells, 2 do rows[#rows + 1] = redis.call('HGET', KEYS[cells[i]], cells[i + 1]) or '' end

local named, found, seen = {}, {}, {}
for i, key in ipairs(ask[4]) do
  local row = redis.call('HGET', KEYS[5], key) or ''
  named[i] = row
  for id in string.gmatch(string.sub(row, 9), '%S+') do
    if not seen[id] then
      seen[id] = true
      found[#found + 1] = id
      found[#found + 1] = redis.call('HGET', KEYS[4], id) or ''
    end
  end
end

local standing = {}
for i, post in ipairs(ask[5]) do -- see commit.lua
  local there = redis.call('ZRANGEBYLEX', KEYS[16], '[' .. post .. '|a|', '(' .. post .. '|b', 'LIMIT', 0, 1)[1]
  local alert = there and string.sub(there, #post + 4) or ''
  standing[2 * i - 1] = alert
  standing[2 * i] = there and redis.call('HGET', KEYS[1], alert) or ''
end
return {now, alerts, rows, named, found, standing}
