-- Decides admission: rate limit and idempotency of many requests in one call.
--
-- KEYS   the idempotency record of each operation that names one, in order
-- ARGV   1 TTL of a record in ms, 2 lease in ms, 3 index of the operations' last argument, then the operations, each one
--        argument that begins with its letter:
--          T, and two arguments more: the tenant whom the next ones are charged to, and its limit
--          Q                                        charge a request that claims nothing
--          L                                        look: answer whether a request would fit, and charge nothing
--          C request_id received_at fingerprint     charge and claim (36, 27 and 32 bytes)
--          D request_id                             Kafka acknowledged: done
--          R owner                                  certainly not published: forget the claim
--          U owner request_id                       perhaps published: the next claim takes over
--          E epoch                                  only as the first one: do nothing unless the data have this epoch
--        and a last argument that only tests pass: the time in ms, instead of Redis' own
-- Returns the error DATALOST with the present epoch where it is another one: Redis was emptied, or is another server.
-- Else one answer for each Q, L and C:
--          0 charged, or it would fit, 1 new, 2 in progress, 3 key reused, {4, request_id} duplicate,
--          {5, request_id, received_at} taken over, {6, ms until a retry succeeds} over the limit
--
-- A record is a string of fixed fields:
--   1 state P|D, 2 maybe_published 0|1, 3-15 lease end in ms, 16-51 owner, 52-87 request_id, 88-114 received_at,
--   115-146 fingerprint. The owner is the id of the request that holds the lease.

local SLOT_MS, SLOTS, WINDOW_MS = 5000, 12, 60000
local RATE_TTL_SECONDS = 180
local LEASE_OVER = '0000000000000'

local ttl_ms, lease_ms, last_arg = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
-- No command takes more arguments from a table than Lua's stack holds.
local MOST_KEYS = 1000
local TENANT, CHARGE, CLAIM, CONFIRM, RELEASE, LOOK, EPOCH = string.byte('TQCDRLE', 1, -1)
local EPOCH_KEY = 'ingest:epoch'
local next_key, next_arg = 1, 4
-- A request's time is rounded up and the window's edge down, so that no window is longer than 60 s.
local now_ms, hit_ms

local function read_clock(given)
  if given then
    now_ms, hit_ms = tonumber(given), tonumber(given)
    return
  end
  local time = redis.call('TIME')
  now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
  hit_ms = time[1] * 1000 + math.ceil(time[2] / 1000)
end

local function key()
  next_key = next_key + 1
  return KEYS[next_key - 1]
end

-- Reads a key; deletes one of another type, which something else left, because it would fail every call.
local function read(command, name)
  local found = redis.pcall(command, name)
  if type(found) == 'table' and found.err then
    if string.find(found.err, 'WRONGTYPE', 1, true) then
      redis.call('DEL', name)
    end
    return redis.call(command, name)
  end
  return found
end

-- Names the data in this Redis: the name is lost with them.
local function epoch_of_the_data()
  local epoch = read('GET', EPOCH_KEY)
  if not epoch then
    local time = redis.call('TIME')
    epoch = time[1] .. '.' .. time[2]
    redis.call('SET', EPOCH_KEY, epoch)
  end
  return epoch
end

-- Rate limit. rl:{tenant}:<minute> counts requests in its twelve 5-second slots; latest:rl:{tenant}:<minute> has the
-- time of each slot's latest request. The slots of the last 60 s count, and the oldest of them whole until its latest request
-- is 60 s old.

local quotas = {}

local function rate_key(tenant, minute)
  return 'rl:{' .. tenant .. '}:' .. string.format('%d', minute)
end

local function latest_key(counts)
  return 'latest:' .. counts
end

local function numbers_by_slot(hash)
  local found, flat = {}, read('HGETALL', hash)
  for i = 1, #flat, 2 do
    found[tonumber(flat[i])] = tonumber(flat[i + 1])
  end
  return found
end

local function open_quota(tenant, limit)
  local slot = math.floor(now_ms / SLOT_MS)
  local minute = math.floor(slot / SLOTS)
  local opened = { limit = tonumber(limit), slot = slot, key = rate_key(tenant, minute), added = 0, used = 0, counted = {} }
  opened.before = rate_key(tenant, minute - 1)
  local current, previous = numbers_by_slot(opened.key), numbers_by_slot(opened.before)
  local oldest = slot % SLOTS
  if previous[oldest] then
    local last = tonumber(redis.call('HGET', latest_key(opened.before), oldest) or 0)
    if last + WINDOW_MS <= now_ms then
      previous[oldest] = nil
    end
  end
  for i = oldest, SLOTS - 1 do
    opened.used = opened.used + (previous[i] or 0)
    opened.counted[#opened.counted + 1] = { hash = opened.before, slot = i, number = (minute - 1) * SLOTS + i, n = previous[i] or 0 }
  end
  for i = 0, SLOTS - 1 do
    opened.used = opened.used + (current[i] or 0)
    opened.counted[#opened.counted + 1] = { hash = opened.key, slot = i, number = minute * SLOTS + i, n = current[i] or 0 }
  end
  quotas[tenant] = opened
  return opened
end

local function ms_until_a_retry_succeeds(quota)
  local used = quota.used + quota.added
  for _, counted in ipairs(quota.counted) do
    local n = counted.n
    if counted.number == quota.slot then
      n = n + quota.added
    end
    used = used - n
    if n > 0 and used < quota.limit then
      local last = redis.call('HGET', latest_key(counted.hash), counted.slot)
      if counted.number == quota.slot and quota.added > 0 then
        last = hit_ms
      end
      return math.max(1, (tonumber(last) or (counted.number + 1) * SLOT_MS) + WINDOW_MS - now_ms)
    end
  end
  return WINDOW_MS
end

local quota

local function refusal()
  quota.retry_ms = quota.retry_ms or ms_until_a_retry_succeeds(quota)
  return { 6, quota.retry_ms }
end

-- nil if the request fits, else the answer that refuses it.
local function charge()
  if quota.used + quota.added < quota.limit then
    quota.added = quota.added + 1
    return nil
  end
  return refusal()
end

-- nil if a request would fit, else the answer that would refuse it.
local function look()
  if quota.used + quota.added < quota.limit then
    return nil
  end
  return refusal()
end

local function write_quotas()
  for _, charged in pairs(quotas) do
    if charged.added > 0 then
      local slot = charged.slot % SLOTS
      local last = latest_key(charged.key)
      redis.call('HSET', last, slot, string.format('%d', hit_ms))
      if redis.call('HINCRBY', charged.key, slot, charged.added) == charged.added then
        redis.call('EXPIRE', charged.key, RATE_TTL_SECONDS)
        redis.call('EXPIRE', last, RATE_TTL_SECONDS)
      end
    end
  end
end

-- Idempotency.

local lease_end, kept_ms

local function start_leases()
  lease_end = string.format('%013d', now_ms + lease_ms)
  kept_ms = math.max(ttl_ms, lease_ms)
end

local function take_over(record_key, record, owner)
  local left_ms = math.max(redis.call('PTTL', record_key), lease_ms)
  redis.call('SET', record_key, 'P1' .. lease_end .. owner .. string.sub(record, 52), 'PX', left_ms)
  return { 5, string.sub(record, 52, 87), string.sub(record, 88, 114) }
end

local function claim(record_key, given)
  local owner, fields = string.sub(given, 2, 37), string.sub(given, 2)
  local fresh = 'P0' .. lease_end .. owner .. fields
  -- Nearly every key is new, so set it before reading it.
  if redis.call('SET', record_key, fresh, 'PX', kept_ms, 'NX') then
    return 1
  end
  local record = read('GET', record_key)
  if not record then
    redis.call('SET', record_key, fresh, 'PX', kept_ms)
    return 1
  end
  if string.sub(record, 115) ~= string.sub(fields, 64) then
    return 3
  end
  if string.sub(record, 1, 1) == 'D' then
    return { 4, string.sub(record, 52, 87) }
  end
  if tonumber(string.sub(record, 3, 15)) > now_ms then
    return 2
  end
  return take_over(record_key, record, owner)
end

local function confirmations_from(first_arg)
  local count = 1
  while count < MOST_KEYS and first_arg + count <= last_arg and string.byte(ARGV[first_arg + count]) == CONFIRM do
    count = count + 1
  end
  return count
end

-- Any acknowledgement of the record's request id is proof, whoever holds the lease. The records of consecutive
-- confirmations are read at once: none changes what another reads.
local function confirm(first_arg)
  local count = confirmations_from(first_arg)
  local records = redis.call('MGET', unpack(KEYS, next_key, next_key + count - 1))
  for i = 1, count do
    local record_key, record = key(), records[i]
    if record and string.sub(record, 52, 87) == string.sub(ARGV[first_arg + i - 1], 2) then
      redis.call('SETRANGE', record_key, 0, 'D')
    end
  end
  next_arg = first_arg + count
end

local function release(record_key, owner)
  local record = read('GET', record_key)
  if not record or string.sub(record, 1, 1) == 'D' or string.sub(record, 16, 51) ~= owner then
    return
  end
  if string.sub(record, 2, 2) == '0' then
    redis.call('DEL', record_key)
  else
    redis.call('SETRANGE', record_key, 2, LEASE_OVER)
  end
end

local function mark_unknown(record_key, owner, request_id)
  local record = read('GET', record_key)
  if not record or string.sub(record, 1, 1) == 'D' or string.sub(record, 52, 87) ~= request_id then
    return
  end
  if string.sub(record, 16, 51) == owner then
    redis.call('SETRANGE', record_key, 1, '1' .. LEASE_OVER)
  else
    redis.call('SETRANGE', record_key, 1, '1')
  end
end

local function open(tenant, limit)
  quota = quotas[tenant] or open_quota(tenant, limit)
  next_arg = next_arg + 2
end

local function run(operation)
  local letter = string.byte(operation)
  if letter == CLAIM then
    local record_key = key()
    return charge() or claim(record_key, operation)
  elseif letter == CONFIRM then
    confirm(next_arg - 1)
  elseif letter == CHARGE then
    return charge() or 0
  elseif letter == TENANT then
    open(ARGV[next_arg], ARGV[next_arg + 1])
  elseif letter == RELEASE then
    release(key(), string.sub(operation, 2))
  elseif letter == LOOK then
    return look() or 0
  else
    mark_unknown(key(), string.sub(operation, 2, 37), string.sub(operation, 38))
  end
end

if last_arg >= next_arg and string.byte(ARGV[next_arg]) == EPOCH then
  local epoch = epoch_of_the_data()
  if epoch ~= string.sub(ARGV[next_arg], 2) then
    return redis.error_reply('DATALOST ' .. epoch)
  end
  next_arg = next_arg + 1
end
read_clock(ARGV[last_arg + 1])
start_leases()
local answers = {}
while next_arg <= last_arg do
  next_arg = next_arg + 1
  local answer = run(ARGV[next_arg - 1])
  if answer then
    answers[#answers + 1] = answer
  end
end
write_quotas()
return answers
