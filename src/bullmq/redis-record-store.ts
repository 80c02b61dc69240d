import type { Redis } from 'ioredis';

import type { Clock } from '../clock';
import type { RecordStore, StoredRecord } from '../records/record-store';
import { within } from './waiting';

const TIMEOUT_MS = 2_000;
const ERASE_TIMEOUT_MS = 10_000;
/** Records that one script looks up, while the server does nothing else. */
const READ_SLICE = 2_000;

/**
 * A record is a hash `<prefix>:record:<collection>:<key>`; the places of all that is about one person are a set
 * `<prefix>:about:<subject>`, which lives as long as the last of them. Both go by themselves.
 */
const PUT = `
local function forget(place)
  local about = redis.call('HGET', ARGV[1] .. ':record:' .. place, 'subjects') or ''
  for subject in string.gmatch(about, '[^,]+') do
    redis.call('SREM', ARGV[1] .. ':about:' .. subject, place)
  end
  redis.call('DEL', ARGV[1] .. ':record:' .. place)
end
local now = tonumber(ARGV[2])
local isFirstOnly = ARGV[3] == '1'
for at = 4, #ARGV, 5 do
  local place = ARGV[at]
  local key = ARGV[1] .. ':record:' .. place
  if isFirstOnly then
    local found = redis.call('HMGET', key, 'value', 'expires')
    if found[1] and (found[2] == '' or tonumber(found[2]) > now) then return found[1] end
  end
  forget(place)
  redis.call('HSET', key, 'value', ARGV[at + 1], 'subjects', ARGV[at + 2], 'expires', ARGV[at + 3])
  local ttl = ARGV[at + 4]
  if ttl ~= '' then redis.call('PEXPIRE', key, ttl) end
  for subject in string.gmatch(ARGV[at + 2], '[^,]+') do
    local about = ARGV[1] .. ':about:' .. subject
    local left = redis.call('PTTL', about)
    redis.call('SADD', about, place)
    if ttl == '' then
      redis.call('PERSIST', about)
    elseif left == -2 or (left >= 0 and left < tonumber(ttl)) then
      redis.call('PEXPIRE', about, ttl)
    end
  end
end
return false`;

/** ARGV: prefix, then the places. Returns the position, value, subjects and expiry of those that are there: most are not. */
const GET = `
local found = {}
for at = 2, #ARGV do
  local record = redis.call('HMGET', ARGV[1] .. ':record:' .. ARGV[at], 'value', 'subjects', 'expires')
  if record[1] then
    found[#found + 1] = at - 2
    found[#found + 1] = record[1]
    found[#found + 1] = record[2]
    found[#found + 1] = record[3]
  end
end
return found`;

/** ARGV: prefix, now, then the places. Returns how many were not expired. */
const REMOVE = `
local count = 0
for at = 3, #ARGV do
  local key = ARGV[1] .. ':record:' .. ARGV[at]
  local found = redis.call('HMGET', key, 'subjects', 'expires')
  for subject in string.gmatch(found[1] or '', '[^,]+') do
    redis.call('SREM', ARGV[1] .. ':about:' .. subject, ARGV[at])
  end
  redis.call('DEL', key)
  if found[2] and (found[2] == '' or tonumber(found[2]) > tonumber(ARGV[2])) then count = count + 1 end
end
return count`;

/** Records beside the outbox's keys, each script of them atomic. */
export class RedisRecordStore implements RecordStore {
  constructor(
    private readonly redis: Redis,
    private readonly prefix: string,
    private readonly clock: Clock,
  ) {}

  async put(records: readonly StoredRecord[]): Promise<void> {
    if (records.length > 0) await this.write(records, '0');
  }

  async putIfAbsent(record: StoredRecord): Promise<string> {
    return ((await this.write([record], '1')) as string | null) ?? record.value;
  }

  async get(collection: string, keys: readonly string[]): Promise<readonly (string | undefined)[]> {
    const found = await this.read(keys.map((key) => placeOf(collection, key)));
    return found.map((record) => record?.value);
  }

  async remove(collection: string, keys: readonly string[]): Promise<void> {
    await this.forget(
      keys.map((key) => placeOf(collection, key)),
      TIMEOUT_MS,
    );
  }

  async findBySubjects(subjects: readonly string[]): Promise<readonly StoredRecord[]> {
    if (subjects.length === 0) return [];
    const places = await within(
      TIMEOUT_MS,
      this.redis.sunion(...subjects.map((subject) => `${this.prefix}:about:${subject}`)),
    );
    return (await this.read(places)).filter((record) => record !== undefined);
  }

  async eraseBySubjects(
    subjects: readonly string[],
    exceptCollections: readonly string[] = [],
  ): Promise<number> {
    const found = await this.findBySubjects(subjects);
    return this.forget(
      found
        .filter(({ collection }) => !exceptCollections.includes(collection))
        .map(({ collection, key }) => placeOf(collection, key)),
      ERASE_TIMEOUT_MS,
    );
  }

  private write(records: readonly StoredRecord[], isFirstOnly: '0' | '1'): Promise<unknown> {
    const nowMs = this.clock.now();
    const parts = records.flatMap(({ collection, key, value, subjects, expiresAtMs }) => [
      placeOf(collection, key),
      value,
      subjects.join(),
      expiresAtMs === Infinity ? '' : expiresAtMs,
      expiresAtMs === Infinity ? '' : Math.max(Math.ceil(expiresAtMs - nowMs), 1),
    ]);
    return within(TIMEOUT_MS, this.redis.eval(PUT, 0, this.prefix, nowMs, isFirstOnly, ...parts));
  }

  private async forget(places: readonly string[], timeoutMs: number): Promise<number> {
    if (places.length === 0) return 0;
    const removed = this.redis.eval(REMOVE, 0, this.prefix, this.clock.now(), ...places);
    return Number(await within(timeoutMs, removed));
  }

  private async read(places: readonly string[]): Promise<(StoredRecord | undefined)[]> {
    const slices: Promise<(StoredRecord | undefined)[]>[] = [];
    for (let at = 0; at < places.length; at += READ_SLICE)
      slices.push(this.readSlice(places.slice(at, at + READ_SLICE)));
    return (await Promise.all(slices)).flat();
  }

  private async readSlice(places: readonly string[]): Promise<(StoredRecord | undefined)[]> {
    const answer = this.redis.eval(GET, 0, this.prefix, ...places);
    const found = (await within(TIMEOUT_MS, answer)) as (number | string)[];
    const records = new Array<StoredRecord | undefined>(places.length).fill(undefined);
    const nowMs = this.clock.now();
    for (let at = 0; at < found.length; at += 4) {
      const index = found[at] as number;
      const fields = found.slice(at + 1, at + 4) as string[];
      records[index] = recordOf(places[index] as string, fields, nowMs);
    }
    return records;
  }
}

/** No part but the last holds the character that joins them. */
function placeOf(collection: string, key: string): string {
  return `${encodeURIComponent(collection)}:${key}`;
}

function recordOf(
  place: string,
  [value, subjects, expires]: readonly string[],
  nowMs: number,
): StoredRecord | undefined {
  if (value === undefined) return undefined;
  const expiresAtMs = expires ? Number(expires) : Infinity;
  if (expiresAtMs <= nowMs) return undefined;
  const at = place.indexOf(':');
  return {
    collection: decodeURIComponent(place.slice(0, at)),
    key: place.slice(at + 1),
    value,
    subjects: subjects ? subjects.split(',') : [],
    expiresAtMs,
  };
}
