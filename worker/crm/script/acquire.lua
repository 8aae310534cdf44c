-- The verb `acquire`: a token that may be used in some ms, or when to come back.

local function is_full_of_live()
  return redis.call('ZCOUNT', LIVE, '(' .. taken_from(), '+inf') >= N - math.min(FLOOR, math.floor(N / 2))
end

-- How many places must be free for a call of this lane: its own, and those it leaves to others.
local function need_of(lane)
  if lane == 'live' then return 1 end
  local need = 1
  if is_live_about() and not is_full_of_live() then
    need = need + waiting('live')
    -- Of a small window nothing is reserved: there the reserve would be all that bulk ever gets.
    if now - get('live') < 60000 then need = need + math.min(RESERVE, math.floor(N / 10)) end
  end
  if lane == 'sweep' then need = need + waiting('bulk') end
  return need
end

-- For how long nothing goes, ms: after a 429, and then until the answer to the next call.
local function rest_of_halt()
  local rest = get('halt') - now
  if rest <= 0 and get('doubt') == 1 then rest = get('tried') + 2000 - now end
  return rest
end

-- The time at which a call of this lane may be sent; or nil and how long to wait, where that is
-- known: the rest only an answer can tell.
local function when(lane, need, ahead, credit)
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
  local far = ahead - 4
  if far > 0 then
    local turn = free_at(need + far)
    if not turn then return nil end
    if math.max(turn, paced and get('tat') + far * pace or 0) > now + horizon then return nil, 0 end
  end
  if not is_armed() or flying + redis.call('ZCARD', SEEN) + need <= limit then return t end
  local over = load_at(t) + need - limit
  if over > 0 then return nil, t - now + math.max(20, over * W / N) end
  return t
end

local function grant(lane, ticket, was_lined, t)
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
  if was_lined then
    redis.call('ZREM', LINE, ticket)
    redis.call('ZREM', PROMISED, ticket)
  end
  return { 'grant', t - now, token }
end

-- The place of a ticket that was shown, or a new one at the end; and whether it was there before.
local function place_in_line(lane, shown)
  local order = shown ~= '' and lined > 0 and tonumber(redis.call('ZSCORE', LINE, shown) or nil)
  if order then return shown, order, true end
  put('seq', get('seq') + 1)
  return string.format('t%d:%d', st.seq, now), ORDER[lane] + st.seq, false
end

local function line_up(lane, ticket, order, ahead, need, wait)
  local turn = free_at(need + ahead)
  if not wait or not turn or get('cold') == 1 then
    wait = (ahead + 1) * W / N
  else
    local paced = lane ~= 'live' or is_young
    wait = math.max(wait + (paced and ahead * pace or 0), turn - now - 25)
    if paced then wait = math.max(wait, get('tat') + ahead * pace - now - 25) end
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
  tidy_line()
  if lane == 'live' then put('live', now) end
  local hold_off = day.refuses(lane)
  if hold_off then return { 'refused', hold_off, string.format('%d', select(2, day.begins())) } end
  local need = need_of(lane)
  local credit = lane ~= 'live' and get('credit') >= now
  local ticket, order, was_lined = place_in_line(lane, shown)
  local ahead = between(ORDER[lane], order)
  local t, wait = nil, 0
  -- A newcomer comes after all of its lane and of those before it.
  if was_lined or credit or between(0, ORDER[lane] + 1e12) == 0 then
    t, wait = when(lane, need, ahead, credit)
  end
  if t then return grant(lane, ticket, was_lined, t) end
  return line_up(lane, ticket, order, ahead, need, wait)
end

load()
local reply = acquire(ARGV[OWN], ARGV[OWN + 1], arg(OWN + 2))
save()
return reply
