import type { IRedisTransaction } from 'bullmq';
import type { ChainableCommander, Redis } from 'ioredis';

import { reasonOf } from './alarm';

/** A script, how many keys it has, its keys and its arguments. */
export type EvalCommand = [script: string, keys: number, ...args: (string | number | Buffer)[]];

/** What ioredis keeps to itself. */
interface Inside {
  readonly stream?: { cork(): void; uncork(): void };
}

type Scripts = Record<string, ((args: unknown[]) => Promise<unknown>) | undefined>;
type Executed = [error: Error | null, value: unknown][];

/** Sends one command. */
export type Send = (redis: Redis) => Promise<unknown>;

/**
 * A client for BullMQ that sends its command together with ours, as one transaction: either what BullMQ does
 * and what we write about it has both happened, or neither.
 */
export class Envelope {
  readonly status = 'ready';
  readonly isCluster = false;
  /** Where in the answers that of the last command behind each of BullMQ's commands stands. */
  readonly lastPlaces: number[] = [];
  private readonly sent: Promise<unknown[]>;
  private isSent = false;
  private resolve!: (answers: Promise<unknown[]>) => void;

  /** @param follow what stands behind BullMQ's command of that number. */
  constructor(
    private readonly redis: Redis,
    private readonly before: readonly EvalCommand[],
    private readonly follow: (index: number) => readonly Send[] = () => [],
  ) {
    this.sent = new Promise((resolve) => {
      this.resolve = resolve;
    });
    // Whoever asks for the answers hears of a failure; BullMQ's own call hears of it as well.
    this.sent.catch(() => undefined);
  }

  /** Ask when BullMQ's call is over. Of all commands, in order; an error where one failed. Rejects when none was carried out. */
  answers(): Promise<unknown[]> {
    if (!this.isSent) return Promise.reject(new Error('BullMQ sent nothing'));
    return this.sent;
  }

  async runCommand(name: string, args: unknown[]): Promise<unknown> {
    const pipeline = this.pipeline();
    pipeline.runCommand(name, args);
    const [first] = (await pipeline.exec()) as [[Error | null, unknown]];
    if (first[0] !== null) throw first[0];
    return first[1];
  }

  pipeline(): IRedisTransaction {
    const sends: Send[] = this.before.map((command) => (redis) => redis.eval(...command));
    const places: number[] = [];
    const names: string[] = [];
    const transaction = {
      runCommand: (name: string, args: unknown[]) => {
        const script = scriptOf(this.redis, name);
        places.push(sends.length);
        names.push(name);
        sends.push(() => script(args));
        sends.push(...this.follow(places.length - 1));
        this.lastPlaces.push(sends.length - 1);
        return transaction;
      },
      exec: async () => {
        const executed = transact(this.redis, sends);
        this.isSent = true;
        this.resolve(executed.then((results) => results.map(([error, value]) => error ?? value)));
        const results = await executed;
        const own = places.map((place) => results[place]);
        await this.loadForgotten(names.filter((_name, index) => isForgotten(own[index]?.[0])));
        return own;
      },
    };
    return transaction as unknown as IRedisTransaction;
  }

  /** ioredis believes that the server has them, and within a transaction it does not hear that it has not. */
  private async loadForgotten(names: readonly string[]): Promise<void> {
    const { scriptsSet } = this.redis as unknown as {
      readonly scriptsSet: Record<string, { readonly lua: string } | undefined>;
    };
    for (const name of new Set(names)) {
      const script = scriptsSet[name];
      if (script !== undefined) await this.redis.script('LOAD', script.lua);
    }
  }
}

/** Whether the server does not know the script: a transaction before was refused whole, or somebody removed the scripts. */
function isForgotten(error: Error | null | undefined): boolean {
  return error?.message.startsWith('NOSCRIPT') ?? false;
}

function scriptOf(redis: Redis, name: string): (args: unknown[]) => Promise<unknown> {
  const script = (redis as unknown as Scripts)[name];
  if (script === undefined) throw new Error(`BullMQ has not defined its script ${name}`);
  return script.bind(redis);
}

/**
 * Sends the commands as one transaction, in one piece. A pipeline of ioredis would first be given every script that BullMQ
 * has, which costs more than to send what is in it.
 */
async function transact(redis: Redis, sends: readonly Send[]): Promise<Executed> {
  const { stream } = redis as unknown as Inside;
  stream?.cork();
  const queued = [redis.multi({ pipeline: false }), ...sends.map((send) => send(redis))];
  const executed = redis.exec();
  stream?.uncork();
  const refusals = Promise.allSettled(queued);
  try {
    return carriedOut(await executed);
  } catch (error) {
    // What the server refused before it came to EXEC, such as a write while its memory is full.
    const refused = (await refusals).find(({ status }) => status === 'rejected');
    throw (refused as PromiseRejectedResult | undefined)?.reason ?? error;
  }
}

function carriedOut(results: Executed | null): Executed {
  if (results === null) throw new Error('the transaction was not carried out');
  return results;
}

/** @throws Error the first that failed. */
export async function answersOf(chain: ChainableCommander): Promise<unknown[]> {
  return carriedOut(await chain.exec()).map(([error, value]) => {
    if (error !== null) throw new Error(reasonOf(error));
    return value;
  });
}
