/*
 * What BullMQ has no command for. A key of an entry holds `c:<token>` while somebody stores it and the time
 * of its expiry afterwards. Counters are fields `<destination>|<name>` of one hash.
 *
 * Sent as text, not by digest: within MULTI a digest that the server has forgotten would cost us a part.
 */

/**
 * Which of the entries may be stored now; claims their keys.
 *
 * KEYS: counters, then one key per entry. ARGV: token, lease in ms, now, destination, most entries, most
 * bytes, then the bytes of each entry. Returns pending, then per entry 0 claimed, 1 duplicate, 2 claimed by
 * another, 3 full.
 */
export const CLAIM = `
local counters = KEYS[1]
local token = 'c:' .. ARGV[1]
local pending = tonumber(redis.call('HGET', counters, ARGV[4] .. '|pending') or '0')
local bytes = tonumber(redis.call('HGET', counters, ARGV[4] .. '|pendingBytes') or '0')
local now = tonumber(ARGV[3])
local maxEntries = tonumber(ARGV[5])
local maxBytes = tonumber(ARGV[6])
local codes = { pending }
local duplicates = 0
for i = 2, #KEYS do
  local code = 0
  local value = redis.call('GET', KEYS[i])
  if value and value ~= token then
    if string.sub(value, 1, 2) == 'c:' then
      code = 2
    elseif tonumber(value) > now then
      code = 1
      duplicates = duplicates + 1
    end
  end
  if code == 0 then
    local size = tonumber(ARGV[i + 5])
    if pending >= maxEntries or bytes + size > maxBytes then
      code = 3
    else
      pending = pending + 1
      bytes = bytes + size
      redis.call('SET', KEYS[i], token, 'PX', ARGV[2])
    end
  end
  codes[i] = code
end
if duplicates > 0 then
  redis.call('HINCRBY', counters, ARGV[4] .. '|duplicates', duplicates)
end
return codes`;

/**
 * Stands behind the command that adds a job: if the job is there, its entries are stored.
 *
 * KEYS: job, counters, then one key per entry. ARGV: expiry, window in ms, destination, bytes.
 */
export const CONFIRM = `
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('DEL', KEYS[1] .. ':-')
local entries = #KEYS - 2
for i = 3, #KEYS do
  redis.call('SET', KEYS[i], ARGV[1], 'PX', ARGV[2])
end
redis.call('HINCRBY', KEYS[2], ARGV[3] .. '|accepted', entries)
redis.call('HINCRBY', KEYS[2], ARGV[3] .. '|pending', entries)
redis.call('HINCRBY', KEYS[2], ARGV[3] .. '|pendingBytes', ARGV[4])
return 1`;

/** KEYS: one per entry. ARGV: token. */
export const RELEASE = `
for i = 1, #KEYS do
  if redis.call('GET', KEYS[i]) == 'c:' .. ARGV[1] then redis.call('DEL', KEYS[i]) end
end
return 0`;

/**
 * Stands in front of the command that ends or moves a job: if the lock is still ours, counts what became of
 * its entries, keeps the dead letters and leaves the rest as the job's data. The first write is one that a
 * full server allows, and with it all that follow: BullMQ's command would pass as well.
 *
 * KEYS: job, counters, dead letters, their order. ARGV: token, data or '', destination, number of counters,
 * name and increment of each, then for each dead letter its time and itself.
 */
export const REPORT = `
if redis.call('GET', KEYS[1] .. ':lock') ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1] .. ':-')
if ARGV[2] ~= '' then redis.call('HSET', KEYS[1], 'data', ARGV[2]) end
local at = 5
for i = 1, tonumber(ARGV[4]) do
  redis.call('HINCRBY', KEYS[2], ARGV[3] .. '|' .. ARGV[at], ARGV[at + 1])
  at = at + 2
end
while at < #ARGV do
  local id = string.format('%015d', redis.call('HINCRBY', KEYS[3], '#', 1))
  redis.call('HSET', KEYS[3], id, ARGV[at + 1])
  redis.call('ZADD', KEYS[4], ARGV[at], id)
  at = at + 2
end
return 1`;

/**
 * Leaves a group smaller that nobody has taken, if it is still as it was read.
 *
 * KEYS: job, counters. ARGV: SHA-1 of the data, new data, destination, dropped entries, freed bytes.
 */
export const EVICT = `
if redis.call('EXISTS', KEYS[1] .. ':lock') == 1 then return 0 end
local data = redis.call('HGET', KEYS[1], 'data')
if not data or redis.sha1hex(data) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1] .. ':-')
redis.call('HSET', KEYS[1], 'data', ARGV[2])
redis.call('HINCRBY', KEYS[2], ARGV[3] .. '|dropped', ARGV[4])
redis.call('HINCRBY', KEYS[2], ARGV[3] .. '|pending', -ARGV[4])
redis.call('HINCRBY', KEYS[2], ARGV[3] .. '|pendingBytes', -ARGV[5])
return 1`;

/**
 * Which of the jobs name any of the texts; they are quoted there, as they are nowhere else.
 *
 * KEYS: jobs. ARGV: texts. Returns places in KEYS.
 */
export const FIND = `
local found = {}
for i, job in ipairs(KEYS) do
  local data = redis.call('HGET', job, 'data')
  if data then
    for _, text in ipairs(ARGV) do
      if string.find(data, '"' .. text .. '"', 1, true) then
        found[#found + 1] = i
        break
      end
    end
  end
end
return found`;

/**
 * Stands behind the command that adds a job of dead letters.
 *
 * KEYS: job, counters, dead letters, their order. ARGV: destination, bytes, then the letters' IDs.
 */
export const REDRIVE = `
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('DEL', KEYS[1] .. ':-')
for i = 3, #ARGV do
  redis.call('HDEL', KEYS[3], ARGV[i])
  redis.call('ZREM', KEYS[4], ARGV[i])
end
redis.call('HINCRBY', KEYS[2], ARGV[1] .. '|deadLettered', 2 - #ARGV)
redis.call('HINCRBY', KEYS[2], ARGV[1] .. '|pending', #ARGV - 2)
redis.call('HINCRBY', KEYS[2], ARGV[1] .. '|pendingBytes', ARGV[2])
return 1`;

/** KEYS: the mutex. ARGV: token. */
export const UNLOCK = `
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 0`;
