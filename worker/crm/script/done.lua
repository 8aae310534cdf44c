-- The verb `done`: what became of a call. Its token is held for one window more.

-- The token is no longer on its way. One that had run out, or that we had forgotten, is known again.
local function land(token, granted)
  if redis.call('ZREM', FLYING, token) == 1 then
    flying = flying - 1
  elseif redis.call('ZREM', SEEN, UNSURE .. token) == 0 and granted < st.born
    and not redis.call('ZSCORE', SEEN, token) then
    put('strays', math.max(0, get('strays') - 1))
  end
end

-- Until when its place is taken. A call without an answer may still be on its way.
local function free_from(token, status)
  local free = now + HOLD
  if status ~= 0 then return free end
  return math.max(tonumber(redis.call('ZSCORE', FLYING, token) or 0), free + GRACE)
end

local function done(token, status, remaining, per_window, day_left, paused, why, day_limit)
  if not st.born then turn_cold() end
  tidy()
  local granted = tonumber(string.match(token, ':(%d+)$'))
  local free = free_from(token, status)
  land(token, granted)
  local is_sure = status >= 200 and status < 400
  redis.call('ZADD', SEEN, free, is_sure and token or UNSURE .. token)
  keep(SEEN)
  if is_live_about() then redis.call('ZADD', LIVE, 'XX', free, token) end
  if per_window and per_window > 0 then
    put('n', per_window)
    N = math.min(N, per_window)
  end
  pause.heed(status, remaining, paused, why)
  use_headers(granted, status, remaining, per_window, day_left, day_limit)
end

load()
done(ARGV[OWN], arg(OWN + 1), arg(OWN + 2), arg(OWN + 3), arg(OWN + 4), arg(OWN + 5),
  ARGV[OWN + 6], arg(OWN + 7))
save()
