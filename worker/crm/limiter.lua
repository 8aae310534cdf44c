-- The rate limiter's whole decision: one script, one verb a call, atomic in Redis.
--
-- A token holds one of N places from its grant until W + 10 ms after its answer. So no interval of
-- length W at the server can hold more than N of ours, however late or reordered the requests are.
-- docs/limiter.md has the proof, the keys and the reasons.
--
-- The last of three files that are one script: state.lua (arguments, memory, time), day.lua (the
-- day's quota), and this one (places, lines, verbs). state.lua says what KEYS and ARGV are.

local ORDER = { live = 0, bulk = 1e12, sweep = 2e12 }
local TIMES = {
  'header', 'tat', 'bulk', 'live', 'credit', 'foreign', 'strangers_at', 'bitten', 'day_asked',
}
local pace, limit, held, margin, is_young

local function cap() return math.max(1, math.min(FLIGHT, math.floor(N / 2))) end

-- Take every place there is for a window, beside those that are taken.
local function fill(kind)
  for i = 1, N do redis.call('ZADD', SEEN, now + HOLD, kind .. i) end
  keep(SEEN)
end

-- Calls may have been forgotten: up to a whole window of answered ones, which are kept as N ghosts
-- of this moment, and at most a cap of those on their way. So one probe, and nothing more until a
-- header says what the server knows of, or the ghosts are over.
local function turn_cold()
  put('life', life)
  put('born', now)
  put('cold', 1)
  put('probe', '')
  put('strays', cap())
  put('feared', N)
  fill('f')
  for _, name in ipairs(TIMES) do put(name, 0) end -- a clock set back left them in the future
end

local function count_held()
  flying = redis.call('ZCARD', FLYING)
  held = flying + redis.call('ZCOUNT', SEEN, '(' .. now, '+inf')
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

-- Drop what is over, and count. A flying token whose lease ran out was answered at the latest
-- one hold before that.
local function tidy()
  local lost = redis.call('ZRANGEBYSCORE', FLYING, '-inf', now, 'WITHSCORES')
  for i = 1, #lost, 2 do
    redis.call('ZADD', SEEN, lost[i + 1], lost[i])
    redis.call('ZREM', FLYING, lost[i])
    keep(SEEN)
  end
  redis.call('ZREMRANGEBYSCORE', SEEN, '-inf', now - HOLD)
  redis.call('ZREMRANGEBYSCORE', LIVE, '-inf', now)
  local gone = redis.call('ZRANGEBYSCORE', PROMISED, '-inf', now, 'LIMIT', 0, 100)
  if #gone > 0 then
    redis.call('ZREM', PROMISED, unpack(gone))
    redis.call('ZREM', LINE, unpack(gone))
  end
  count_held()
  if get('strays') > 0 and now >= st.born + LEASE then put('strays', 0) end
  if get('cold') == 1 and now >= st.born + HOLD then put('cold', 0) end
  margin = math.ceil((now < get('foreign') and N * 0.08 or 0) + bite())
  margin = math.min(margin, math.floor(N / 3))
  limit = N - margin - get('strays')
  -- In the first window after a loss everybody is paced, at half the speed: a server whose window
  -- has just begun anew knows no more of the last ten seconds than we do.
  is_young = st.born and now < st.born + HOLD
  pace = math.ceil(W / N * (is_young and 2 or 1.02) - 0.001)
  day.turn()
end

-- False when this location has no state and nobody said yet how old the memory itself is.
local function wake(age)
  if not st.born then
    if not age then return false end
    turn_cold()
    if age >= LEASE then -- nothing can be on its way: this location was never used, or long ago
      turn_warm()
      put('born', now - LEASE - HOLD)
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
  local worst, young, reach = 0, 0, 0
  local function try(phase)
    if phase < 0 or phase > W then return end
    while young < count and ages[young + 1] <= phase do young = young + 1 end
    while reach < count and ages[reach + 1] <= phase + W do reach = reach + 1 end
    local estimate = young + (1 - phase / W) * (reach - young)
    if estimate > worst then worst = estimate end
  end
  local i, j = 1, 1
  while j <= count and ages[j] <= W do j = j + 1 end
  try(0)
  while (i <= count and ages[i] <= W) or j <= count do -- phases at which something begins to count
    local a, b = ages[i] or math.huge, (ages[j] or math.huge) - W
    if a <= b then i = i + 1 else j = j + 1 end
    try(math.min(a, b))
  end
  return worst + flying
end

-- When the k-th place from now is free; nil when only an answer can tell. One is always kept, so
-- that after a loss the probe fits as well.
local function free_at(k)
  local short = k - (limit - math.min(1, N - 1) - held)
  if short <= 0 then return now end
  local next = redis.call(
    'ZRANGEBYSCORE', SEEN, '(' .. now, '+inf', 'WITHSCORES', 'LIMIT', short - 1, 1)
  return tonumber(next[2])
end

local function waiting(lane)
  return redis.call('ZCOUNT', LINE, ORDER[lane], '(' .. ORDER[lane] + 1e12)
end

local function is_full_of_live()
  return redis.call('ZCARD', LIVE) >= N - math.min(FLOOR, math.floor(N / 2))
end

-- How many places must be free for a call of this lane: its own, and those it leaves to others.
local function need_of(lane)
  if lane == 'live' then return 1 end
  local need = 1
  if not is_full_of_live() then
    need = need + waiting('live')
    -- Of a small window nothing is reserved: there the reserve would be all that bulk ever gets.
    if now - get('live') < 60000 then need = need + math.min(RESERVE, math.floor(N / 10)) end
  end
  if lane == 'sweep' then need = need + waiting('bulk') end
  return need
end

-- The time at which a call of this lane may be sent; or nil and how long to wait, where that is
-- known: the rest only an answer can tell.
local function when(lane, need, before, credit)
  if get('cold') == 1 then
    if st.probe == '' and held - get('feared') < N then return now end
    return nil
  end
  local live = lane == 'live'
  if flying >= (live and cap() or math.ceil(cap() * 0.8)) then return nil end
  if live and waiting('bulk') > 0 and is_full_of_live() then return nil end
  local t = free_at(need)
  if not t then return nil end
  local horizon, paced = live and 100 or 50, is_young or not (live or credit)
  if paced then t = math.max(t, get('tat')) end
  if t > now + horizon then return nil, t - now - horizon / 2 end
  -- Whoever is far behind in the line and came early leaves it to those before, but for a few of
  -- them, who may be dead or late: a place must not wait for them.
  local ahead = before - 4
  if ahead > 0 then
    local turn = free_at(need + ahead)
    if not turn then return nil end
    if math.max(turn, paced and get('tat') + ahead * pace or 0) > now + horizon then return nil, 0 end
  end
  if flying + redis.call('ZCARD', SEEN) + need <= limit then return t end
  local over = load_at(t) + need - limit
  if over > 0 then return nil, t - now + math.max(20, over * W / N) end
  return t
end

local function grant(lane, ticket, t)
  put('seq', get('seq') + 1)
  local token = string.format('%d:%d', st.seq, t)
  redis.call('ZADD', FLYING, t + LEASE, token)
  keep(FLYING)
  if get('cold') == 1 then put('probe', token) end
  day.count(lane)
  if lane == 'live' then
    redis.call('ZADD', LIVE, t + LEASE, token)
    keep(LIVE)
  else
    put('bulk', t)
    put('credit', 0)
  end
  if lane == 'live' and not is_young then
    -- Bulk steps back for it, but never so far that live alone could hold it up.
    put('tat', math.max(get('tat'), math.min(math.max(get('tat'), now) + pace,
      get('bulk') + 4 * pace)))
  else
    put('tat', math.max(get('tat'), t - pace) + pace) -- what came late may catch up by one step
  end
  redis.call('ZREM', LINE, ticket)
  redis.call('ZREM', PROMISED, ticket)
  return { 'grant', t - now, token }
end

local function place_in_line(lane, ticket)
  local order = ticket ~= '' and tonumber(redis.call('ZSCORE', LINE, ticket) or nil)
  if not order then
    put('seq', get('seq') + 1)
    ticket, order = string.format('t%d:%d', st.seq, now), ORDER[lane] + st.seq
  end
  return ticket, order, redis.call('ZCOUNT', LINE, ORDER[lane], '(' .. order)
end

local function line_up(lane, ticket, order, before, need, wait)
  local turn = free_at(need + before)
  if not wait or not turn or get('cold') == 1 then
    wait = (before + 1) * W / N
  else
    local paced = lane ~= 'live' or is_young
    wait = math.max(wait + (paced and before * pace or 0), turn - now - 25)
    if paced then wait = math.max(wait, get('tat') + before * pace - now - 25) end
  end
  wait = math.min(math.max(math.ceil(wait), 5), 2000)
  redis.call('ZADD', LINE, order, ticket)
  redis.call('ZADD', PROMISED, now + wait + 1000, ticket)
  keep(LINE)
  keep(PROMISED)
  return { 'back', wait, ticket }
end

local function acquire(lane, shown, age)
  if not wake(age) then return { 'mark', 0, '' } end
  if lane == 'live' then put('live', now) end
  local hold_off = day.refuses(lane)
  if hold_off then return { 'refused', hold_off, '' } end
  local need = need_of(lane)
  local credit = lane ~= 'live' and get('credit') >= now
  local ticket, order, before = place_in_line(lane, shown)
  local is_first = redis.call('ZCOUNT', LINE, '-inf', '(' .. ORDER[lane] + 1e12) == 0
  local t, wait = nil, 0
  if ticket == shown or credit or is_first then t, wait = when(lane, need, before, credit) end
  if t then return grant(lane, ticket, t) end
  return line_up(lane, ticket, order, before, need, wait)
end

-- For a minute a margin is kept for strangers.
local function beware() put('foreign', now + 60000) end

-- Places that are missing at the server and that we cannot explain are somebody else's.
local function note_strangers(granted, remaining)
  local missing = N - remaining - flying - redis.call('ZCOUNT', SEEN, '(' .. granted, '+inf')
  if missing <= 0 then return end
  missing = math.min(missing, math.ceil(N - remaining - load_at(granted)))
  if missing <= 0 then return end
  for _ = 1, missing do
    put('seq', get('seq') + 1)
    redis.call('ZADD', SEEN, now + HOLD, 'g' .. st.seq .. ':' .. now)
  end
  if now < st.born + LEASE + HOLD then return end -- they may be calls of ours that we forgot
  local lately = missing + get('strangers') * math.max(0, 1 - (now - get('strangers_at')) / HOLD)
  put('strangers', lately)
  put('strangers_at', now)
  if lately > 2 then beware() end
end

local function use_headers(granted, status, remaining, day_left)
  local ours = granted >= st.born and granted <= now and granted >= get('header')
  if ours and get('cold') == 1 and (remaining or status == 429) then turn_warm() end
  if status == 429 then -- a server of fixed windows refuses everything to the end of this one
    if now - get('bitten') > HOLD then put('bite', math.min(N / 4, bite() + N * 0.04)) end
    put('bitten', now)
    fill('g')
    beware()
  elseif ours and remaining then
    note_strangers(granted, remaining)
  end
  if not ours then return end
  put('header', granted)
  if day_left then day.learn(day_left) end
end

local function done(token, status, remaining, per_window, day_left)
  if not st.born then turn_cold() end
  tidy()
  local granted = tonumber(string.match(token, ':(%d+)$'))
  local lease = tonumber(redis.call('ZSCORE', FLYING, token) or 0)
  local free = now + HOLD
  if status == 0 then free = math.max(lease, free + GRACE) end
  if redis.call('ZREM', FLYING, token) == 1 then
    flying = flying - 1
  elseif granted < st.born and not redis.call('ZSCORE', SEEN, token) then
    put('strays', math.max(0, get('strays') - 1)) -- one that we had forgotten is known again
  end
  redis.call('ZADD', SEEN, free, token)
  keep(SEEN)
  redis.call('ZADD', LIVE, 'XX', free, token)
  if per_window and per_window > 0 then
    put('n', per_window)
    N = math.min(N, per_window)
  end
  use_headers(granted, status, remaining, day_left)
end

-- Nothing was sent: the place is free at once, and the next bulk call need not wait for its pace.
local function cancel(id)
  if redis.call('ZREM', FLYING, id) == 1 then
    redis.call('ZREM', LIVE, id)
    day.uncount()
    put('credit', now + 50)
    if st.probe == id then put('probe', '') end
  else
    redis.call('ZREM', LINE, id)
    redis.call('ZREM', PROMISED, id)
  end
end

local function look()
  tidy()
  local ghosts = get('strays') + margin
  for _, token in ipairs(redis.call('ZRANGEBYSCORE', SEEN, '(' .. now, '+inf')) do
    if string.find(token, '^[fg]') then
      ghosts = ghosts + 1
      held = held - 1
    end
  end
  return {
    held, N, W, math.max(0, math.min(ghosts, N - held)),
    day.used(), day.left(), day.per_day(),
    waiting('bulk') + waiting('sweep'), waiting('live'), now - get('live') < 60000 and 1 or 0,
    get('cold'),
  }
end

-- How long this memory has been whole, ms: one key of its own, for all locations. With `vouched`
-- somebody knows that nothing has been sent for so long.
local function mark(vouched)
  now, life = clock(), which_life()
  local found = redis.call('GET', STATE)
  local whose, since = string.match(found or '', '^(%w+) (%d+)$')
  since = tonumber(since)
  if vouched or whose ~= life or since > now then
    since = now - (vouched or 0)
    redis.call('SET', STATE, string.format('%s %d', life, since))
  end
  return now - since
end

local verbs = {
  acquire = function() return acquire(ARGV[OWN], ARGV[OWN + 1], arg(OWN + 2)) end,
  done = function()
    return done(ARGV[OWN], arg(OWN + 1), arg(OWN + 2), arg(OWN + 3), arg(OWN + 4))
  end,
  cancel = function() return cancel(ARGV[OWN]) end,
  look = look,
}

if ARGV[1] == 'mark' then return mark(arg(4)) end
load()
local reply = verbs[ARGV[1]]()
save()
return reply
