import { inspect } from 'node:util';

import fc from 'fast-check';
import {
  ServerTrackingService,
  TrackingModule,
  type ContextRef,
  type TrackReceipt,
  type TrackingEvent,
} from 'nestjs-server-tracking';
import { PlatformStub, aContext } from 'nestjs-server-tracking/testing';

import { CATALOG } from '../src/destinations/catalog';
import { EVENT_NAMES } from '../src/events/event-rules';
import { RecordingLogger } from './support/recording-logger';
import { startApp, type RunningApp } from './support/start-app';

/** Personal data and secrets that must appear nowhere as they are. */
const CANARIES = {
  email: 'canary.person@leak.example',
  phone: '+1 650 555 0199',
  firstName: 'Canarifirst',
  lastName: 'Canarilast',
  street: '77 Canaristreet',
  city: 'Canaricity',
  state: 'Canaristate',
  postalCode: 'CN4 8RY',
  dateOfBirth: '1983-07-29',
} as const;
const SECRETS = ['EAAtokenexample', 'tiktok-token-example', 'ga4-secret-example'];
const LEAK =
  /canar(?:y\.person|ifirst|ilast|istreet|icity|istate)|leak\.example|650\D{0,3}555\D{0,3}0199|cn4\s?8ry|1983-?07-?29/i;

const RUNS = 20_000;
const CHUNK = 1_000;

/** Stands for an object that throws at every touch; the generator itself may not touch one. */
const THROWS = 'an object that throws';

/** Values of every kind that JavaScript knows, and some that fight back. */
const garbage = fc.oneof(
  fc.anything({
    withBigInt: true,
    withDate: true,
    withNullPrototype: true,
    withMap: true,
    withSet: true,
    withTypedArray: true,
    withSparseArray: true,
  }),
  fc.constantFrom<unknown>(
    undefined,
    null,
    NaN,
    Infinity,
    -0,
    -1,
    5n,
    Symbol('x'),
    () => 1,
    new Date(NaN),
    '',
    ' ',
    'x'.repeat(10_000),
  ),
  fc.constant(null).map(cyclic),
  fc.constant(THROWS),
  fc
    .constant(null)
    .map(() => JSON.parse('{"__proto__":{"polluted":1},"constructor":1}') as unknown),
);

const EVENT_FIELDS = [
  'eventId',
  'occurredAt',
  'user',
  'context',
  'consent',
  'tenantId',
  'only',
  'properties',
  'orderId',
  'value',
  'currency',
  'items',
  'tax',
  'shipping',
  'coupon',
  'searchTerm',
  'phase',
  'eventName',
  'subscriptionId',
  'leadId',
  'method',
  'plan',
];

const goodEvent = {
  orderId: 'A-1',
  value: 49.9,
  currency: 'EUR',
  searchTerm: 'mug',
  phase: 'start',
  eventName: 'Custom',
  subscriptionId: 'sub_1',
  items: [{ id: 'SKU-1', price: 1, quantity: 2 }],
  user: { id: 'user_123', ...CANARIES },
  context: aContext({
    url: `https://shop.example.com/u/?email=${CANARIES.email}&fbclid=X`,
    referrer: `https://shop.example.com/${encodeURIComponent(CANARIES.email)}`,
  }),
};

/** A good event with some of its fields replaced by garbage, also inside user and context. */
const hostileEvent = fc
  .tuple(
    fc.constantFrom(...EVENT_NAMES),
    fc.dictionary(fc.constantFrom(...EVENT_FIELDS), garbage, { maxKeys: 4 }),
    fc.dictionary(
      fc.constantFrom(...Object.keys(CANARIES), 'id', 'fullName', 'gender', 'country'),
      garbage,
      { maxKeys: 3 },
    ),
    fc.dictionary(
      fc.constantFrom(
        'ip',
        'userAgent',
        'url',
        'clickIds',
        'gaClientId',
        'gaSessions',
        'headers',
        'req',
      ),
      garbage,
      { maxKeys: 2 },
    ),
    fc.uuid(),
  )
  .map(([name, fields, user, context, eventId]) => ({
    ...goodEvent,
    eventId,
    user: { ...goodEvent.user, ...user },
    context: { ...goodEvent.context, ...context },
    ...fields,
    name,
  }));

describe('hostile input', () => {
  const logger = new RecordingLogger();
  let stub: PlatformStub;
  let running: RunningApp;
  let tracking: ServerTrackingService;

  beforeAll(async () => {
    stub = await PlatformStub.start();
    running = await startApp('express', {
      imports: [
        TrackingModule.forRoot({
          ...stub.options(),
          tiktok: { ...stub.options().tiktok, sendRefunds: true },
          logger,
        }),
      ],
    });
    tracking = running.app.get(ServerTrackingService);
  });

  afterAll(async () => {
    await running.app.close();
    await stub.close();
  });

  async function expectNoLeak(): Promise<void> {
    await tracking.flush({ timeoutMs: 30_000 });
    for (const { text, url, platform, headers } of stub.requests) {
      expectClean(text);
      if (platform !== 'ga4') for (const secret of SECRETS) expect(url).not.toContain(secret);
      expectClean(inspect(headers));
    }
    const lines = logger.lines.join('\n');
    expectClean(lines);
    for (const secret of SECRETS) expect(lines).not.toContain(secret);
    stub.requests.length = 0;
    logger.lines.length = 0;
  }

  it(`never makes track() reject, and leaks nothing, in ${RUNS} events`, async () => {
    let runs = 0;
    const statuses = new Set<string>();
    await fc.assert(
      fc.asyncProperty(hostileEvent, async (event) => {
        const receipt = await tracking.track(arm(event) as TrackingEvent);
        expectWellFormed(receipt);
        expectClean(inspect(receipt, { depth: 10 }));
        statuses.add(receipt.status);
        runs += 1;
        if (runs % CHUNK === 0) await expectNoLeak();
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
    await expectNoLeak();
    // The property would be empty if nothing had been sent.
    expect([...statuses]).toEqual(expect.arrayContaining(['accepted', 'rejected']));
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  }, 300_000);

  it('never makes track() reject for anything at all', async () => {
    await fc.assert(
      fc.asyncProperty(garbage, fc.constantFrom(...EVENT_NAMES), async (value, name) => {
        expectWellFormed(await tracking.track(arm(value) as TrackingEvent));
        expectWellFormed(await tracking.trackFor('meta', name, arm(value)));
      }),
      { numRuns: 5_000, endOnFailure: true },
    );
    await expectNoLeak();
  }, 120_000);

  it('never makes readRequest() throw', () => {
    const headers = fc.dictionary(
      fc.constantFrom(
        'cookie',
        'referer',
        'host',
        'user-agent',
        'accept',
        'x-forwarded-for',
        'accept-language',
      ),
      fc.oneof(fc.string(), garbage),
    );
    const request = fc.record(
      {
        headers: fc.oneof(headers, garbage),
        url: fc.oneof(fc.string(), fc.webUrl(), garbage),
        method: garbage,
        query: garbage,
        cookies: garbage,
        socket: garbage,
        raw: garbage,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(request, garbage), (generated) => {
        const hostile = arm(generated);
        expect(() => JSON.stringify(tracking.readRequest(hostile as object))).not.toThrow();
        tracking.getClientIp(hostile as object);
        tracking.getUserAgent(hostile as object);
      }),
      { numRuns: 20_000, endOnFailure: true },
    );
  }, 120_000);

  it('takes a 10 MB string, a cycle and a getter that throws for what they are, all named at once', async () => {
    const event = {
      orderId: 'hostile-1',
      value: 1,
      currency: 'EUR',
      coupon: 'x'.repeat(10 * 1_048_576),
      user: {
        id: 'u',
        email: 'y'.repeat(10 * 1_048_576),
        get phone(): string {
          throw new Error(CANARIES.email);
        },
      },
      properties: cyclic(),
      context: throwing(),
    };
    // What the context says of consent cannot be read, and might be a refusal.
    const unread = await tracking.trackPurchase({
      ...event,
      user: {},
      orderId: 'hostile-0',
    } as never);
    expect(unread.status).toBe('skipped');
    const receipt = await tracking.trackPurchase({
      ...event,
      consent: { adStorage: 'granted', adUserData: 'granted', analyticsStorage: 'granted' },
    } as never);
    expect(receipt.status).toBe('accepted');
    expect(receipt.problems.map(({ field }) => field)).toEqual(
      expect.arrayContaining([
        'coupon',
        'user.email',
        'user.phone',
        'properties.self.self.self.self.self',
      ]),
    );
    await expectNoLeak();
  });
});

describe('hostile surroundings', () => {
  it('a logger that throws costs no event', async () => {
    const stub = await PlatformStub.start();
    const fail = () => {
      throw new Error('disk full');
    };
    const { app } = await startApp('express', {
      imports: [
        TrackingModule.forRoot({
          ...stub.options(),
          logger: { log: fail, warn: fail, error: fail },
        }),
      ],
    });
    const receipt = await app
      .get(ServerTrackingService)
      .trackPurchase(
        { ...goodEvent, user: { ...goodEvent.user, phone: 'none' } },
        { until: 'settled', timeoutMs: Infinity },
      );
    expect(receipt).toMatchObject({
      status: 'accepted',
      destinations: { meta: { kind: 'delivered' } },
    });
    await app.close();
    await stub.close();
  });

  it.each<[string, () => unknown]>([
    ['nothing', () => undefined],
    ['a number', () => 7],
    ['a symbol', () => Symbol('key')],
    ['an object that throws', throwing],
  ])('saveContext never rejects for %s as its key', async (_name, key) => {
    const { app } = await startApp('express', {
      imports: [TrackingModule.forRoot({ logger: new RecordingLogger() })],
    });
    const ref = await app.get(ServerTrackingService).saveContext(key() as string, throwing());
    expect(typeof ref.contextRef).toBe('string');
    await app.close();
  });

  it.each<[string, () => unknown]>([
    ['null', () => null],
    ['a number', () => 7],
    ['an object that throws', throwing],
    ['options of the wrong kinds', () => ({ ttlMs: 'soon', user: 7, consent: null })],
  ])('saveContext keeps the visit with %s as its options', async (_name, options) => {
    const { app } = await startApp('express', {
      imports: [TrackingModule.forRoot({ logger: new RecordingLogger() })],
    });
    const tracking = app.get(ServerTrackingService);
    const ref = await tracking.saveContext('order-1', { ip: '203.0.113.7' }, options() as object);
    expect(ref.contextRef).not.toBe('none');
    expect(await tracking.extendContext(ref, 60_000)).toBe(true);
    await app.close();
  });

  it.each<[string, unknown, unknown]>([
    ['no time', undefined, null],
    ['a time that is none', undefined, 'soon'],
    ['a time in the past', undefined, -60_000],
    ['no reference', null, 60_000],
    ['a reference that is none', { contextRef: 7 }, 60_000],
  ])('extendContext changes nothing with %s, and says so', async (_name, given, ttlMs) => {
    const logger = new RecordingLogger();
    const { app } = await startApp('express', { imports: [TrackingModule.forRoot({ logger })] });
    const tracking = app.get(ServerTrackingService);
    const ref = await tracking.saveContext('order-1', { ip: '203.0.113.7' });
    const asked = given === undefined ? ref : (given as ContextRef);
    expect(await tracking.extendContext(asked, ttlMs as number)).toBe(false);
    expect(logger.lines.join()).toContain('extendContext needs what saveContext returned');
    expect(await tracking.extendContext(ref, 60_000)).toBe(true);
    await app.close();
  });
});

describe('mappings', () => {
  it('are all run by the property above', () => {
    expect(CATALOG.map(({ name }) => name)).toEqual(['meta', 'tiktok', 'ga4', 'serverGtm']);
  });
});

function expectWellFormed(receipt: TrackReceipt): void {
  if (!['accepted', 'duplicate', 'rejected', 'skipped'].includes(receipt.status))
    throw new Error(`status ${receipt.status}`);
  for (const problem of receipt.problems) {
    if (problem.code === 'internal') throw new Error(`a fault of ours: ${problem.message}`);
    if (problem.field === '' || problem.message === '')
      throw new Error('a problem without field or message');
  }
  JSON.stringify(receipt);
}

function expectClean(text: string): void {
  const leak = LEAK.exec(text);
  if (leak !== null)
    throw new Error(
      `leaked ${leak[0]} in: ${text.slice(Math.max(0, leak.index - 200), leak.index + 100)}`,
    );
}

/** Puts the objects that throw in place, two levels deep. */
function arm(value: unknown, depth = 0): unknown {
  if (value === THROWS) return throwing();
  const isPlain =
    typeof value === 'object' &&
    value !== null &&
    Object.getPrototypeOf(value) === Object.prototype;
  if (!isPlain || depth > 2) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => [key, arm(field, depth + 1)]),
  );
}

function cyclic(): object {
  const cycle: Record<string, unknown> = { a: 1 };
  cycle.self = cycle;
  return cycle;
}

function throwing(): object {
  return new Proxy(
    {},
    {
      get() {
        throw new Error(CANARIES.email);
      },
      ownKeys() {
        throw new Error(CANARIES.email);
      },
      has() {
        throw new Error(CANARIES.email);
      },
    },
  );
}
