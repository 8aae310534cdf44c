-- A pause: until when nothing goes to the CRM, or nothing but live calls, and why.
--
-- Stands on state.lua. The pause lies in a key of its own, so that whoever pauses a location by hand
-- (contacts/belt.py names the key) need not know the rest. Every process asks here before each call,
-- so all stop at once; the ledger's own pause only keeps more from being released.

local pause = {}
local PAUSE = KEYS[7]

local function known(...)
  local found = redis.call('HMGET', PAUSE, ...)
  for i = 1, #found do found[i] = tonumber(found[i] or 0) end
  return unpack(found)
end

-- Of a lane with such pauses: until when, and which it is.
local function later(lane, all, bulk)
  if lane ~= 'live' and all <= now then return bulk, 'bulk' end
  return all, 'all'
end

-- How long this lane must still wait, and why; nil: it may go.
function pause.holds(lane)
  local till, which = later(lane, known('all', 'bulk'))
  if till > now then return till - now, redis.call('HGET', PAUSE, which .. ':why') or '' end
end

-- Calls that have a token and were not sent by now must ask again.
local function stop()
  redis.call('HSET', PAUSE, 'stopped', now)
  if redis.call('PTTL', PAUSE) < LEASE then redis.call('PEXPIRE', PAUSE, LEASE) end
end

-- What the CRM asked for; a pause is never shortened by another.
local function begin(ms, why)
  if known('all') >= now + ms then return end
  redis.call('HSET', PAUSE, 'all', now + ms, 'all:why', why)
  if redis.call('PTTL', PAUSE) < ms + LEASE then redis.call('PEXPIRE', PAUSE, ms + LEASE) end
end

-- An answer that says: no more.
function pause.heed(status, remaining, ms, why)
  if ms then begin(ms, why) end
  if ms or status == 429 or remaining == 0 then stop() end
end

-- 1: a token that was granted at that time may still be used.
function pause.allows(lane, granted)
  local stopped, all, bulk = known('stopped', 'all', 'bulk')
  return stopped < granted and later(lane, all, bulk) <= now and 1 or 0
end
