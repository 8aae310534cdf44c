-- The day's quota: one account for all lanes, of which bulk leaves a part to live calls.
--
-- The third file of the script, after state.lua. headers.lua says when an answer's header may
-- be believed.

local day = {}
local PER_DAY, DAY_BULK, DAY_LIVE = arg(7), arg(11), arg(12)
local DAY, HOUR = 86400000, 3600000

function day.used() return get('used') end

function day.left() return math.max(0, PER_DAY - get('used')) end

function day.per_day() return PER_DAY end

-- A new day begins: nothing of it is used.
function day.turn()
  local today = math.floor(now / DAY)
  if get('day') == today then return end
  put('day', today)
  put('used', 0)
end

local function is_day_over(lane)
  return PER_DAY - get('used') <= (lane == 'live' and DAY_LIVE or DAY_BULK)
end

-- For how long the day's quota refuses this lane; nil: it does not.
function day.refuses(lane)
  -- One call an hour asks whether the server's day began anew: its hour is not published.
  if not is_day_over(lane) or now - get('day_asked') >= HOUR then return nil end
  return math.min(HOUR, (math.floor(now / DAY) + 1) * DAY - now)
end

function day.count(lane)
  if is_day_over(lane) then put('day_asked', now) end
  put('used', get('used') + 1)
end

-- A token came back that was not used.
function day.uncount() put('used', math.max(0, get('used') - 1)) end

-- The server's own account; the answers that are still out may not be counted in it.
function day.learn(day_left)
  local used = math.max(0, PER_DAY - day_left + flying)
  if used > get('used') or used < get('used') - PER_DAY / 100 then put('used', used) end
end
