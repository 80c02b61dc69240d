import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { systemClock } from '../clock';
import type { Outbox } from '../outbox/outbox';
import { answerAudit, AUDIT_USAGE, readAuditCommand } from './audit-command';
import { readCommandLine, type Command } from './command-line';
import { changed, listed, shown, statistics, type Answer } from './answers';
import { closeStorage, openExisting } from './open-existing';
import type { Env } from './storage-options';
import { oneLine } from './table';
import { USAGE } from './usage';

/** The part of a stream that is needed. */
export interface Output {
  write(text: string): unknown;
}

const DONE = 0;
const FAILED = 1;
const WRONG_USAGE = 2;

/**
 * The command line, without the process around it. Never rejects; the storage is closed when it resolves.
 *
 * @param argv what stands behind the program's name.
 * @returns the exit code: 0 done, 1 failed, 2 wrong usage.
 */
export async function main(
  argv: readonly string[],
  env: Env,
  stdout: Output,
  stderr: Output,
): Promise<number> {
  const complain = (message: string) => {
    stderr.write(`nestjs-server-tracking: ${oneLine(message)}\n`);
  };
  if (argv[0] === 'audit') return onAudit(argv.slice(1), env, stdout, stderr, complain);
  const command = readCommandLine(argv, env, systemClock.now());
  switch (command.kind) {
    case 'help':
      stdout.write(USAGE);
      return DONE;
    case 'version':
      stdout.write(`${version()}\n`);
      return DONE;
    case 'wrong-usage':
      for (const problem of command.problems) complain(problem);
      stderr.write('Try: nestjs-server-tracking --help\n');
      return WRONG_USAGE;
    default:
      try {
        return await onStorage(command, stdout, complain);
      } catch (error) {
        complain(error instanceof Error ? error.message : 'unknown fault');
        return FAILED;
      }
  }
}

async function onAudit(
  argv: readonly string[],
  env: Env,
  stdout: Output,
  stderr: Output,
  complain: (message: string) => void,
): Promise<number> {
  const command = readAuditCommand(argv, env, systemClock.now());
  if (command.kind === 'help') {
    stdout.write(AUDIT_USAGE);
    return DONE;
  }
  if (command.kind === 'wrong-usage') {
    for (const problem of command.problems) complain(problem);
    stderr.write('Try: nestjs-server-tracking audit --help\n');
    return WRONG_USAGE;
  }
  try {
    const { text, isFailure } = await answerAudit(command, complain);
    stdout.write(text);
    return isFailure === true ? FAILED : DONE;
  } catch (error) {
    complain(error instanceof Error ? error.message : 'unknown fault');
    return FAILED;
  }
}

type StorageCommand = Extract<Command, { storage: string }>;

async function onStorage(
  command: StorageCommand,
  stdout: Output,
  complain: (message: string) => void,
): Promise<number> {
  const storage = await openExisting(command.storage, command.vault, complain);
  try {
    const answer = await answerTo(command, storage.outbox);
    const health = storage.health?.() ?? { state: 'ready' };
    // Of a storage that is away, counters are what was known last, which here is nothing.
    const isAway = health.state === 'degraded' && health.isAway === true;
    const isKnown = !isAway || command.kind !== 'stats';
    if (isKnown) stdout.write(answer.text);
    if (answer.note !== undefined) complain(answer.note);
    if (health.state === 'degraded') complain(`the storage has a fault: ${health.reason}`);
    return isAway || answer.isFailure === true ? FAILED : DONE;
  } finally {
    await closeStorage(storage);
  }
}

function answerTo(command: StorageCommand, outbox: Outbox): Promise<Answer> {
  switch (command.kind) {
    case 'stats':
      return statistics(outbox, command);
    case 'list':
      return listed(outbox, command);
    case 'show':
      return shown(outbox, command);
    case 'redrive':
    case 'purge':
      return changed(outbox, command);
  }
}

function version(): string {
  const manifest = readFileSync(join(__dirname, '../../package.json'), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
