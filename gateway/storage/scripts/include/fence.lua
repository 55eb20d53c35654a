-- The shard's fence is the field `fence` of META: `<holder> <ends>`, ends in ms. Return whether another than `holder` has it.
local function fenced_against(holder)
  local fence = redis.call('HGET', META, 'fence')
  if not fence then return false end
  local other, ends = string.match(fence, '^(%S+) (%d+)$')
  return other ~= holder and tonumber(ends) > now
end
