-- What every verb of the rate limiter stands on: the arguments, the state and how it is kept, the time.
--
-- A token holds one of N places from its grant until W + 10 ms after its answer. So no interval of
-- length W at the server can hold more than N of ours, however late or reordered the requests are.
-- docs/limiter.md has the proof, the keys and the reasons.
--
-- Each verb is a script of its own, atomic in Redis: this file, those of the others that it needs
-- (worker/crm/scripts.py), and the verb's at the end. pause.lua: who asked for silence; day.lua: the
-- day's quota; places.lua: who holds the places; line.lua: who waits; learning.lua: how the server
-- counts; headers.lua: what an answer tells.
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
local GRACE = 5000
local MINUTE, HOUR, DAY = 60000, 3600000, 86400000
local MEMORY = DAY + 2 * HOUR -- set once an hour: the day's count outlives its day

local st, changed = {}, {}
local now, life, flying

local function put(name, value)
  if st[name] == value then return end
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
  if not st.kept or now < st.kept or now >= st.kept + HOUR then
    put('kept', now)
    redis.call('PEXPIRE', STATE, MEMORY)
  end
  local flat = {}
  for name, value in pairs(changed) do
    flat[#flat + 1] = name
    flat[#flat + 1] = value
  end
  redis.call('HSET', STATE, unpack(flat))
end
