-- The verb `cancel`: nothing was sent. The place is free at once, and the next bulk call need not
-- wait for its pace. A ticket leaves the line.

local id = ARGV[OWN]
load()
if redis.call('ZREM', FLYING, id) == 1 then
  redis.call('ZREM', LIVE, id)
  day.uncount()
  put('credit', now + 50)
  if st.probe == id then put('probe', '') end
else
  redis.call('ZREM', LINE, id)
  redis.call('ZREM', PROMISED, id)
end
save()
