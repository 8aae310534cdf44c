-- The verb `look`: the bucket at a glance (worker/crm/limits.py, `Look`).

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
  tidy_line()
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

load()
local reply = look()
save()
return reply
