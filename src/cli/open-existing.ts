import { systemClock } from '../clock';
import { openStorage } from '../open-storage';
import { ActivityStream } from '../outbox/activity';
import type { Storage } from '../outbox/storage';
import type { Vault } from '../records/vault';
import { whyNotExisting } from '../sqlite/existing-database';
import { readSqliteLocation } from '../sqlite/sqlite-location';

/** What the application keeps is for it to forget: nothing that is there is too old to be shown here. */
const SETTINGS = { deadLetterTtlMs: 400 * 24 * 3_600_000 };

/**
 * Opens the storage of an application, and makes none.
 *
 * @throws Error that says what is wrong; holds no password.
 */
export async function openExisting(
  url: string,
  vault: Vault,
  complain: (message: string) => void,
): Promise<Storage> {
  const fault = url.startsWith('file:') ? await faultOfFile(url) : undefined;
  if (fault !== undefined) throw new Error(fault);
  return openStorage(url, SETTINGS, {
    clock: systemClock,
    vault,
    activity: new ActivityStream(),
    logger: { warn: complain, error: complain },
  });
}

export async function closeStorage(storage: Storage): Promise<void> {
  await (storage.close === undefined ? storage.outbox.close() : storage.close());
}

async function faultOfFile(url: string): Promise<string | undefined> {
  const location = readSqliteLocation(url);
  return typeof location === 'string' ? `storage: ${location}` : whyNotExisting(location.path);
}
