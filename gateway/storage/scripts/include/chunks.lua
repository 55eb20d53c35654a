-- Call `work` with the items of a list, as many at a time as Lua's stack lets one command have.
local CHUNK = 1000
local function in_chunks(list, work)
  for start = 1, #list, CHUNK do work(unpack(list, start, math.min(start + CHUNK - 1, #list))) end
end
