import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  describeOutbox,
  describeRecordStore,
  type FakeClock,
} from 'nestjs-server-tracking/testing';

import { ActivityStream } from '../src/outbox/activity';
import { DURABLE_DEFAULTS, type OutboxSettings } from '../src/outbox/outbox-settings';
import type { Outbox } from '../src/outbox/outbox';
import type { Storage } from '../src/outbox/storage';
import { openSqliteStorage } from '../src/sqlite/sqlite-storage';
import { VAULT } from './support/encryption';

const folders: string[] = [];
const closers: (() => Promise<void> | undefined)[] = [];
const opened: Outbox[] = [];
let path = '';

afterEach(async () => {
  opened.length = 0;
  for (const close of closers.splice(0)) await close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

describeOutbox('sqlite', {
  create: async (clock, settings) => {
    newFile();
    return (await open(clock, settings)).outbox;
  },
  another: async (clock, settings) => (await open(clock, settings)).outbox,
  settle: async () => {
    for (let turn = 0; turn < 4; turn += 1) {
      for (const outbox of opened) await outbox.stats();
      await new Promise((resolve) => setTimeout(resolve, 4));
    }
  },
});

describeRecordStore('sqlite', {
  create: async (clock) => {
    newFile();
    return (await open(clock)).records;
  },
  another: async (clock) => (await open(clock)).records,
});

function newFile(): void {
  const folder = mkdtempSync(join(tmpdir(), 'tracking-'));
  folders.push(folder);
  path = join(folder, 'tracking.db');
}

async function open(clock: FakeClock, settings: Partial<OutboxSettings> = {}): Promise<Storage> {
  const storage = await openSqliteStorage(`file:${path}`, {
    clock,
    settings: { ...DURABLE_DEFAULTS, ...settings },
    vault: VAULT,
    activity: new ActivityStream(),
    logger: { warn: () => undefined, error: () => undefined },
  });
  closers.push(() => storage.close?.());
  opened.push(storage.outbox);
  return storage;
}
