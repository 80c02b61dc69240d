import type { Redis } from 'ioredis';

import type { Clock } from '../clock';
import type { RecordStore, StoredRecord } from '../records/record-store';
import { within } from './waiting';

const TIMEOUT_MS = 2_000;
const ERASE_TIMEOUT_MS = 10_000;
/** Records that one script looks up, while the server does nothing else. */
const READ_SLICE = 2_000;
const HALF_CHARACTER = /\p{Surrogate}/u;

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

/**
 * ARGV: what all places begin with, then the rest of each in one JSON array, which is cheaper to send than many
 * arguments. Returns the position, value, subjects and expiry of those that are there: most are not.
 */
const GET = `
local found = {}
for at, rest in ipairs(cjson.decode(ARGV[2])) do
  local record = redis.call('HMGET', ARGV[1] .. rest, 'value', 'subjects', 'expires')
  if record[1] then
    found[#found + 1] = at - 1
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
    const values = new Array<string | undefined>(keys.length).fill(undefined);
    for (const { index, value } of await this.read(placeOf(collection, ''), keys))
      values[index] = value;
    return values;
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
    const found = await this.read('', places);
    return found.map(({ index, ...rest }) => ({
      ...collectionAndKey(places[index] as string),
      ...rest,
    }));
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

  /** Those that are there and have not expired. @param start what all the places begin with. */
  private async read(start: string, rests: readonly string[]): Promise<readonly Found[]> {
    const slices: Promise<readonly Found[]>[] = [];
    for (let at = 0; at < rests.length; at += READ_SLICE)
      slices.push(this.readSlice(start, rests.slice(at, at + READ_SLICE), at));
    return (await Promise.all(slices)).flat();
  }

  private async readSlice(
    start: string,
    rests: readonly string[],
    firstIndex: number,
  ): Promise<readonly Found[]> {
    const list = JSON.stringify(rests.map(wellFormed));
    const answer = this.redis.eval(GET, 0, `${this.prefix}:record:${start}`, list);
    const found = (await within(TIMEOUT_MS, answer)) as (number | string)[];
    const records: Found[] = [];
    const nowMs = this.clock.now();
    for (let at = 0; at < found.length; at += 4) {
      const [value, subjects, expires] = found.slice(at + 1, at + 4) as [string, string, string];
      const expiresAtMs = expires ? Number(expires) : Infinity;
      if (expiresAtMs > nowMs)
        records.push({
          index: firstIndex + (found[at] as number),
          value,
          subjects: subjects ? subjects.split(',') : [],
          expiresAtMs,
        });
    }
    return records;
  }
}

interface Found extends Pick<StoredRecord, 'value' | 'subjects' | 'expiresAtMs'> {
  /** Which of those that were asked for. */
  readonly index: number;
}

/** No part but the last holds the character that joins them. */
function placeOf(collection: string, key: string): string {
  return `${encodeURIComponent(collection)}:${key}`;
}

function collectionAndKey(place: string): Pick<StoredRecord, 'collection' | 'key'> {
  const at = place.indexOf(':');
  return { collection: decodeURIComponent(place.slice(0, at)), key: place.slice(at + 1) };
}

/** As UTF-8 writes it, where JSON would write half a character in a way that the server does not read. */
function wellFormed(text: string): string {
  return HALF_CHARACTER.test(text) ? Buffer.from(text).toString() : text;
}
