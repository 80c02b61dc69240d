import { readFileSync, readdirSync } from 'node:fs';
import { join, posix } from 'node:path';

import ts from 'typescript';

/** A file or a folder (`events/`) below `src/`; `*` is one part of a path. */
type Pattern = string | RegExp;

/** Contracts that stand directly in `destinations/`; the catalog knows the members and is none. */
const CONTRACT = /^destinations\/(?!catalog\.)[^/]+\.ts$/;

/** Everybody may import these. */
const FREE: readonly Pattern[] = ['clock.ts', 'tracking.error.ts', 'tracking.tokens.ts'];

interface Row {
  readonly who: Pattern;
  readonly mayImport: readonly Pattern[];
  /** Types of these as well, which are gone at run time. */
  readonly types?: readonly Pattern[];
}

/** The first row that fits a file holds for it; every room may also import itself and what is free. */
const ARROWS: readonly Row[] = [
  // the vocabulary, and what is free to all
  { who: 'events/', mayImport: [] },
  { who: 'records/', mayImport: [] },
  { who: 'clock.ts', mayImport: [] },
  { who: 'tracking.tokens.ts', mayImport: [] },
  { who: 'tracking.error.ts', mayImport: ['events/'] },

  // stations of the line
  { who: 'context/', mayImport: ['events/', 'records/'] },
  { who: 'consent/', mayImport: ['events/'] },
  { who: 'privacy/', mayImport: ['events/', 'records/'] },
  { who: 'outbox/', mayImport: ['events/', 'records/'] },
  {
    who: 'audit/',
    mayImport: [
      'events/',
      'records/',
      'privacy/personal-data.ts',
      'sqlite/libsql.ts',
      'sqlite/sqlite-database.ts',
      'sqlite/sqlite-error.ts',
      'sqlite/sqlite-location.ts',
      'sqlite/stored-text.ts',
      'bullmq/peers.ts',
      'bullmq/storage-url.ts',
    ],
  },
  { who: 'delivery/', mayImport: ['outbox/', 'events/', 'destinations/destination.ts'] },
  { who: 'transport/', mayImport: [] },

  // destinations: a new one is a folder and a line of the catalog, and no row here
  { who: 'destinations/catalog.ts', mayImport: ['destinations/*/*.destination.ts'] },
  { who: CONTRACT, mayImport: ['events/'], types: ['transport/'] },
  { who: 'destinations/measurement-protocol/', mayImport: ['events/', CONTRACT] },
  {
    who: /^destinations\/(?:ga4|server-gtm)\//,
    mayImport: ['events/', 'transport/', CONTRACT, 'destinations/measurement-protocol/'],
  },
  { who: 'destinations/*/', mayImport: ['events/', 'transport/', CONTRACT] },

  // the door
  {
    who: 'server-tracking.service.ts',
    mayImport: [
      'event-intake.ts',
      'make-receipt.ts',
      'dedup-check.ts',
      'events/',
      'tracking-status.ts',
    ],
    types: [
      'context/',
      'delivery/',
      'outbox/',
      CONTRACT,
      'event-contexts.ts',
      'match-quality.ts',
      'people.ts',
    ],
  },
  {
    who: 'event-intake.ts',
    mayImport: [
      'audit-trail.ts',
      'make-receipt.ts',
      'outbox-writer.ts',
      'events/',
      'consent/',
      'privacy/',
      'outbox/',
    ],
    types: [
      CONTRACT,
      'event-contexts.ts',
      'match-quality.ts',
      'people.ts',
      'sent-events.ts',
      'tracking-status.ts',
    ],
  },
  { who: 'outbox-writer.ts', mayImport: ['events/', 'outbox/'] },
  { who: 'make-receipt.ts', mayImport: ['events/'] },

  {
    who: 'track.decorator.ts',
    mayImport: ['events/', 'track.interceptor.ts'],
    types: ['tracked-event.ts'],
  },
  {
    who: 'track.interceptor.ts',
    mayImport: ['events/', 'server-tracking.service.ts'],
    types: ['context/', 'tracked-event.ts'],
  },
  { who: 'tracked-event.ts', mayImport: ['events/'] },

  // what the door leans on
  {
    who: 'event-contexts.ts',
    mayImport: ['events/', 'context/', 'consent/', 'privacy/', 'records/'],
    types: ['consent.options.ts'],
  },
  {
    who: 'audit-trail.ts',
    mayImport: ['events/', 'privacy/'],
    types: ['audit/', 'outbox/', 'records/', CONTRACT],
  },
  {
    who: 'people.ts',
    mayImport: ['events/', 'privacy/', 'records/at-most.ts'],
    types: ['context/', 'records/', 'outbox/', 'audit/', 'audit-trail.ts'],
  },

  {
    who: 'match-quality.ts',
    mayImport: ['privacy/minimization.options.ts'],
    types: ['events/', 'outbox/', CONTRACT],
  },

  { who: 'sent-events.ts', mayImport: ['events/'] },
  { who: 'dedup-check.ts', mayImport: [], types: ['sent-events.ts'] },

  // wiring
  { who: 'visitor.options.ts', mayImport: [CONTRACT], types: ['context/'] },
  {
    who: 'tracking-status.ts',
    mayImport: [],
    types: ['audit-trail.ts', 'outbox/', 'delivery/', 'tracking.options.ts'],
  },
  {
    who: 'dead-letter.service.ts',
    mayImport: ['outbox/dead-letter-query.ts'],
    types: ['outbox/', 'server-tracking.service.ts'],
  },
  {
    who: 'open-storage.ts',
    mayImport: ['outbox/', 'records/', 'sqlite/', 'bullmq/'],
  },
  {
    who: 'start-report.ts',
    mayImport: ['privacy/describe-policy.ts'],
    types: ['tracking.options.ts', 'tracking-status.ts'],
  },
  { who: 'safe-logger.ts', mayImport: [] },
  {
    who: 'tracking.env.ts',
    mayImport: ['destinations/catalog.ts'],
    types: ['tracking.options.ts'],
  },
  { who: 'test-events.options.ts', mayImport: [CONTRACT] },
  {
    who: 'test-events.ts',
    mayImport: [CONTRACT, 'test-events.options.ts'],
    types: ['tracking.options.ts'],
  },
  { who: 'tracking-privacy.options.ts', mayImport: ['privacy/', CONTRACT] },
  {
    who: 'consent.options.ts',
    mayImport: ['events/', 'consent/', 'privacy/', CONTRACT, 'destinations/catalog.ts'],
  },
  {
    who: 'tracking.options.ts',
    mayImport: [
      'consent.options.ts',
      'visitor.options.ts',
      'tracking-privacy.options.ts',
      'test-events.options.ts',
      'audit/audit-url.ts',
      'events/',
      'context/',
      'privacy/',
      'delivery/',
      CONTRACT,
      'destinations/catalog.ts',
      'outbox/',
      'records/',
      'sqlite/sqlite-location.ts',
    ],
    types: ['consent/'],
  },
  {
    who: 'tracking.module.ts',
    mayImport: [
      'consent/',
      'event-contexts.ts',
      'people.ts',
      'audit/',
      'audit-trail.ts',
      'events/',
      'context/',
      'records/',
      'privacy/',
      'outbox/',
      'delivery/',
      'transport/',
      'sqlite/',
      'bullmq/',
      CONTRACT,
      'destinations/catalog.ts',
      'server-tracking.service.ts',
      'dead-letter.service.ts',
      'match-quality.ts',
      'sent-events.ts',
      'open-storage.ts',
      'safe-logger.ts',
      'start-report.ts',
      'test-events.ts',
      'tracking-status.ts',
      'tracking.env.ts',
      'tracking.options.ts',
    ],
  },
  {
    who: 'index.ts',
    mayImport: [
      'tracking.module.ts',
      'tracking.env.ts',
      'server-tracking.service.ts',
      'track.decorator.ts',
      'context/capture.interceptor.ts',
      'context/tracking-context.decorator.ts',
      'dead-letter.service.ts',
      'events/',
      'destinations/*/*.service.ts',
      'outbox/',
      'privacy/opt-in-regions.ts',
      'records/',
    ],
    types: [
      'people.ts',
      'privacy/consent-register.ts',
      'event-contexts.ts',
      'visitor.options.ts',
      'test-events.options.ts',
      'match-quality.ts',
      'dedup-check.ts',
      'tracked-event.ts',
      'consent/',
      'consent.options.ts',
      'privacy/consent-gate.ts',
      'tracking.options.ts',
      'tracking-status.ts',
      'context/',
      'privacy/',
      'delivery/',
      'destinations/destination.ts',
      'destinations/*/*.options.ts',
    ],
  },

  // subpath exports: they look in from outside, so nobody imports them
  { who: 'dto/', mayImport: ['events/'] },
  { who: 'health/', mayImport: ['server-tracking.service.ts'] },
  {
    who: 'testing/',
    mayImport: ['events/', 'context/', 'privacy/', 'outbox/', 'records/', CONTRACT],
    types: ['tracking.options.ts', 'audit/'],
  },
  { who: /^(?:sqlite|bullmq)\//, mayImport: ['outbox/', 'records/', 'events/'] },
  {
    who: 'metrics/',
    mayImport: ['server-tracking.service.ts'],
    types: ['outbox/', 'match-quality.ts'],
  },

  // a program of its own
  {
    who: 'cli/',
    mayImport: [
      'open-storage.ts',
      'outbox/',
      'records/',
      'sqlite/existing-database.ts',
      'sqlite/sqlite-location.ts',
      'audit/',
      'records/vault.ts',
    ],
  },
  { who: 'admin/', mayImport: ['outbox/'] },
  {
    who: /^(?:stripe|collect|experiments)\//,
    mayImport: ['server-tracking.service.ts', 'events/', 'context/'],
  },
  { who: 'browser/', mayImport: [], types: ['collect/'] },
];

/** Packages that one room alone may import, because not every host has or wants them. */
const KEPT_PACKAGES: Readonly<Record<string, string>> = {
  '@nestjs/terminus': 'health/',
  'class-validator': 'dto/',
  'class-transformer': 'dto/',
  'facebook-nodejs-business-sdk': 'destinations/meta/',
  stripe: 'nowhere',
  libsql: 'sqlite/',
  bullmq: 'bullmq/',
  ioredis: 'bullmq/',
  pg: 'bullmq/',
  '@iabtcf/core': 'consent/',
  '@iabgpp/cmpapi': 'consent/',
  undici: 'transport/',
  'prom-client': 'metrics/prometheus/',
  '@opentelemetry/api': 'metrics/opentelemetry/',
};

/** 33 MB on disk: loaded when its destination is enabled, never by an import at the top of a file. */
const LAZY_PACKAGES = ['facebook-nodejs-business-sdk'];

/** Of `process`, what neither reads the host's configuration nor changes how the host runs. */
const HARMLESS_OF_PROCESS = ['hrtime', 'nextTick', 'version', 'versions'];

/** Where the process is ours: a command that somebody started. */
const OWN_PROCESS = 'cli/bin.ts';

const ROOT = join(__dirname, '..');

/** Source text by path below `src/`. */
type House = ReadonlyMap<string, string>;

interface Import {
  readonly from: string;
  readonly specifier: string;
  readonly kind: 'value' | 'type' | 'dynamic';
  /** The file below `src/`; `undefined` for a package, and for what leads nowhere. */
  readonly to: string | undefined;
}

const house = readHouse();

describe('the house', () => {
  it('has a row for every file', () => {
    expect(house.size).toBeGreaterThan(0);
    expect(strangers(house)).toEqual([]);
  });

  it('has no wrong arrow', () => {
    expect(wrongArrows(house)).toEqual([]);
  });

  it("imports no folder's index.ts", () => {
    expect(barrels(house)).toEqual([]);
  });

  it('has no circle', () => {
    expect(circles(house)).toEqual([]);
  });

  it('imports only packages that package.json brings to the host', () => {
    expect(undeclaredPackages(house, hostPackages())).toEqual([]);
  });

  it('imports optional packages only in the room that bears their name', () => {
    expect(strayPackages(house)).toEqual([]);
  });

  it('says for every optional peer which room it belongs to', () => {
    expect(Object.keys(KEPT_PACKAGES)).toEqual(expect.arrayContaining(optionalPeers()));
  });

  it('leaves the process and its globals alone', () => {
    expect(processEffects(house)).toEqual([]);
  });
});

describe('the checker', () => {
  it.each<[string, (made: House) => readonly string[], Record<string, string>, string]>([
    [
      'names a wrong arrow with its file and import',
      wrongArrows,
      {
        'context/cookies.ts': `import { enqueue } from '../outbox/outbox';`,
        'outbox/outbox.ts': '',
      },
      "context/cookies.ts imports '../outbox/outbox': outbox/outbox.ts is not for context/",
    ],
    [
      'sees an arrow that is a type, an export or a dynamic import',
      wrongArrows,
      {
        'events/a.ts': `import type { A } from '../privacy/a'; export * from '../privacy/b';
          export const c = () => import('../privacy/c'); let d: import('../privacy/d').D;`,
        'privacy/a.ts': '',
        'privacy/b.ts': '',
        'privacy/c.ts': '',
        'privacy/d.ts': '',
      },
      `events/a.ts imports '../privacy/a': privacy/a.ts is not for events/
events/a.ts imports '../privacy/b': privacy/b.ts is not for events/
events/a.ts imports '../privacy/c': privacy/c.ts is not for events/
events/a.ts imports '../privacy/d': privacy/d.ts is not for events/`,
    ],
    [
      'keeps destinations apart',
      wrongArrows,
      {
        'destinations/tiktok/tiktok.mapping.ts': `import { hash } from '../meta/meta.mapping';`,
        'destinations/meta/meta.mapping.ts': '',
      },
      "destinations/tiktok/tiktok.mapping.ts imports '../meta/meta.mapping': destinations/meta/meta.mapping.ts is not for destinations/tiktok/",
    ],
    [
      'tells a type from a value where only the type may pass',
      wrongArrows,
      {
        'destinations/a.ts': `import { type T } from '../transport/t'; import { type T as U, v } from '../transport/v';`,
        'transport/t.ts': '',
        'transport/v.ts': '',
      },
      "destinations/a.ts imports '../transport/v': of transport/v.ts only types are for destinations/a.ts",
    ],
    [
      'names an import that leaves src/',
      wrongArrows,
      { 'events/a.ts': `import manifest from '../../package.json';` },
      "events/a.ts imports '../../package.json': leads out of src/",
    ],
    [
      'names a file without a room',
      strangers,
      { 'utils/strings.ts': '' },
      'utils/strings.ts: no row for it',
    ],
    [
      'names the import of a barrel',
      barrels,
      { 'outbox/a.ts': `import { B } from '../events';`, 'events/index.ts': '' },
      "outbox/a.ts imports '../events': import the file that defines the thing",
    ],
    [
      'names a circle, link by link',
      circles,
      {
        'events/a.ts': `import { b } from './b';`,
        'events/b.ts': `export { c } from './c';`,
        'events/c.ts': `import { a } from './a';`,
      },
      'events/a.ts → events/b.ts → events/c.ts → events/a.ts',
    ],
    [
      'names a circle that types alone close',
      circles,
      {
        'events/a.ts': `import { b } from './b';`,
        'events/b.ts': `import type { A } from './a';`,
      },
      'events/a.ts → events/b.ts → events/a.ts',
    ],
    [
      'names a package that a host would not have',
      (made) => undeclaredPackages(made, ['@nestjs/common']),
      {
        'events/a.ts': `import { of } from 'rxjs/operators'; import { x } from '@nestjs/common/internal'; import 'fs';`,
      },
      `events/a.ts imports 'rxjs/operators': rxjs is no dependency and no peer
events/a.ts imports 'fs': fs is no dependency and no peer`,
    ],
    [
      'names an optional peer outside its room',
      strayPackages,
      { 'index.ts': `export type { HealthCheckResult } from '@nestjs/terminus';` },
      "index.ts imports '@nestjs/terminus': belongs to health/",
    ],
    [
      'names a heavy package that is not loaded on demand',
      strayPackages,
      {
        'destinations/meta/a.ts': `import * as sdk from 'facebook-nodejs-business-sdk';`,
        'destinations/meta/b.ts': `import type { UserData } from 'facebook-nodejs-business-sdk'; export const load = () => import('facebook-nodejs-business-sdk');`,
      },
      "destinations/meta/a.ts imports 'facebook-nodejs-business-sdk': only as a type or by import()",
    ],
    [
      'names what reaches for the process',
      processEffects,
      {
        'events/a.ts': `const id = process.env.META_PIXEL_ID;
          process.on('exit', () => undefined);
          setInterval(() => undefined, 1);
          const { exit } = process;
          globalThis.process.exit(1);
          process.nextTick(() => undefined);
          import { env } from 'node:process'; timers.setInterval(() => undefined, 1);`,
      },
      `events/a.ts:1 uses process.env
events/a.ts:2 uses process.on
events/a.ts:3 uses setInterval
events/a.ts:4 uses process
events/a.ts:5 uses process.exit
events/a.ts:7 uses node:process
events/a.ts:7 uses setInterval`,
    ],
    [
      'lets a command have its process, and nothing beside it',
      processEffects,
      { 'cli/bin.ts': 'process.exitCode = 1;', 'cli/main.ts': 'main(process.argv);' },
      'cli/main.ts:1 uses process.argv',
    ],
    [
      'names what patches something that is not its own',
      processEffects,
      {
        'events/a.ts': `import * as http from 'node:http';
          globalThis.fetch = mine;
          Array.prototype.last = mine;
          http.request = mine;
          Object.defineProperty(JSON, 'parse', {});
          const own = { a: 1 }; own.a = 2; Object.assign(own, { a: 3 });
          function f(this: { a: number }) { this.a = 4; }
          declare global { var tracking: string; }`,
      },
      `events/a.ts:2 patches globalThis.fetch
events/a.ts:3 patches Array.prototype.last
events/a.ts:4 patches http.request
events/a.ts:5 patches JSON
events/a.ts:8 patches global`,
    ],
  ])('%s', (_rule, check, files, faults) => {
    expect(check(new Map(Object.entries(files))).join('\n')).toBe(faults);
  });
});

function readHouse(): House {
  const src = join(ROOT, 'src');
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.spec.ts'))
    .sort();
  return new Map(files.map((file) => [file, readFileSync(join(src, file), 'utf8')]));
}

function strangers(made: House): string[] {
  return [...made.keys()]
    .filter((file) => rowOf(file) === undefined)
    .map((file) => `${file}: no row for it`);
}

function wrongArrows(made: House): string[] {
  return importsOf(made).flatMap(({ from, specifier, kind, to }) => {
    const wrong = `${from} imports '${specifier}'`;
    if (to === undefined) return specifier.startsWith('.') ? [`${wrong}: leads out of src/`] : [];
    const row = rowOf(from);
    if (row === undefined || isAtHome(from, to, row) || fitsAny(to, FREE)) return [];
    if (fitsAny(to, row.mayImport)) return [];
    if (!fitsAny(to, row.types ?? [])) return [`${wrong}: ${to} is not for ${roomOf(from)}`];
    return kind === 'type' ? [] : [`${wrong}: of ${to} only types are for ${roomOf(from)}`];
  });
}

function barrels(made: House): string[] {
  return importsOf(made)
    .filter(({ to }) => to !== undefined && posix.basename(to) === 'index.ts')
    .map(
      ({ from, specifier }) =>
        `${from} imports '${specifier}': import the file that defines the thing`,
    );
}

/** One way around each circle that is met, types included: a circle of types is a circle of thoughts. */
function circles(made: House): string[] {
  const next = new Map<string, string[]>();
  for (const { from, to } of importsOf(made)) {
    if (to !== undefined) next.set(from, [...(next.get(from) ?? []), to]);
  }
  const found: string[] = [];
  const done = new Set<string>();
  const walk = (file: string, path: readonly string[]): void => {
    const start = path.indexOf(file);
    if (start >= 0) found.push([...path.slice(start), file].join(' → '));
    if (start >= 0 || done.has(file)) return;
    for (const target of next.get(file) ?? []) walk(target, [...path, file]);
    done.add(file);
  };
  for (const file of made.keys()) walk(file, []);
  return found;
}

function undeclaredPackages(made: House, declared: readonly string[]): string[] {
  return importsOf(made).flatMap(({ from, specifier }) => {
    const name = packageOf(specifier);
    return name === undefined || declared.includes(name)
      ? []
      : [`${from} imports '${specifier}': ${name} is no dependency and no peer`];
  });
}

function strayPackages(made: House): string[] {
  return importsOf(made).flatMap(({ from, specifier, kind }) => {
    const name = packageOf(specifier) ?? '';
    const room = KEPT_PACKAGES[name];
    if (room === undefined) return [];
    if (!fits(from, room)) return [`${from} imports '${specifier}': belongs to ${room}`];
    return LAZY_PACKAGES.includes(name) && kind === 'value'
      ? [`${from} imports '${specifier}': only as a type or by import()`]
      : [];
  });
}

function processEffects(made: House): string[] {
  return [...made].flatMap(([file, text]) => {
    const source = parse(file, text);
    const isOwnProcess = file === OWN_PROCESS;
    const own = new Set([...ownNames(source), ...(isOwnProcess ? ['process'] : [])]);
    return nodesOf(source).flatMap((node) => {
      const effect = (isOwnProcess ? undefined : processUse(node)) ?? patchOf(node, own);
      const { line } = source.getLineAndCharacterOfPosition(node.getStart());
      return effect === undefined ? [] : [`${file}:${line + 1} ${effect}`];
    });
  });
}

function processUse(node: ts.Node): string | undefined {
  if (ts.isStringLiteral(node) && node.text === 'node:process') return 'uses node:process';
  if (!ts.isIdentifier(node)) return undefined;
  if (node.text === 'setInterval') return 'uses setInterval';
  if (isNameOfProperty(node)) return undefined;
  const isGlobal = node.text === 'globalThis' || node.text === 'global';
  const name = isGlobal ? memberOf(node) : node.text;
  if (name !== 'process') return undefined;
  const member = memberOf(isGlobal ? node.parent : node);
  if (member === undefined) return 'uses process';
  return HARMLESS_OF_PROCESS.includes(member) ? undefined : `uses process.${member}`;
}

/** What a file assigns to that it did not make: something imported, or something of the language. */
function patchOf(node: ts.Node, own: ReadonlySet<string>): string | undefined {
  if (ts.isModuleDeclaration(node) && node.name.text === 'global') return 'patches global';
  const target = patchedBy(node);
  if (target === undefined) return undefined;
  let root = target;
  let isPrototype = false;
  while (ts.isPropertyAccessExpression(root) || ts.isElementAccessExpression(root)) {
    isPrototype ||= ts.isPropertyAccessExpression(root) && root.name.text === 'prototype';
    root = root.expression;
  }
  const isForeign = ts.isIdentifier(root) && !own.has(root.text);
  return isForeign || isPrototype ? `patches ${target.getText()}` : undefined;
}

function patchedBy(node: ts.Node): ts.Expression | undefined {
  if (ts.isDeleteExpression(node)) return node.expression;
  if (ts.isBinaryExpression(node)) {
    const { kind } = node.operatorToken;
    const isAssignment =
      kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment;
    return isAssignment && !ts.isIdentifier(node.left) ? node.left : undefined;
  }
  const isPatch =
    ts.isCallExpression(node) &&
    /^(?:Object\.(?:assign|definePropert(?:y|ies)|setPrototypeOf)|Reflect\.(?:set|defineProperty|setPrototypeOf))$/.test(
      node.expression.getText(),
    );
  return isPatch ? node.arguments[0] : undefined;
}

/** Names of variables, parameters, functions and classes; not of imports. */
function ownNames(source: ts.SourceFile): ReadonlySet<string> {
  const names = nodesOf(source).flatMap((node) => {
    const isOwn =
      ts.isVariableDeclaration(node) ||
      ts.isParameter(node) ||
      ts.isBindingElement(node) ||
      ts.isFunctionDeclaration(node) ||
      ts.isClassDeclaration(node);
    return isOwn && node.name !== undefined && ts.isIdentifier(node.name) ? [node.name.text] : [];
  });
  return new Set(names);
}

function isNameOfProperty(node: ts.Identifier): boolean {
  const { parent } = node;
  return (
    (ts.isPropertyAccessExpression(parent) && parent.name === node) ||
    ((ts.isPropertyAssignment(parent) ||
      ts.isPropertyDeclaration(parent) ||
      ts.isPropertySignature(parent) ||
      ts.isMethodDeclaration(parent) ||
      ts.isMethodSignature(parent)) &&
      parent.name === node)
  );
}

/** `b` for the `a` in `a.b` and `a['b']`. */
function memberOf(node: ts.Node): string | undefined {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent) && parent.expression === node) return parent.name.text;
  return ts.isElementAccessExpression(parent) && ts.isStringLiteral(parent.argumentExpression)
    ? parent.argumentExpression.text
    : undefined;
}

function importsOf(made: House): Import[] {
  return [...made].flatMap(([from, text]) =>
    nodesOf(parse(from, text)).flatMap((node) => {
      const found = importAt(node);
      return found === undefined
        ? []
        : [{ from, ...found, to: resolveImport(from, found.specifier, made) }];
    }),
  );
}

function importAt(node: ts.Node): Pick<Import, 'specifier' | 'kind'> | undefined {
  if (ts.isImportDeclaration(node)) {
    const clause = node.importClause;
    const names = clause?.namedBindings;
    const isType =
      clause?.phaseModifier === ts.SyntaxKind.TypeKeyword ||
      (clause?.name === undefined &&
        names !== undefined &&
        ts.isNamedImports(names) &&
        areTypes(names.elements));
    return literal(node.moduleSpecifier, isType ? 'type' : 'value');
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined) {
    const names = node.exportClause;
    const isType =
      node.isTypeOnly ||
      (names !== undefined && ts.isNamedExports(names) && areTypes(names.elements));
    return literal(node.moduleSpecifier, isType ? 'type' : 'value');
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    return literal(node.argument.literal, 'type');
  }
  if (ts.isExternalModuleReference(node)) return literal(node.expression, 'value');
  if (!ts.isCallExpression(node)) return undefined;
  if (node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    return literal(node.arguments[0], 'dynamic');
  }
  const isRequire = ts.isIdentifier(node.expression) && node.expression.text === 'require';
  return isRequire ? literal(node.arguments[0], 'value') : undefined;
}

function areTypes(names: readonly { readonly isTypeOnly: boolean }[]): boolean {
  return names.length > 0 && names.every(({ isTypeOnly }) => isTypeOnly);
}

function literal(
  node: ts.Node | undefined,
  kind: Import['kind'],
): Pick<Import, 'specifier' | 'kind'> | undefined {
  return node !== undefined && ts.isStringLiteralLike(node)
    ? { specifier: node.text, kind }
    : undefined;
}

function resolveImport(from: string, specifier: string, made: House): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  const path = posix.join(posix.dirname(from), specifier);
  const bare = path.replace(/\.js$/, '');
  return [path, `${bare}.ts`, posix.join(path, 'index.ts')].find((file) => made.has(file));
}

/** `@scope/name` of `@scope/name/deep`; nothing for what is ours or Node's. */
function packageOf(specifier: string): string | undefined {
  if (specifier.startsWith('.') || specifier.startsWith('node:')) return undefined;
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function rowOf(file: string): Row | undefined {
  return ARROWS.find(({ who }) => fits(file, who));
}

/** In the same folder; of files that stand in no room of their own, those of the same row. */
function isAtHome(from: string, to: string, { who }: Row): boolean {
  if (roomOf(from) === from) return fits(to, who);
  return to.startsWith(roomOf(from));
}

/** The folder that is a room: the first one, below `destinations/` the second. */
function roomOf(file: string): string {
  return /^(?:destinations\/[^/]+\/|(?!destinations\/)[^/]+\/)/.exec(file)?.[0] ?? file;
}

function fitsAny(file: string, patterns: readonly Pattern[]): boolean {
  return patterns.some((pattern) => fits(file, pattern));
}

function fits(file: string, pattern: Pattern): boolean {
  if (pattern instanceof RegExp) return pattern.test(file);
  const expression = pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^/]+');
  return new RegExp(`^${expression}${pattern.endsWith('/') ? '' : '$'}`).test(file);
}

function parse(file: string, text: string): ts.SourceFile {
  return ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
}

function nodesOf(root: ts.Node): ts.Node[] {
  const nodes: ts.Node[] = [];
  const visit = (node: ts.Node): void => {
    nodes.push(node);
    ts.forEachChild(node, visit);
  };
  visit(root);
  return nodes;
}

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional?: boolean }>>;
}

function hostPackages(): string[] {
  const { dependencies, peerDependencies } = manifest();
  return [...Object.keys(dependencies), ...Object.keys(peerDependencies)];
}

function optionalPeers(): string[] {
  return Object.entries(manifest().peerDependenciesMeta)
    .filter(([, { optional }]) => optional === true)
    .map(([name]) => name);
}

function manifest(): Manifest {
  return JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;
}
