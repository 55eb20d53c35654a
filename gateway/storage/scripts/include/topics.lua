-- TOPICS is a sorted set in which every score is 0, so that it is ordered by its texts: `<topic>|a|<alert>` for an alert that
-- stands at a topic, `<topic>|w|<subject>` for a subject of the agenda that subscribes to it.

-- Return the alert that stands at the topic, '' for none. Where several do, it is the first by its id, always the same.
local function standing(topic)
  local text = redis.call('ZRANGEBYLEX', TOPICS, '[' .. topic .. '|a|', '(' .. topic .. '|b', 'LIMIT', 0, 1)[1]
  return text and string.sub(text, #topic + 4) or ''
end
