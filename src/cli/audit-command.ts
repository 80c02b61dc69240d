import { parseArgs } from 'node:util';

import { AuditHeads, toBeRead } from '../audit/audit-heads';
import type { AuditLog, AuditQuery, AuditVerification, HeadStore } from '../audit/audit-log';
import { auditKeys, type AuditKeys } from '../audit/audit-key';
import { auditUrlProblem } from '../audit/audit-url';
import { openAuditLog } from '../audit/open-audit-log';
import { whyNoLog } from '../audit/why-no-log';
import { systemClock } from '../clock';
import type { Vault } from '../records/vault';
import type { Answer } from './answers';
import { readMoment } from './moment';
import { closeStorage, openExisting } from './open-existing';
import { readVault, storageUrl, type Env } from './storage-options';

export const AUDIT_USAGE = `Usage: nestjs-server-tracking audit <command> [options]

Commands
  audit verify      whether the log is as it was written
  audit export      lines about a person or an event, one JSON object each; needs --subject or --event-id
  audit purge       removes what is older; needs --before and --yes

Options
  --audit <url>       default: TRACKING_AUDIT_URL; the keys come from TRACKING_ENCRYPTION_KEY
  --subject <hash>    a keyed hash, as the application makes it; may be given several times
  --event-id <ID>     such as purchase:10045
  --since <when>      30m, 12h, 7d, 2w, 2026-01-15 or 2026-01-15T10:00:00Z
  --before <when>
  --storage <url>     verify: where the application keeps the ends of chains; default: TRACKING_STORAGE_URL or REDIS_URL
  --json              verify: for programs
  --yes               purge

Exit codes: 0 done, 1 it failed or the log was changed, 2 wrong usage.
`;

type AuditCommand =
  | { readonly kind: 'help' }
  /** One problem per line. */
  | { readonly kind: 'wrong-usage'; readonly problems: readonly string[] }
  | (OnLog & {
      readonly kind: 'verify';
      readonly isJson: boolean;
      /** Without one, lines missing at the end of a chain do not show. */
      readonly storage: string | undefined;
      readonly vault: Vault;
    })
  | (OnLog & { readonly kind: 'export'; readonly query: AuditQuery })
  | (OnLog & { readonly kind: 'purge'; readonly beforeMs: number });

interface OnLog {
  readonly url: string;
  readonly keys: AuditKeys;
}

const OPTIONS = {
  audit: { type: 'string' },
  subject: { type: 'string', multiple: true },
  'event-id': { type: 'string' },
  since: { type: 'string' },
  before: { type: 'string' },
  storage: { type: 'string' },
  json: { type: 'boolean' },
  yes: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

const TAKEN: Readonly<Record<'verify' | 'export' | 'purge', readonly string[]>> = {
  verify: ['audit', 'storage', 'json'],
  export: ['audit', 'subject', 'event-id', 'since', 'before'],
  purge: ['audit', 'before', 'yes'],
};

/** @param argv what stands behind the word `audit`. Never throws. */
export function readAuditCommand(argv: readonly string[], env: Env, nowMs: number): AuditCommand {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      options: OPTIONS,
      allowPositionals: true,
    });
    if (values.help === true) return { kind: 'help' };
    return commandOf(positionals, values, env, nowMs);
  } catch (error) {
    return { kind: 'wrong-usage', problems: [(error as Error).message] };
  }
}

/** @throws Error when the log cannot be opened or read. */
export async function answerAudit(
  command: Extract<AuditCommand, OnLog>,
  complain: (message: string) => void,
): Promise<Answer> {
  const fault = await whyNoLog(command.url);
  if (fault !== undefined) throw new Error(fault);
  const heads = command.kind === 'verify' ? await headsFor(command, complain) : undefined;
  const log = await openAuditLog(command.url, {
    ...command.keys,
    clock: systemClock,
    logger: { warn: complain, error: complain },
    heads,
    // Its application removes what is too old.
    retentionDays: Infinity,
  });
  try {
    return await answerFrom(log, command);
  } finally {
    await log.close();
  }
}

/** The ends of chains as the application keeps them, to be read alone. */
async function headsFor(
  { storage: url, vault }: Extract<AuditCommand, { kind: 'verify' }>,
  complain: (message: string) => void,
): Promise<HeadStore | undefined> {
  if (url === undefined) {
    complain(
      'the ends of chains were not looked up, so lines cut off there do not show; name the storage: TRACKING_STORAGE_URL or --storage',
    );
    return undefined;
  }
  const storage = await openExisting(url, vault, complain);
  try {
    const heads = await new AuditHeads(storage.records).load();
    return toBeRead({ load: () => Promise.resolve(heads) });
  } finally {
    await closeStorage(storage);
  }
}

async function answerFrom(log: AuditLog, command: Extract<AuditCommand, OnLog>): Promise<Answer> {
  switch (command.kind) {
    case 'verify':
      return verified(await log.verify(), command.isJson);
    case 'export': {
      const entries = await log.query(command.query);
      return { text: entries.map((entry) => `${JSON.stringify(entry)}\n`).join('') };
    }
    case 'purge': {
      const purged = await log.purgeBefore(command.beforeMs);
      return { text: `${purged} ${purged === 1 ? 'line' : 'lines'} removed.\n` };
    }
  }
}

function verified(found: AuditVerification, isJson: boolean): Answer {
  const isFailure = !found.isIntact;
  if (isJson) return { text: `${JSON.stringify(found, undefined, 2)}\n`, isFailure };
  const { records, forgotten, openEnds } = found;
  const extent = `${records} lines are as they were written; somebody was forgotten in ${forgotten}; ${openEnds} open ends.\n`;
  if (found.isIntact) return { text: `Intact: ${extent}` };
  const lines = found.problems.map(
    ({ code, writer, seq, message }) => `${code} ${writer}:${seq ?? '?'} ${message}\n`,
  );
  return { text: `CHANGED: ${found.problemCount} problems. ${extent}${lines.join('')}`, isFailure };
}

function commandOf(
  [name, ...surplus]: readonly string[],
  values: ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'],
  env: Env,
  nowMs: number,
): AuditCommand {
  if (name !== 'verify' && name !== 'export' && name !== 'purge')
    return { kind: 'wrong-usage', problems: ['expected audit verify, export or purge'] };
  const problems = [
    ...surplus.map((word) => `audit ${name} does not know what "${word}" is for`),
    ...Object.keys(values)
      .filter((option) => !TAKEN[name].includes(option))
      .map((option) => `audit ${name} takes no --${option}`),
  ];
  const [sinceMs, beforeMs] = (['since', 'before'] as const).map((option) => {
    const text = values[option];
    const atMs = text === undefined ? undefined : readMoment(text, nowMs);
    if (text !== undefined && atMs === undefined)
      problems.push(
        `--${option}: expected an age such as 12h or 7d, or a time such as 2026-01-15T10:00:00Z`,
      );
    return atMs;
  });
  const { subject: subjects, 'event-id': eventId } = values;
  // An empty one is a variable of a script that was not set.
  if (subjects?.includes('') === true || eventId === '')
    problems.push('--subject or --event-id is empty');
  if (name === 'export' && subjects === undefined && eventId === undefined)
    problems.push('audit export needs --subject or --event-id');
  if (name === 'purge' && values.before === undefined) problems.push('audit purge needs --before');
  if (name === 'purge' && values.yes !== true)
    problems.push('audit purge cannot be undone: say --yes');
  const { url, keys } = readPlace(values.audit, env, problems);
  const named = storageUrl(values.storage, env, problems);
  // The memory is inside the application.
  const storage = named === 'memory:' ? undefined : named;
  if (problems.length > 0 || keys === undefined) return { kind: 'wrong-usage', problems };
  const vault = readVault(env, problems);
  if (name === 'verify')
    return { kind: name, url, keys, storage, vault, isJson: values.json === true };
  if (name === 'purge') return { kind: name, url, keys, beforeMs: beforeMs ?? 0 };
  const query = { subjects, eventId, sinceMs, untilMs: beforeMs, limit: Infinity };
  return { kind: name, url, keys, query };
}

/** Neither is shown: the one may hold a password, the other is a secret. */
function readPlace(option: string | undefined, env: Env, problems: string[]) {
  const url = (option ?? env.TRACKING_AUDIT_URL ?? '').trim();
  const problem = url === '' ? undefined : auditUrlProblem(url);
  if (url === '')
    problems.push('no log: set TRACKING_AUDIT_URL, or say --audit file:./data/audit.db');
  if (problem !== undefined) problems.push(`--audit: ${problem}`);
  return { url, keys: readKeys(env, problems) };
}

function readKeys(env: Env, problems: string[]): AuditKeys | undefined {
  try {
    return auditKeys(env.TRACKING_ENCRYPTION_KEY ?? '');
  } catch (error) {
    problems.push((error as Error).message.replace('encryptionKey', 'TRACKING_ENCRYPTION_KEY'));
    return undefined;
  }
}
