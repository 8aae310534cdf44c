-- The places of a location: who holds them, what the memory is worth, and when the next is free.
--
-- Stands on state.lua and day.lua.

local TIMES = {
  'header', 'tat', 'bulk', 'live', 'credit', 'foreign', 'strangers_at', 'bitten', 'day_asked',
  'open', 'opened', 'refused', 'halt', 'tried', 'turned', 'left_at', 'proved', 'unproved', 'doubted',
}
local pace, limit, held, margin, is_young

local LAST = 100 -- ms

-- Marks a token of which nobody knows whether the server counted it.
local UNSURE = '?'

-- Whether the server may still be one that estimates from two windows.
local function is_armed() return STRICT or get('disarmed') == 0 end

local function cap() return math.max(1, math.min(FLIGHT, math.floor(N / 2))) end

-- Take every place there is for a window, beside those that are taken.
local function fill(kind)
  for i = 1, N do redis.call('ZADD', SEEN, now + HOLD, kind .. i) end
  keep(SEEN)
end

local function begin_anew()
  put('life', life)
  put('born', now)
  put('probe', '')
  for _, name in ipairs(TIMES) do
    if st[name] then put(name, 0) end -- a clock set back left it in the future
  end
end

-- Calls may have been forgotten: up to a whole window of answered ones, which are kept as N ghosts
-- of this moment, and at most a cap of those on their way. So one probe, and nothing more until a
-- header says what the server knows of, or the ghosts are over.
local function turn_cold()
  begin_anew()
  put('cold', 1)
  put('strays', cap())
  put('feared', N)
  fill('f')
end

-- Whose place falls free later than this still has it: what the server had counted no more was
-- given back early (learning.lua).
local function taken_from() return math.max(now, get('open')) end

local function count_held()
  flying = redis.call('ZCARD', FLYING)
  held = flying + redis.call('ZCOUNT', SEEN, '(' .. taken_from(), '+inf')
end

local function turn_warm()
  put('cold', 0)
  for i = 1, get('feared') do redis.call('ZREM', SEEN, 'f' .. i) end
  count_held()
end

local function load()
  now, life = clock(), which_life()
  local flat = redis.call('HGETALL', STATE)
  for i = 1, #flat, 2 do st[flat[i]] = tonumber(flat[i + 1]) or flat[i + 1] end
  if st.n and st.n < N then N = st.n end
  if not st.born then return end
  local back = st.last - now
  if back > 5000 then -- the clock was set back: no time here means anything
    redis.call('DEL', SEEN, FLYING, LIVE, LINE, PROMISED)
    return turn_cold()
  end
  if back > 0 then now = st.last end -- a little: time stands still
  if st.life ~= life then turn_cold() end
end

-- Places that answers 429 have taught us to leave; forgotten in ten minutes.
local function bite() return get('bite') * math.max(0, 1 - (now - get('bitten')) / 600000) end

-- False: no live call holds a place, waits for one or was seen in the last minute.
local function is_live_about()
  return now - get('live') < math.max(MINUTE, LEASE + HOLD)
end

-- Drop what is over, and count. A flying token whose lease ran out was answered at the latest
-- one hold before that.
local function tidy()
  local lost = redis.call('ZRANGEBYSCORE', FLYING, '-inf', now, 'WITHSCORES')
  for i = 1, #lost, 2 do
    redis.call('ZADD', SEEN, lost[i + 1], UNSURE .. lost[i])
    redis.call('ZREM', FLYING, lost[i])
    keep(SEEN)
  end
  redis.call('ZREMRANGEBYSCORE', SEEN, '-inf', now - HOLD)
  if is_live_about() then redis.call('ZREMRANGEBYSCORE', LIVE, '-inf', now) end
  count_held()
  if get('strays') > 0 and now >= st.born + LEASE then put('strays', 0) end
  if get('cold') == 1 and now >= st.born + HOLD then put('cold', 0) end
  -- Beside a hidden consumer of 30 % a place more costs 1.4 % of what it leaves, and one less brings
  -- 5 answers 429 more of 10,000 (python -m ops.prove.limiter --only hidden).
  margin = math.floor((now < get('foreign') and N * 0.05 or 0) + bite() + 0.5)
  margin = math.min(margin, math.floor(N / 3))
  limit = N - margin - get('strays')
  -- In the first window after a loss everybody is paced, at half the speed: a server whose window
  -- has just begun anew knows no more of the last ten seconds than we do.
  is_young = st.born and now < st.born + HOLD
  pace = math.ceil(W / N * (is_young and 2 or is_armed() and 1.02 or 0.9) - 0.001)
  day.turn()
end

-- False when this location has no state and nobody said yet how old the memory itself is.
local function wake(age)
  if not st.born then
    if not age then return false end
    if age >= LEASE then -- nothing can be on its way: this location was never used, or long ago
      begin_anew()
      put('born', now - LEASE - HOLD)
    else
      turn_cold()
    end
  end
  tidy()
  return true
end

-- The highest estimate that a server with two fixed windows could make at t, whatever the phase
-- of its windows: what is younger than the phase counts in full, the window before in part.
local function load_at(t)
  local flat = redis.call('ZRANGEBYSCORE', SEEN, t - HOLD, '+inf', 'WITHSCORES')
  local ages, count = {}, #flat / 2
  for i = 1, count do ages[i] = math.max(0, t + HOLD - flat[2 * (count - i + 1)]) end -- young first
  local young, reach, phase, worst = 0, 0, 0, 0
  while reach < count and ages[reach + 1] <= W do reach = reach + 1 end
  repeat -- phases at which something begins to count: between two of them the estimate falls
    local estimate = young + (1 - phase / W) * (reach - young)
    if estimate > worst then worst = estimate end
    local a, b = ages[young + 1] or math.huge, (ages[reach + 1] or math.huge) - W
    if a <= b then
      phase, young = a, young + 1
    else
      phase, reach = b, reach + 1
    end
  until phase > W
  return worst + flying
end

-- When so many answered calls more have lost their places; nil when only an answer can tell.
local function lost_at(count)
  if count <= 0 then return now end
  local next = redis.call(
    'ZRANGEBYSCORE', SEEN, '(' .. taken_from(), '+inf', 'WITHSCORES', 'LIMIT', count - 1, 1)
  return tonumber(next[2])
end

-- From when on the place that is kept for a probe may be used: so shortly before a fixed window
-- ends that a probe, which waits as long, comes to the next one. In it a call begins the next
-- window at once, where otherwise one would have to be on its way first.
local function last_place_at()
  local turn = get('turned') + W
  if is_armed() or now < get('foreign') or now > turn + LAST then return nil end
  return math.max(now, turn - LAST)
end

-- When the k-th place from now is free; nil when only an answer can tell. One is always kept, so
-- that after a loss the probe fits as well.
local function free_at(k)
  local short = k - (limit - math.min(1, N - 1) - held)
  local free, last = lost_at(short), last_place_at()
  if short <= 0 or not last then return free end
  local with_last = lost_at(short - 1)
  if not with_last then return free end
  return math.min(free or math.huge, math.max(last, with_last))
end
