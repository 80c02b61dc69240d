import type { AppendResult } from './outbox';

export const STORED: AppendResult = { kind: 'stored' };
export const DUPLICATE: AppendResult = { kind: 'duplicate' };

export const CLOSED: AppendResult = {
  kind: 'refused',
  problem: {
    field: 'storage',
    code: 'storage_unavailable',
    message: 'the application has shut down; the event was not stored',
  },
};

/** The bound of one destination is reached. */
export function overflow(pending: number): AppendResult {
  return {
    kind: 'refused',
    problem: {
      field: 'storage',
      code: 'overflow',
      message: `${pending} entries are pending, so no more are taken; is the destination down?`,
    },
  };
}

/** @param reason what the storage said; it must not hold a password. */
export function unavailable(reason: string): Extract<AppendResult, { kind: 'refused' }> {
  return {
    kind: 'refused',
    problem: {
      field: 'storage',
      code: 'storage_unavailable',
      message: `the event was not stored: ${reason}`,
    },
  };
}
