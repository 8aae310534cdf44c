-- What an answer says of the server's own count: other people's calls, and answers 429.
--
-- The fifth file of the script, after places.lua.

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

local function use_headers(granted, status, remaining, day_left, day_limit)
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
  if day_left then day.learn(day_left, day_limit, granted) end
end
