-- The agenda is a sorted set of subjects. A score is the urgency (0 to 9, 0 is looked at first) times TURN, and the time in
-- ms added to it. A fraction of a ms says which share of the work the subject belongs to, in quarters: Share in
-- gateway/model/agenda.py. A version that knows of no shares reads the time and leaves the fraction out.
-- What is due later than the year 2286 waits until then.
local TURN, LEAST_URGENT = 1e13, 9
local function score(urgency, at, share)
  return string.format('%d', urgency * TURN + math.min(at, TURN - 1)) .. (({[2] = '.5', [3] = '.75'})[share] or '')
end
local function urgency_of(a_score) return math.floor(a_score / TURN) end
local function time_of(a_score) return math.floor(a_score) % TURN end
local function share_of(a_score) return (a_score % 1) * 4 end
