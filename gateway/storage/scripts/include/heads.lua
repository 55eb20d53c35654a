-- The heads of one share and urgency are a band of HEADS: `from` its least score on. Return all that have any.
local PAGE = 500 -- heads in one look
local function bands()
  local found, from = {}, 0
  while true do
    local first = redis.call('ZRANGEBYSCORE', HEADS, digits(from), '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
    if #first == 0 then return found end
    local band = math.floor(tonumber(first[2]) / TURN) * TURN
    local share, urgency, oldest = math.floor(band / BAND), band % BAND / TURN, tonumber(first[2]) - band
    found[#found + 1] = {from = band, share = share, urgency = urgency, oldest = oldest}
    from = band + TURN
  end
end
local all_bands = bands()

-- Return a function that returns the queue with the next head of these bands; given a time, only one that waits for longer.
-- `turns` asks for what was passed over for long, in the lanes of the first look alone.
local function due_queues(some, turns)
  local readers, last = {}, turns and now - ask.passed_over or now
  for _, band in ipairs(some) do readers[#readers + 1] = {band = band, offset = 0, page = {}, i = 1} end
  local function head_of(reader)
    while reader.i > #reader.page and not reader.ended do
      local from, to = digits(reader.band.from), digits(reader.band.from + last)
      local page = redis.call('ZRANGEBYSCORE', HEADS, from, to, 'WITHSCORES', 'LIMIT', reader.offset, PAGE)
      reader.offset, reader.i, reader.ended = reader.offset + PAGE, 1, turns or #page < 2 * PAGE
      reader.page = without_closed(page, turns and 1 or reader.band.urgency)
    end
    return reader.page[reader.i] and tonumber(reader.page[reader.i + 1]) - reader.band.from
  end
  return function(before)
    local oldest, since
    for _, reader in ipairs(readers) do
      local head = head_of(reader)
      if head and (not since or head < since) then oldest, since = reader, head end
    end
    if not oldest or before and since >= before then return nil end
    oldest.i = oldest.i + 2
    return queue_of(oldest.page[oldest.i - 2])
  end
end
