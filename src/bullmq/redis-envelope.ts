import type { IRedisTransaction } from 'bullmq';
import type { ChainableCommander, Redis } from 'ioredis';

import { reasonOf } from './alarm';

/** A script, how many keys it has, its keys and its arguments. */
export type EvalCommand = [script: string, keys: number, ...args: (string | number)[]];

/**
 * A client for BullMQ that sends its command together with ours, as one transaction: either what BullMQ does
 * and what we write about it has both happened, or neither.
 */
export class Envelope {
  readonly status = 'ready';
  readonly isCluster = false;
  private readonly sent: Promise<unknown[]>;
  private isSent = false;
  private resolve!: (answers: Promise<unknown[]>) => void;

  /** @param follow the command behind BullMQ's command of that number; none if empty. */
  constructor(
    private readonly redis: Redis,
    private readonly before: readonly EvalCommand[],
    private readonly follow: (index: number) => EvalCommand | [],
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
    const chain = this.redis.multi();
    for (const command of this.before) chain.eval(...command);
    const places: number[] = [];
    const transaction = {
      runCommand: (name: string, args: unknown[]) => {
        places.push(chain.length);
        (chain as unknown as Record<string, (args: unknown[]) => unknown>)[name]?.(args);
        const following = this.follow(places.length - 1);
        if (following.length > 0) chain.eval(...(following as EvalCommand));
        return transaction;
      },
      exec: async () => {
        const executed = executedOf(chain);
        this.isSent = true;
        this.resolve(executed.then((results) => results.map(([error, value]) => error ?? value)));
        const results = await executed;
        // The first place is that of MULTI itself.
        return places.map((place) => results[place - 1]);
      },
    };
    return transaction as unknown as IRedisTransaction;
  }
}

async function executedOf(chain: ChainableCommander): Promise<[Error | null, unknown][]> {
  const results = await chain.exec();
  if (results === null) throw new Error('the transaction was not carried out');
  return results;
}

/** @throws Error the first that failed. */
export async function answersOf(chain: ChainableCommander): Promise<unknown[]> {
  return (await executedOf(chain)).map(([error, value]) => {
    if (error !== null) throw new Error(reasonOf(error));
    return value;
  });
}
