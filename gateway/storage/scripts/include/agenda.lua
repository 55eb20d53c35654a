-- The agenda is a sorted set of subjects. A score is the urgency (0 to 9, 0 is looked at first) times TURN, and the time in
-- ms added to it.
local TURN, LEAST_URGENT = 1e13, 9
local function score(urgency, at) return string.format('%d', urgency * TURN + at) end
