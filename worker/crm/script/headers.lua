-- What an answer says of the server's own count: other people's calls, and answers 429.
--
-- Stands on pause.lua and learning.lua.

-- For a minute a margin is kept for strangers.
local function beware() put('foreign', now + 60000) end

-- Places that are missing at the server and that we cannot explain are somebody else's.
local function note_strangers(granted, remaining)
  -- A call that was granted before places were given back may have come to the server before its
  -- window turned, and overtaken the answer that said so: there those places were still taken.
  local from = granted >= get('opened') and math.max(granted, get('open')) or granted
  local missing = N - remaining - flying - redis.call('ZCOUNT', SEEN, '(' .. from, '+inf')
  if missing <= 0 then return end
  if is_armed() then missing = math.min(missing, math.ceil(N - remaining - load_at(granted))) end
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

-- A refusal. A server of fixed windows refuses everything to the end of this one, the others only
-- until a place falls free; so where its windows are known nothing goes until the next, and else
-- one call asks after a second, after two, after four.
local function halt()
  local rest = math.min(HOLD, 1000 * 2 ^ get('tries'))
  local turn = get('turned') + HOLD
  if not is_armed() and turn > now then
    rest = turn - now
  else
    put('tries', get('tries') + 1)
  end
  put('halt', now + rest)
  put('doubt', 1)
end

-- What is left falls by calls alone, however the server counts. So what it fell by to a refusal,
-- beyond our calls that may have been counted since it was last heard, was taken by strangers.
local function is_strange()
  local ours = flying + redis.call('ZCOUNT', SEEN, '(' .. get('left_at') + HOLD, '+inf')
  return now < get('foreign') or get('left') - ours > SLACK
end

local function refuse(granted, remaining)
  if now - get('bitten') > HOLD then
    put('bite', math.min(N / 4, bite() + N * 0.02))
    put('bitten', now)
  end
  local is_ours = not is_armed() and not is_strange()
  if STRICT or not remaining then
    fill('g') -- nothing is known: nothing goes for a window
  elseif granted >= get('refused') then -- else it was on its way when the last one came
    halt() -- by what was believed so far: a window whose end was seen is waited for all the same
  end
  if is_ours then unlearn() end
  put('refused', now)
  beware()
end

-- A remainder that jumps up, by more than calls that overtook each other and a sliding window can
-- explain: a fixed window has begun, at the latest now.
local function note_turn(granted, left)
  if left - get('left') > N * 0.2 + (now - get('left_at')) * N / W then put('turned', now) end
  put('left', left)
  put('left_at', granted)
end

local function use_headers(granted, status, remaining, per_window, day_left, day_limit)
  local ours = granted >= st.born and granted <= now and granted >= get('header')
  if ours and get('cold') == 1 and not STRICT and (remaining or status == 429) then turn_warm() end
  if status == 429 then
    refuse(granted, remaining)
  elseif granted >= get('refused') then
    put('doubt', 0)
    put('tries', 0)
  end
  if not ours then return end
  if remaining then note_strangers(granted, remaining) end
  -- Without the server's own limit nobody knows of how many the remainder is.
  if remaining and per_window and status ~= 429 and not STRICT then
    local left = remaining - math.max(0, per_window - N)
    note_turn(granted, left)
    if is_armed() then learn(granted, left) end
    if not is_armed() then give_back(granted, left) end
  end
  put('header', granted)
  if day_left then day.learn(day_left, day_limit, granted) end
end
