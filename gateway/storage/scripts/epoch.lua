#!lua flags=allow-oom
-- Return the shard's epoch, and make one where it has none: include/clock.lua says what it is for.
--
-- KEYS      the shard's, named in include/keys.lua
-- ARGV[1]   the epoch to make, a text without spaces
--
-- Reply: the epoch
-- include: keys

redis.call('HSETNX', META, 'epoch', ARGV[1])
return redis.call('HGET', META, 'epoch')
