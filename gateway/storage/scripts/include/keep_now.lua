local function note_step(kind, size)
  redis.call('HSET', META, 'stepped', string.format('%d %s %d', now, kind, size))
  redis.call('HINCRBY', COUNTERS, 'clock_steps_' .. kind, 1)
end

-- Have the agenda walked over where a version that keeps no index has changed it.
local function notice_other_versions()
  if not kept[1] or string.sub(kept[1], 1, 1) == '0' then return end
  kept[1] = '0' .. kept[1]
  redis.call('HSET', META, 'clock', kept[1])
  local walk = redis.call('HGET', META, 'walk')
  redis.call('HSET', META, 'walk', walk and '1' .. string.sub(walk, 2) or '0')
end

-- Keep `now`, and the offset where it has changed.
local function keep_now()
  notice_other_versions()
  redis.call('HSET', META, 'clock', string.format('0%d', now))
  if not moved then return end
  if back > STEP then note_step('back', back) end
  if offset == 0 and not ahead then
    redis.call('HDEL', META, 'time')
  else
    local people = ahead and string.format('%d', ahead) or 'believed'
    redis.call('HSET', META, 'time', string.format('%d %d %s', offset, store_time, people))
  end
end
