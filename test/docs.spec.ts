import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import ts from 'typescript';

import { CATALOG } from '../src/destinations/catalog';

const ROOT = resolve(__dirname, '..');
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const PAGES = ['README.md', 'CHANGELOG.md', 'examples/shop/README.md', ...markdownIn('docs')];

const VARIABLES = [
  ...CATALOG.flatMap(({ env }) => Object.values<string>(env)),
  'TRACKING_STORAGE_URL',
  'TRACKING_ENCRYPTION_KEY',
  'TRACKING_AUDIT_URL',
  'TRACKING_ROLE',
];

/** What few hosts need stands in a guide instead of the README. */
const IN_GUIDES: Readonly<Record<string, string>> = {
  TRACKING_TRANSPORT: 'docs/performance.md',
  TRACKING_ALLOW_TEST_EVENTS_UNTIL: 'docs/guides/test-events.md',
};

describe('.env.example', () => {
  const names = [...read('.env.example').matchAll(/^([A-Z0-9_]+)=/gm)].map(([, name]) => name);

  it('has every variable that is read, and no other', () => {
    expect([...names].sort()).toEqual([...VARIABLES, ...Object.keys(IN_GUIDES)].sort());
  });

  it('holds no value', () => {
    expect(read('.env.example')).not.toMatch(/^[A-Z0-9_]+=.+$/m);
  });
});

describe('README', () => {
  it.each([...VARIABLES, 'REDIS_URL'])('tells of %s', (name) => {
    expect(read('README.md')).toContain(`\`${name}\``);
  });

  it.each(Object.entries(IN_GUIDES))('leaves %s to %s', (name, page) => {
    expect(read(page)).toContain(`\`${name}\``);
  });

  it('names commands that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    expect(read('README.md')).toContain('npm ci && npm run demo');
    expect(read('README.md')).toContain('npm ci && npm test');
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(['demo', 'test', 'bench']));
  });

  it('has its first event in under twenty lines', () => {
    const [first] = snippetsOf('README.md');
    expect(first?.trim().split('\n').length).toBeLessThan(20);
  });
});

describe('links', () => {
  it.each(PAGES)('of %s lead somewhere', (page) => {
    const broken = [...read(page).matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g)]
      .map(([, target]) => target ?? '')
      .filter((target) => !existsSync(join(ROOT, dirname(page), target)));
    expect(broken).toEqual([]);
  });

  it('into the README lead to its headings', () => {
    const headings = [...read('README.md').matchAll(/^#+ (.+)$/gm)].map(([, text]) =>
      (text ?? '')
        .toLowerCase()
        .replace(/[^\w\s-]/g, '')
        .replace(/\s/g, '-'),
    );
    const anchors = [...read('README.md').matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor]) => anchor);
    expect(headings).toEqual(expect.arrayContaining(anchors));
  });
});

describe('snippets', () => {
  it('compile', () => {
    const files = new Map(
      PAGES.flatMap((page) =>
        snippetsOf(page).map(
          (code, index) =>
            [
              join(ROOT, 'test', `${page.replace(/\W/g, '-')}-${index}.ts`),
              asModule(code),
            ] as const,
        ),
      ),
    );
    expect(files.size).toBeGreaterThanOrEqual(7);
    expect(compile(files)).toEqual([]);
  }, 60_000);
});

function snippetsOf(page: string): string[] {
  return [...read(page).matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code]) => code ?? '');
}

/** What a reader would have around a snippet. */
const AROUND = `
import { BadRequestException, Body, Controller, createParamDecorator, Delete, Get, Headers, Injectable, Module, Post, Req, ServiceUnavailableException, type INestApplication, type RawBodyRequest } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { NestFactory } from '@nestjs/core';
import type { Request } from 'express';
import { fromMinorUnits, optionsFromEnv, ServerTrackingService, Track, TrackingContext, TrackingModule, type Consent, type HandledCall, type PurchaseInput, type RequestContext } from 'nestjs-server-tracking';
import { StripeTrackingModule, StripeTrackingService } from 'nestjs-server-tracking/stripe';
import { PlatformStub } from 'nestjs-server-tracking/testing';
import type Stripe from 'stripe';
import supertest from 'supertest';
`;
const VALUES = `
declare const tracking: ServerTrackingService;
declare const order: PurchaseInput & { id: string };
declare const user: User;
declare const input: PurchaseInput;
declare const request: typeof supertest;
declare const context: { waitUntil(work: Promise<unknown>): void };
declare const { waitUntil }: typeof context;
declare const options: object;
declare function log(what: object): void;
declare class AppModule {}
declare function startYourApp(options: { env: Record<string, string> }): Promise<never>;
`;
const MEMBERS = `
declare tracking: ServerTrackingService;
declare stripeTracking: StripeTrackingService;
declare stripe: Stripe;
declare secret: string;
declare users: { create(dto: RegisterDto): Promise<{ id: string; email: string }> };
declare consents: { ofOrder(id: string): Promise<Consent> };
`;
const TYPES = `
interface User { id: string; email: string }
declare const CurrentUser: () => ParameterDecorator;
interface RegisterDto { email: string; consent: Consent }
interface Order { id: string; lines: Stripe.Checkout.SessionCreateParams.LineItem[] }
`;

function asModule(code: string): string {
  if (/^import /m.test(code) && /^@Module|^export class/m.test(code)) return code;
  if (!/^import /m.test(code) && /^export class/m.test(code)) return `${AROUND}${TYPES}${code}`;
  if (/^(?:@Post|async \w+\()/m.test(code))
    return `${AROUND}${TYPES}@Controller()\nexport class Snippet {${MEMBERS}${code}}`;
  const imports = code.match(/^import .*$/gm) ?? [];
  const body = code.replace(/^import .*$/gm, '');
  const around = imports.length > 0 ? AROUND.replace(/import \{ PlatformStub.*\n/, '') : AROUND;
  return `${around}${imports.join('\n')}${TYPES}${VALUES}export async function snippet() {\n${body}\n}`;
}

function compile(files: ReadonlyMap<string, string>): string[] {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (file) =>
    ts.sys.readFile(file),
  ) as { config: object };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
  const host = ts.createCompilerHost({ ...options, noUnusedLocals: false });
  const readFile = host.readFile.bind(host);
  const fileExists = host.fileExists.bind(host);
  host.readFile = (file) => files.get(file) ?? readFile(file);
  host.fileExists = (file) => files.has(file) || fileExists(file);
  host.getSourceFile = (file, languageVersion) => {
    const text = host.readFile(file);
    return text === undefined ? undefined : ts.createSourceFile(file, text, languageVersion);
  };
  const program = ts.createProgram(
    [...files.keys()],
    {
      ...options,
      noUnusedLocals: false,
      noUnusedParameters: false,
      // As the strictest host has it.
      noUncheckedIndexedAccess: true,
      exactOptionalPropertyTypes: true,
    },
    host,
  );
  return [...files.keys()].flatMap((file) =>
    ts
      .getPreEmitDiagnostics(program, program.getSourceFile(file))
      .map(
        ({ messageText }) =>
          `${file.slice(ROOT.length)}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
      ),
  );
}

function markdownIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => join(folder, file));
}
