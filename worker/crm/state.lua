-- What every verb of the limiter stands on: the arguments, the state and how it is kept, the time.
--
-- The first of seven files that are one script: state.lua, pause.lua, day.lua, places.lua,
-- learning.lua, headers.lua, limiter.lua, in this order.
-- limiter.lua has the map; docs/limiter.md the keys and the reasons.
--
-- KEYS  state (hash), seen, flying, live (zsets: token -> when its place is free again),
--       line (zset: ticket -> order), promised (zset: ticket -> when its place in line is lost),
--       pause (hash, see pause.lua)
-- ARGV  verb, now ('': this server's clock), life ('': this server's run id), then (but for `mark`)
--       the longest call, the limits (see worker/crm/limits.py), and the verb's own. Times are ms.

local STATE, SEEN, FLYING, LIVE, LINE, PROMISED = unpack(KEYS)
local function arg(i) return tonumber(ARGV[i]) end
local CALL, N, W = arg(4), arg(5), arg(6)
local RESERVE, FLOOR, FLIGHT = arg(8), arg(9), arg(10)
local STRICT = arg(17) == 1 -- no header frees a place or quickens the pace
local OWN = 18 -- the verb's own arguments begin here
local HOLD = W and W + 10
local LEASE = W and CALL + HOLD -- of a token whose answer never comes
local GRACE, MEMORY = 5000, 90000000

local st, changed = {}, {}
local now, life, flying

local function put(name, value)
  st[name] = value
  changed[name] = value
end

local function get(name) return st[name] or 0 end

local function keep(key) redis.call('PEXPIRE', key, LEASE + 3 * HOLD + GRACE) end

local function clock()
  if ARGV[2] ~= '' then return arg(2) end
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- Another process of the server means that its memory may have holes, whatever it restored.
local function which_life()
  if ARGV[3] ~= '' then return 'r' .. ARGV[3] end
  return 'r' .. string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
end

local function save()
  if st.born then put('last', now) end
  if not next(changed) then return end
  local flat = {}
  for name, value in pairs(changed) do
    flat[#flat + 1] = name
    flat[#flat + 1] = value
  end
  redis.call('HSET', STATE, unpack(flat))
  redis.call('PEXPIRE', STATE, MEMORY) -- 25 h: the day's count outlives its day
end
