import type * as BullmqPackage from 'bullmq';
import type * as IoredisPackage from 'ioredis';
import type * as PgPackage from 'pg';

/** What is loaded of the optional packages; it appears in nothing that we export. */
export type Bullmq = typeof BullmqPackage;
export type Ioredis = typeof IoredisPackage;
export type Pg = typeof PgPackage;

export async function loadRedisPeers(): Promise<{ bullmq: Bullmq; ioredis: Ioredis }> {
  const install = 'npm install bullmq ioredis';
  return {
    bullmq: await loaded('bullmq', install, () => import('bullmq')),
    ioredis: await loaded<Ioredis>('ioredis', install, () => import('ioredis')),
  };
}

export async function loadPostgresPeers(): Promise<{ bullmq: Bullmq; pg: Pg }> {
  const install = 'npm install bullmq pg';
  const bullmq = await loaded('bullmq', install, () => import('bullmq'));
  return { bullmq, pg: await loadPg('storage', install) };
}

/** @param what wants it, for the message. */
export async function loadPg(what: string, install = 'npm install pg'): Promise<Pg> {
  const pg = await loaded('pg', install, () => import('pg'), what);
  // What import() finds of a CommonJS package depends on who compiled the caller.
  return (pg as Pg & { default?: Pg }).default ?? pg;
}

async function loaded<Peer>(
  name: string,
  install: string,
  load: () => Promise<Peer>,
  what = 'storage',
): Promise<Peer> {
  try {
    return await load();
  } catch (cause) {
    const code = (cause as { code?: unknown }).code;
    if (code !== 'MODULE_NOT_FOUND' && code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new Error(
      `${what}: the package "${name}" is needed for it and is not installed. Run \`${install}\`.`,
      { cause },
    );
  }
}
