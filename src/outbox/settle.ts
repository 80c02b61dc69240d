import type { NextStep } from './outbox';

/** How most entries end: one for all of them. */
export const SETTLE: NextStep = Object.freeze({ kind: 'settle' });
