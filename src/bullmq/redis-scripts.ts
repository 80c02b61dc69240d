/*
 * What BullMQ has no command for. A key of an entry holds the time of its expiry, or `c:<token>` while a process of
 * an older version stores it. Counters are fields `<destination>|<name>` of one hash. What of a job is sealed lies
 * under its key with `:logs` behind it, because that is removed with it, whoever removes it.
 *
 * Sent as text, not by digest: within MULTI a digest that the server has forgotten would cost us a part.
 */

/**
 * Stands behind the commands that add a job: stores its entries if all of them may be stored, and takes the job away
 * again if not.
 *
 * KEYS: job, counters, waiting jobs, prioritized jobs, then one key per entry, 200 at most. ARGV: expiry, window in
 * ms, now, destination, most entries, most bytes, bytes, ID of the job. Returns 1 stored, 0 there is no job, or 2 not stored; then
 * pending and its bytes; then per entry 0 it might be stored, 1 duplicate, 2 claimed by another.
 */
export const ACCEPT = `
local job = KEYS[1]
if redis.call('EXISTS', job) == 0 then
  redis.call('DEL', job .. ':logs')
  return { 0 }
end
redis.call('DEL', job .. ':-')
local counters = KEYS[2]
local entries = #KEYS - 4
local pending = tonumber(redis.call('HGET', counters, ARGV[4] .. '|pending') or '0')
local bytes = tonumber(redis.call('HGET', counters, ARGV[4] .. '|pendingBytes') or '0')
local answer = { 1, pending, bytes }
if pending + entries > tonumber(ARGV[5]) or bytes + ARGV[7] > tonumber(ARGV[6]) then answer[1] = 2 end
local duplicates = 0
for i, value in ipairs(redis.call('MGET', unpack(KEYS, 5))) do
  local code = 0
  if value then
    if string.sub(value, 1, 2) == 'c:' then
      code = 2
    elseif tonumber(value) > tonumber(ARGV[3]) then
      code = 1
      duplicates = duplicates + 1
    end
    if code > 0 then answer[1] = 2 end
  end
  answer[i + 3] = code
end
if duplicates > 0 then redis.call('HINCRBY', counters, ARGV[4] .. '|duplicates', duplicates) end
if answer[1] == 2 then
  redis.call('LREM', KEYS[3], 1, ARGV[8])
  redis.call('ZREM', KEYS[4], ARGV[8])
  redis.call('DEL', job, job .. ':logs')
  return answer
end
for i = 5, #KEYS do
  redis.call('SET', KEYS[i], ARGV[1], 'PX', ARGV[2])
end
redis.call('HINCRBY', counters, ARGV[4] .. '|accepted', entries)
redis.call('HINCRBY', counters, ARGV[4] .. '|pending', entries)
redis.call('HINCRBY', counters, ARGV[4] .. '|pendingBytes', ARGV[7])
return { 1 }`;

/**
 * Stands in front of the command that ends or moves a job: if the lock is still ours, counts what became of
 * its entries, keeps the dead letters and leaves the rest as the job's data. Alone, its first write is one that a full
 * server allows, and with it all that follow; of a transaction a full server takes nothing.
 *
 * KEYS: job, counters, dead letters, their order. ARGV: token, data or '', what is sealed of it or '', destination,
 * number of counters, name and increment of each, then for each dead letter its time and itself.
 */
export const REPORT = `
if redis.call('GET', KEYS[1] .. ':lock') ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1] .. ':-')
if ARGV[2] ~= '' then
  redis.call('HSET', KEYS[1], 'data', ARGV[2])
  redis.call('DEL', KEYS[1] .. ':logs')
  if ARGV[3] ~= '' then redis.call('RPUSH', KEYS[1] .. ':logs', ARGV[3]) end
end
local at = 6
for i = 1, tonumber(ARGV[5]) do
  redis.call('HINCRBY', KEYS[2], ARGV[4] .. '|' .. ARGV[at], ARGV[at + 1])
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
 * KEYS: job, counters. ARGV: SHA-1 of the data, new data, what is sealed of it or '', destination, dropped entries,
 * freed bytes.
 */
export const EVICT = `
if redis.call('EXISTS', KEYS[1] .. ':lock') == 1 then return 0 end
local data = redis.call('HGET', KEYS[1], 'data')
if not data or redis.sha1hex(data) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1] .. ':-')
redis.call('HSET', KEYS[1], 'data', ARGV[2])
redis.call('DEL', KEYS[1] .. ':logs')
if ARGV[3] ~= '' then redis.call('RPUSH', KEYS[1] .. ':logs', ARGV[3]) end
redis.call('HINCRBY', KEYS[2], ARGV[4] .. '|dropped', ARGV[5])
redis.call('HINCRBY', KEYS[2], ARGV[4] .. '|pending', -ARGV[5])
redis.call('HINCRBY', KEYS[2], ARGV[4] .. '|pendingBytes', -ARGV[6])
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
if redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('DEL', KEYS[1] .. ':logs')
  return 0
end
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
