-- The rate limiter's whole decision: one script, one verb a call, atomic in Redis.
--
-- A token holds one of N places from its grant until W + 10 ms after its answer. So no interval of
-- length W at the server can hold more than N of ours, however late or reordered the requests are.
-- docs/limiter.md has the proof, the keys and the reasons.
--
-- The last of seven files that are one script: state.lua (arguments, memory, time), pause.lua, day.lua
-- (the day's quota), places.lua (who holds them), learning.lua (how the server counts), headers.lua
-- (what an answer tells) and this one (lines, verbs). state.lua says what KEYS and ARGV are.

local ORDER = { live = 0, bulk = 1e12, sweep = 2e12 }

local function waiting(lane)
  return redis.call('ZCOUNT', LINE, ORDER[lane], '(' .. ORDER[lane] + 1e12)
end

local function is_full_of_live()
  return redis.call('ZCOUNT', LIVE, '(' .. taken_from(), '+inf') >= N - math.min(FLOOR, math.floor(N / 2))
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
    if st.probe == '' and held - get('feared') < N then return math.max(now, st.born + LAST) end
    return nil
  end
  local rest = rest_of_halt()
  if rest > 0 then return nil, rest end
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
  if not is_armed() or flying + redis.call('ZCARD', SEEN) + need <= limit then return t end
  local over = load_at(t) + need - limit
  if over > 0 then return nil, t - now + math.max(20, over * W / N) end
  return t
end

local function grant(lane, ticket, t)
  put('seq', get('seq') + 1)
  -- A probe waits a moment; its answer may tell of all that arrived since now.
  local token = string.format('%d:%d', st.seq, get('cold') == 1 and now or t)
  redis.call('ZADD', FLYING, t + LEASE, token)
  keep(FLYING)
  if get('cold') == 1 then put('probe', token) end
  if get('doubt') == 1 then put('tried', t) end
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
  local ms, why = pause.holds(lane)
  if ms then return { 'paused', ms, why } end
  if not wake(age) then return { 'mark', 0, '' } end
  if lane == 'live' then put('live', now) end
  local hold_off = day.refuses(lane)
  if hold_off then return { 'refused', hold_off, string.format('%d', select(2, day.begins())) } end
  local need = need_of(lane)
  local credit = lane ~= 'live' and get('credit') >= now
  local ticket, order, before = place_in_line(lane, shown)
  local is_first = redis.call('ZCOUNT', LINE, '-inf', '(' .. ORDER[lane] + 1e12) == 0
  local t, wait = nil, 0
  if ticket == shown or credit or is_first then t, wait = when(lane, need, before, credit) end
  if t then return grant(lane, ticket, t) end
  return line_up(lane, ticket, order, before, need, wait)
end

local function done(token, status, remaining, per_window, day_left, paused, why, day_limit)
  if not st.born then turn_cold() end
  tidy()
  local granted = tonumber(string.match(token, ':(%d+)$'))
  local lease = tonumber(redis.call('ZSCORE', FLYING, token) or 0)
  local free = now + HOLD
  if status == 0 then free = math.max(lease, free + GRACE) end
  local was_lost = redis.call('ZREM', SEEN, UNSURE .. token) == 1
  if redis.call('ZREM', FLYING, token) == 1 then
    flying = flying - 1
  elseif granted < st.born and not was_lost and not redis.call('ZSCORE', SEEN, token) then
    put('strays', math.max(0, get('strays') - 1)) -- one that we had forgotten is known again
  end
  local is_sure = status >= 200 and status < 400
  redis.call('ZADD', SEEN, free, is_sure and token or UNSURE .. token)
  keep(SEEN)
  redis.call('ZADD', LIVE, 'XX', free, token)
  if per_window and per_window > 0 then
    put('n', per_window)
    N = math.min(N, per_window)
  end
  pause.heed(status, remaining, paused, why)
  use_headers(granted, status, remaining, per_window, day_left, day_limit)
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

-- How the server counts, told from what went in two windows of full load: 1 fixed windows, 2 a
-- bucket, 3 a sliding kind (or no header is trusted); 0: not seen yet. Nothing is allowed by it.
local function counts()
  if not st.born or now < math.max(get('foreign'), st.born + LEASE + HOLD) then return get('counts') end
  local sent = flying + redis.call('ZCARD', SEEN)
  if is_armed() then
    if get('proofs') == 0 and sent > 1.7 * N then put('counts', 3) end
  elseif now - get('turned') < 2 * HOLD then
    put('counts', 1)
  elseif sent > 2.05 * N then -- no other kind takes more than 2 N
    put('counts', 2)
  end
  return get('counts')
end

local function look()
  tidy()
  local ghosts = get('strays') + margin
  for _, token in ipairs(redis.call('ZRANGEBYSCORE', SEEN, '(' .. taken_from(), '+inf')) do
    if string.find(token, '^[fg]') then
      ghosts = ghosts + 1
      held = held - 1
    end
  end
  local from, to = day.begins()
  return {
    held, N, W, math.max(0, math.min(ghosts, N - held)),
    day.used(), day.left(), day.per_day(),
    waiting('bulk') + waiting('sweep'), waiting('live'), now - get('live') < 60000 and 1 or 0,
    get('cold'), flying, day.kept(), day.pace(), day.is_heard(), from, to,
    is_armed() and 1 or 0, counts(),
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
    return done(ARGV[OWN], arg(OWN + 1), arg(OWN + 2), arg(OWN + 3), arg(OWN + 4), arg(OWN + 5),
      ARGV[OWN + 6], arg(OWN + 7))
  end,
  cancel = function() return cancel(ARGV[OWN]) end,
  look = look,
}

if ARGV[1] == 'mark' then return mark(arg(4)) end
if ARGV[1] == 'still' then
  now = clock()
  return pause.allows(ARGV[OWN], arg(OWN + 1))
end
load()
local reply = verbs[ARGV[1]]()
save()
return reply
