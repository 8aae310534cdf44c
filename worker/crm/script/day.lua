-- The day's quota: one account for all lanes, of which bulk leaves a part to live calls.
--
-- Stands on state.lua. headers.lua says when an answer's header may be believed. The header is the
-- account: whatever it says replaces what we thought, so calls of others are in it too. At which hour
-- the CRM's day begins is not published; it is learnt from the header's jump, and kept as the interval
-- in which the last one must have been. Without headers our own calls of the last 24 h are counted, by
-- the hour, which no beginning of a day can exceed.

local day = {}
local PER_DAY, DAY_BULK, DAY_LIVE = arg(7), arg(11), arg(12)
local KNOWN_FROM, KNOWN_TO, KNOWN_LEFT, KNOWN_AT = arg(13), arg(14), arg(15), arg(16)
local SLOTS = 25 -- hours: one of them is not over, so they are at least 24 h
local SURE = 2 * HOUR -- a beginning that is not known better than this says nothing
local SLACK = 2 * (FLIGHT or 0) + 10 -- answers that overtake each other: so much is no jump
local MARK = 300000 -- the pace is taken over five minutes: 2,850 calls at full speed

function day.used() return st.day_heard and get('used') or get('own') end

function day.left() return math.max(0, PER_DAY - day.used()) end

function day.per_day() return PER_DAY end

-- 1: the account is the server's; 0: our own count.
function day.is_heard() return st.day_heard and 1 or 0 end

-- What bulk leaves to live calls.
function day.kept() return DAY_BULK end

local function is_day_over(lane)
  return PER_DAY - day.used() <= (lane == 'live' and DAY_LIVE or DAY_BULK)
end

-- What the database remembers of this location, where the memory of Redis was lost.
local function adopt()
  if not st.reset_to and KNOWN_TO > 0 then
    put('reset_from', KNOWN_FROM)
    put('reset_to', KNOWN_TO)
  end
  if not st.hour and not st.day_heard and KNOWN_AT > now - DAY then
    put('day_heard', math.min(KNOWN_AT, now)) -- a worker's clock may be ahead of Redis's
    put('day_header', KNOWN_LEFT)
    put('used', PER_DAY - KNOWN_LEFT)
  end
end

-- Our own calls of the last 24 h, by the hour; only while no header counts for us.
local function roll()
  local hour = math.floor(now / HOUR)
  if st.hour == hour then return end
  for passed = math.max((st.hour or hour) + 1, hour - SLOTS + 1), hour do
    local slot = 'h' .. passed % SLOTS
    if get(slot) ~= 0 then
      put('own', get('own') - get(slot))
      put(slot, 0)
    end
  end
  put('hour', hour)
end

-- The CRM allows fewer calls a day than we were told: the reserve shrinks with it.
local function shrink(per_day)
  DAY_BULK = math.floor(DAY_BULK * per_day / PER_DAY)
  PER_DAY = per_day
end

function day.turn()
  if st.day_limit and st.day_limit < PER_DAY then shrink(st.day_limit) end
  adopt()
  roll()
  -- Whatever the last header said, a new day has begun since.
  if st.day_heard and now >= st.day_heard + DAY then
    st.day_heard, st.day_header = nil, nil
    redis.call('HDEL', STATE, 'day_heard', 'day_header')
  end
end

-- The beginning of a day that comes next after a time, as the interval in which it must be; nil: not
-- known.
local function beginning_after(time)
  if not st.reset_to or st.reset_to == 0 or st.reset_to - st.reset_from > SURE then return nil end
  local days = math.floor((time - st.reset_to) / DAY) + 1
  return st.reset_from + days * DAY, st.reset_to + days * DAY
end

-- How often a call asks whether the day began anew, when nothing better is known. Of a large reserve
-- every ten minutes are 0.1 %; an hour where it is small or used up.
local function ask_each(lane)
  if lane == 'live' or day.left() <= 10 * DAY_LIVE then return HOUR end
  return math.min(HOUR, math.max(10 * MINUTE, HOUR * 3000 / DAY_BULK))
end

-- When the next call of this lane may ask.
local function next_question(lane)
  if not st.day_heard then return (math.floor(now / HOUR) + 1) * HOUR end -- nobody would answer
  -- The one that is due, or an hour late, should the CRM's clock have been set to winter time.
  local from, to = beginning_after(math.max(get('day_began'), now - 1.25 * HOUR))
  local asked = get('day_asked')
  if not from then return asked + ask_each(lane) end
  -- Twenty questions find it, and some of the minute after it, which is there for small doubts.
  local often = math.max(5000, (to - from) / 20)
  if now <= to + MINUTE then return math.max(from, asked + often) end
  return asked + math.max(MINUTE, ask_each(lane) / 6)
end

-- For how long the day's quota refuses this lane; nil: it does not.
function day.refuses(lane)
  if not is_day_over(lane) then return nil end
  local wait = math.ceil(next_question(lane) - now)
  if wait > 0 then return wait end
end

-- The beginning of the server's day that bulk waits for, when it is known: from, to; else 0, 0.
function day.begins()
  local from, to = beginning_after(math.max(get('day_began'), now))
  return from or 0, to or 0
end

-- Calls of the day a second, of everybody who uses the quota, in thousandths.
function day.pace()
  local since = now - get('mark_at')
  local moved = day.used() - get('mark_used')
  if st.mark_at and (since > MARK or not st.day_pace and since >= MINUTE) then
    return math.max(0, math.floor(moved / since * 1e6 + 0.5))
  end
  return get('day_pace')
end

local function begin_mark()
  put('mark_at', now)
  put('mark_used', day.used())
end

local function mark()
  local since = now - get('mark_at')
  if not st.mark_at or since < 0 then return begin_mark() end
  if since < MARK then return end
  put('day_pace', day.pace())
  begin_mark()
end

local function move(calls)
  if st.day_heard then put('used', get('used') + calls) end
  if st.day_heard and now - st.day_heard < HOUR then return end
  local slot = 'h' .. st.hour % SLOTS
  put(slot, get(slot) + calls)
  put('own', get('own') + calls)
end

function day.count(lane)
  if is_day_over(lane) then put('day_asked', now) end
  move(1)
  mark()
end

-- A token came back that was not used.
function day.uncount() move(-1) end

-- A day began between two answers. The same hour of other days narrows it down; one that cannot be
-- (a server whose clock is set to summer time) replaces it.
local function note_beginning(from, to)
  put('day_began', to)
  local a, b = st.reset_from, st.reset_to
  if b and b > 0 then
    local shift = DAY * math.floor((from + to - a - b) / 2 / DAY + 0.5)
    a, b = math.max(from, a + shift), math.min(to, b + shift)
    if a < b then from, to = a, b end
  end
  put('reset_from', from)
  put('reset_to', to)
end

-- The server's own account, of the newest call that was answered; the calls that are still out may
-- not be counted in it.
function day.learn(left, limit, granted)
  if limit and limit > 0 then
    put('day_limit', limit)
    if limit < PER_DAY then shrink(limit) end
  end
  local before, since = st.day_header, st.day_heard
  put('day_header', left)
  put('day_heard', granted)
  put('used', PER_DAY - left + flying)
  if not before then return begin_mark() end
  if left <= before + SLACK then return end
  begin_mark()
  -- A day that began since can have no more than this behind it; a quota that flows back, like one
  -- of the last 24 h, has.
  local at_most = (now - since) * N / W + SLACK
  if (st.day_limit or PER_DAY) - left <= at_most then note_beginning(since, now) end
end
