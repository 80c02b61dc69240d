import type { Consent } from '../events/consent';
import { readUser } from '../events/complete-event';
import { FieldReader } from '../events/field-reader';
import type { Problem } from '../events/problem';
import { readConsent } from '../events/read-consent';
import type { UserData } from '../events/user-data';

export interface SaveContextOptions {
  /** How long it is kept; default `context.ttlMs`. */
  readonly ttlMs?: number | undefined;
  /** Who it is, where that is known: what this person withdraws or has erased, holds for it too. */
  readonly user?: Pick<UserData, 'id' | 'email'> | undefined;
  /** What the visitor allowed, where the request does not say it. */
  readonly consent?: Consent | undefined;
}

/** As far as they can be read; what cannot is noted and read as left out, and consent as refused. */
export function readSaveContextOptions(options: unknown, problems: Problem[]): SaveContextOptions {
  if (new FieldReader(problems, { options }).object('options') === undefined) return {};
  const reader = new FieldReader(problems, options as object);
  return {
    ttlMs: reader.number('ttlMs', 1),
    user: reader.raw('user') === undefined ? undefined : readUser(reader),
    consent: readConsent(reader),
  };
}
