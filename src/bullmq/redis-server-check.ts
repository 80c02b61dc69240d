import type { Redis } from 'ioredis';

/**
 * Whether the server may forget what it was given.
 *
 * @returns one sentence per fault. Managed servers often forbid CONFIG; what is not known is not told.
 */
export async function findServerFaults(redis: Redis): Promise<readonly string[]> {
  const info = readInfo(`${await redis.info('memory')}\n${await redis.info('persistence')}`);
  const config = await readConfig(redis);
  const faults: string[] = [];
  const policy = config?.get('maxmemory-policy') ?? info.get('maxmemory_policy');
  if (policy !== undefined && policy !== 'noeviction')
    faults.push(`maxmemory-policy is ${policy}, so events may be evicted; set it to noeviction`);
  const hasLog = info.get('aof_enabled') === '1' || config?.get('appendonly') === 'yes';
  if (config !== undefined && !hasLog && config.get('save') === '')
    faults.push(
      'neither an append-only file nor snapshots are on, so a restart loses events; set appendonly to yes',
    );
  return faults;
}

async function readConfig(redis: Redis): Promise<ReadonlyMap<string, string> | undefined> {
  try {
    const found = new Map<string, string>();
    for (const name of ['maxmemory-policy', 'appendonly', 'save']) {
      const answer = (await redis.config('GET', name)) as readonly string[];
      if (answer[1] === undefined) return undefined;
      found.set(name, answer[1]);
    }
    return found;
  } catch {
    // Forbidden: INFO has to do.
    return undefined;
  }
}

function readInfo(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split(/\r?\n/).flatMap((line): [string, string][] => {
      const at = line.indexOf(':');
      return at > 0 ? [[line.slice(0, at), line.slice(at + 1)]] : [];
    }),
  );
}
