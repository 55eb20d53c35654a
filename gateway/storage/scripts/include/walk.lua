-- What a version without an index has put on the agenda is entered into the index, some subjects in each claim. The most urgent
-- come first, as they stand on the agenda.
local STEP = 1000

local function take_a_step(walk)
  local rank, at, last = 0, string.match(walk, '^%d (%S+) (.*)$')
  if last then
    local stands = redis.call('ZSCORE', AGENDA, last) == at and redis.call('ZRANK', AGENDA, last)
    rank = stands and stands + 1 or redis.call('ZCOUNT', AGENDA, '-inf', '(' .. at)
  end
  local page = redis.call('ZRANGE', AGENDA, rank, rank + STEP - 1, 'WITHSCORES')
  local subjects = {}
  for i = 1, #page, 2 do subjects[#subjects + 1] = page[i] end
  local leases = #subjects > 0 and redis.call('HMGET', LEASES, unpack(subjects))
  for i, subject in ipairs(subjects) do enter(subject, tonumber(page[2 * i]), leases[i]) end
  local again = string.sub(walk, 1, 1)
  if #subjects == STEP then
    redis.call('HSET', META, 'walk', again .. ' ' .. page[#page] .. ' ' .. page[#page - 1])
    sooner(now)
  elseif again == '1' then
    redis.call('HSET', META, 'walk', '0')
  else
    redis.call('HDEL', META, 'walk')
  end
end

notice_other_versions()
local walk = redis.call('HGET', META, 'walk')
if not walk and redis.call('ZCARD', AGENDA) > redis.call('ZCARD', LANES) then walk = '0' end
if walk then
  take_a_step(walk)
  write_index()
end
