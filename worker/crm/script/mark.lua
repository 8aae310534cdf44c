-- The verb `mark`: how long this memory has been whole, ms. One key of its own, for all locations.
-- With a time somebody vouches that nothing has been sent for so long.

now, life = clock(), which_life()
local vouched = arg(4)
local whose, since = string.match(redis.call('GET', STATE) or '', '^(%w+) (%d+)$')
since = tonumber(since)
if vouched or whose ~= life or since > now then
  since = now - (vouched or 0)
  redis.call('SET', STATE, string.format('%s %d', life, since))
end
return now - since
