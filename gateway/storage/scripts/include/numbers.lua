-- Return a whole number as its digits. Lua itself writes a time in ms as 1.8e+12.
local function digits(number) return string.format('%d', number) end
