-- now: the store's time in ms. It never goes back in a shard, because the field `clock` of META holds the last commit's.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local last_commit_at = tonumber(redis.call('HGET', META, 'clock') or 0)
if last_commit_at > now then now = last_commit_at end
