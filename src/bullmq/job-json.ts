import type { JobJson, MinimalJob } from 'bullmq';

import type { Priority } from '../outbox/priority';

/**
 * A group as BullMQ stores it. The most urgent has no priority in BullMQ's sense, which comes before all that
 * have one and is the cheapest.
 */
export function jobJson(id: string, data: string, priority: Priority): JobJson {
  return {
    id,
    name: 'entries',
    data,
    opts: priority === 0 ? { attempts: 0 } : { attempts: 0, priority },
    priority,
    progress: 0,
    attemptsMade: 0,
    attemptsStarted: 0,
    timestamp: Date.now(),
    failedReason: '',
    returnvalue: 'null',
    stalledCounter: 0,
  };
}

/** What BullMQ asks of a job when it changes or ends it. */
export function jobRef({ id }: { readonly id: string }): MinimalJob {
  return { id, opts: {} } as unknown as MinimalJob;
}
