-- What the answers teach of how the server counts, and what may be done with it.
--
-- Stands on places.lua. A server that estimates from two fixed windows is the strictest. Until the
-- headers have ruled it out (`armed`) each grant is checked against it. Afterwards what the server
-- says is left is what is left, whatever else it is: docs/limiter.md.

local PROOFS = 3 -- each a window after the last, so that one odd answer proves nothing
local SLACK = 3 -- a remainder that is wrong by so much proves nothing either
local GUARD = 2 -- places that are not given back, for a remainder that is wrong by so much
local AGAIN, LONGEST = 60000, 86400000

-- The lowest estimate of our calls that such a server can have had when it answered a call that was
-- granted then, whatever the phase of its windows. Only calls that it surely accepted and counted
-- before are in it, and each as old as it can be: from its grant until now.
local function least_load(granted)
  local ages = {}
  for _, token in ipairs(redis.call('ZRANGEBYSCORE', SEEN, '-inf', granted + HOLD)) do
    local begun = string.match(token, '^%d+:(%d+)$')
    if begun then ages[#ages + 1] = now - begun end
  end
  table.sort(ages)
  local least, young, reach, count = #ages, 0, 0, #ages
  local i, j = 1, 1
  while j <= count and ages[j] < W do j = j + 1 end
  -- Between two phases at which something begins to count the estimate falls: so it is least just
  -- before one of them.
  while true do
    local phase = math.min(ages[i] or W, (ages[j] or math.huge) - W, W)
    while young < count and ages[young + 1] < phase do young = young + 1 end
    while reach < count and ages[reach + 1] < phase + W do reach = reach + 1 end
    least = math.min(least, young + (1 - phase / W) * (reach - young))
    if phase >= W then return least end
    if ages[i] == phase then i = i + 1 else j = j + 1 end
  end
end

local function arm()
  put('disarmed', 0)
  put('proofs', 0)
  put('open', 0)
end

-- More is left than such a server could leave: a proof. `left` is of N.
local function learn(granted, left)
  if now < get('proved') + W or now < get('unproved') then return end
  -- Most answers prove nothing: no estimate is below what was answered within the window.
  local lately = redis.call('ZCOUNT', SEEN, now + HOLD - W, granted + HOLD)
  if left < N - lately + SLACK then return end
  if left < N - least_load(granted) + SLACK then return end
  put('proved', now)
  put('proofs', get('proofs') + 1)
  if get('proofs') >= PROOFS then put('disarmed', 1) end
end

-- A 429 that no stranger explains: what was learnt is doubted, and the longer each time in a day.
local function unlearn()
  if now > get('doubted') + LONGEST then put('doubts', 0) end
  put('doubted', now)
  put('unproved', now + math.min(LONGEST, AGAIN * 8 ^ get('doubts')))
  put('doubts', get('doubts') + 1)
  arm()
end

-- The server has room for so many more: then the oldest of the answered calls give their places
-- back. Kept are all that it may not have counted yet, and as many more as it says are taken.
local function give_back(granted, left)
  local itself = now > granted and 1 or 0
  local uncounted = flying + redis.call('ZCOUNT', SEEN, '(' .. granted + HOLD, '+inf') - itself
  count_held()
  local over = held - (N - left + uncounted + GUARD)
  if over <= 0 then return end
  local first_kept = redis.call(
    'ZRANGEBYSCORE', SEEN, '(' .. taken_from(), '+inf', 'WITHSCORES', 'LIMIT', over, 1)
  if not first_kept[2] then return end
  if first_kept[2] - 1 > get('open') then
    put('open', first_kept[2] - 1)
    put('opened', now)
  end
end
