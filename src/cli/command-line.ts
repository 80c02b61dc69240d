import { parseArgs, type ParseArgsConfig } from 'node:util';

import type { DeadLetterQuery } from '../outbox/outbox';
import type { Vault } from '../records/vault';
import { readMoment } from './moment';
import { readVault, storageUrl, type Env } from './storage-options';

interface OnStorage {
  readonly storage: string;
  /** Without a key it opens nothing; what needs no body works nonetheless. */
  readonly vault: Vault;
  readonly isJson: boolean;
}

/** What was asked for. */
export type Command =
  | { readonly kind: 'help' | 'version' }
  /** One problem per line. */
  | { readonly kind: 'wrong-usage'; readonly problems: readonly string[] }
  | (OnStorage & { readonly kind: 'stats' })
  | (OnStorage & { readonly kind: 'list'; readonly query: DeadLetterQuery })
  | (OnStorage & { readonly kind: 'redrive' | 'purge'; readonly query: DeadLetterQuery })
  | (OnStorage & {
      readonly kind: 'show';
      readonly query: DeadLetterQuery;
      /** Also what the platform would have read. */
      readonly withBody: boolean;
    });

const OPTIONS = {
  destination: { type: 'string' },
  event: { type: 'string' },
  'event-id': { type: 'string' },
  reason: { type: 'string' },
  before: { type: 'string' },
  limit: { type: 'string' },
  storage: { type: 'string' },
  json: { type: 'boolean' },
  body: { type: 'boolean' },
  yes: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const satisfies ParseArgsConfig['options'];

type OptionName = keyof typeof OPTIONS;
type Values = Readonly<Partial<Record<OptionName, string | boolean>>>;
type CommandName = 'stats' | 'list' | 'show' | 'redrive' | 'purge';

const FILTERS: readonly OptionName[] = [
  'destination',
  'event',
  'event-id',
  'reason',
  'before',
  'limit',
];
const EVERYWHERE: readonly OptionName[] = ['storage', 'json'];
const TAKEN: Readonly<Record<CommandName, readonly OptionName[]>> = {
  stats: EVERYWHERE,
  list: [...EVERYWHERE, ...FILTERS],
  show: [...EVERYWHERE, ...FILTERS, 'body'],
  redrive: [...EVERYWHERE, ...FILTERS, 'yes'],
  purge: [...EVERYWHERE, ...FILTERS, 'yes'],
};

/** Reads everything before anything is done, so that all problems are told together. Never throws. */
export function readCommandLine(argv: readonly string[], env: Env, nowMs: number): Command {
  let values: Values;
  let words: readonly string[];
  try {
    ({ values, positionals: words } = parseArgs({
      args: [...argv],
      options: OPTIONS,
      allowPositionals: true,
    }));
  } catch (error) {
    return { kind: 'wrong-usage', problems: [(error as Error).message] };
  }
  if (values.help === true) return { kind: 'help' };
  if (values.version === true) return { kind: 'version' };
  const name = commandOf(words);
  if (name === undefined) return { kind: 'wrong-usage', problems: [unknownCommand(words)] };
  const problems = [
    ...surplusWords(name, words),
    ...(Object.keys(values) as OptionName[])
      .filter((option) => !TAKEN[name].includes(option))
      .map((option) => `${titleOf(name)} takes no --${option}`),
  ];
  const query = readQuery(name, values, words, nowMs, problems);
  const storage = readStorage(values, env, problems);
  const vault = readVault(env, problems);
  if (values.yes !== true) problems.push(...needOfYes(name, query));
  if (name === 'show' && !isNarrow(query))
    problems.push('dead-letters show needs an event ID or a filter');
  if (problems.length > 0) return { kind: 'wrong-usage', problems };
  const onStorage = { storage, vault, isJson: values.json === true };
  switch (name) {
    case 'stats':
      return { kind: name, ...onStorage };
    case 'show':
      return { kind: name, query, withBody: values.body === true, ...onStorage };
    default:
      return { kind: name, query, ...onStorage };
  }
}

function commandOf([first, second]: readonly string[]): CommandName | undefined {
  if (first === 'stats') return first;
  const isKnown =
    first === 'dead-letters' &&
    (second === 'list' || second === 'show' || second === 'redrive' || second === 'purge');
  return isKnown ? second : undefined;
}

function unknownCommand([first, second]: readonly string[]): string {
  if (first === undefined) return 'expected a command: dead-letters, stats or audit';
  if (first !== 'dead-letters')
    return `there is no command "${first}"; expected dead-letters, stats or audit`;
  const expected = 'expected dead-letters list, show, redrive or purge';
  return second === undefined ? expected : `there is no command "${first} ${second}"; ${expected}`;
}

function titleOf(name: CommandName): string {
  return name === 'stats' ? name : `dead-letters ${name}`;
}

function surplusWords(name: CommandName, words: readonly string[]): string[] {
  const surplus = words.slice(name === 'stats' ? 1 : name === 'show' ? 3 : 2);
  return surplus.map((word) => `${titleOf(name)} does not know what "${word}" is for`);
}

function readQuery(
  name: CommandName,
  values: Values,
  words: readonly string[],
  nowMs: number,
  problems: string[],
): DeadLetterQuery {
  const text = (option: OptionName): string | undefined => {
    const value = values[option];
    if (typeof value !== 'string') return undefined;
    // An empty one is a variable of a script that was not set, and would mean all of them.
    if (value.trim() === '') problems.push(`--${option} is empty`);
    return value;
  };
  const named = name === 'show' ? words[2] : undefined;
  const eventId = text('event-id');
  if (named !== undefined && eventId !== undefined)
    problems.push('the event ID was given twice: as it is, and as --event-id');
  const before = text('before');
  const beforeMs = before === undefined ? undefined : readMoment(before, nowMs);
  if (before !== undefined && beforeMs === undefined)
    problems.push(
      '--before: expected an age such as 12h or 7d, or a time such as 2026-01-15T10:00:00Z',
    );
  const limit = text('limit');
  if (limit !== undefined && !/^[1-9]\d{0,8}$/.test(limit))
    problems.push('--limit: expected a whole number from 1');
  const query: DeadLetterQuery = {
    destination: text('destination'),
    eventName: text('event'),
    eventId: eventId ?? named,
    reason: text('reason'),
    beforeMs,
    limit: limit === undefined ? undefined : Number(limit),
  };
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined));
}

/** The option, else the environment, as the module reads it. */
function readStorage(values: Values, env: Env, problems: string[]): string {
  const asked = storageUrl(values.storage, env, problems);
  if (asked === undefined)
    problems.push('no storage: set TRACKING_STORAGE_URL, or say --storage file:./data/tracking.db');
  if (asked === 'memory:')
    problems.push(
      'memory: is inside the application, where no other process sees it; use DeadLetterService there',
    );
  return asked ?? '';
}

function needOfYes(name: CommandName, query: DeadLetterQuery): string[] {
  if (name === 'purge') return ['dead-letters purge cannot be undone: say --yes'];
  return name === 'redrive' && !isNarrow(query)
    ? ['dead-letters redrive without a filter means all of them: say --yes']
    : [];
}

function isNarrow(query: DeadLetterQuery): boolean {
  return Object.keys(query).length > 0;
}
