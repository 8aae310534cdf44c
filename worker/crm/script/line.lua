-- Who waits for a token, and in which order: live before bulk before sweep, each as it came.

local ORDER = { live = 0, bulk = 1e12, sweep = 2e12 }
local lined -- how many wait

-- Whoever did not come back in time has lost the place.
local function tidy_line()
  lined = redis.call('ZCARD', LINE)
  if lined == 0 then return end
  local gone = redis.call('ZRANGEBYSCORE', PROMISED, '-inf', now, 'LIMIT', 0, 100)
  if #gone == 0 then return end
  redis.call('ZREM', PROMISED, unpack(gone))
  lined = lined - redis.call('ZREM', LINE, unpack(gone))
end

-- How many wait from one place in the line on and before another.
local function between(from, to)
  if lined == 0 then return 0 end
  return redis.call('ZCOUNT', LINE, from, '(' .. to)
end

local function waiting(lane) return between(ORDER[lane], ORDER[lane] + 1e12) end
