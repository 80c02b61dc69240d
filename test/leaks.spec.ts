import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';

import {
  DeadLetterService,
  ServerTrackingService,
  TrackingModule,
  type TrackingActivity,
} from 'nestjs-server-tracking';
import { StripeTrackingModule, StripeTrackingService } from 'nestjs-server-tracking/stripe';
import { PlatformStub, aPurchase } from 'nestjs-server-tracking/testing';

import { main } from '../src/cli/main';
import {
  clearServers,
  dumpFolder,
  dumpPostgres,
  dumpRedis,
  POSTGRES_URL,
  REDIS_URL,
} from './support/dumps';
import { ENCRYPTION_KEY } from './support/encryption';
import { RecordingLogger } from './support/recording-logger';
import { startApp } from './support/start-app';
import { aSession, stripeEvent } from './support/stripe-events';

const PREFIX = `leaks${process.pid}`;
const hasServers = process.env.TRACKING_TEST_SERVERS !== 'none';

/** Words that stand nowhere else, one for each thing that must not be found again. */
const CANARY = {
  email: 'Canary.Mailbox@leaky-example.org',
  phone: '+49 151 98765432',
  firstName: 'Canaryfirst',
  lastName: 'Canarylast',
  street: 'Canarystreet 17',
  city: 'Canarytown',
  postalCode: '94777',
  dateOfBirth: '1983-11-29',
  ip: '198.51.100.137',
  ipV6: '2001:db8:feed:beef::c0ff',
  userAgent: 'CanaryBrowser/7.1',
  clickId: 'CanaryClickIdValue42',
  gaClientId: '1928374655.1749487777',
  resetToken: 'c4n4ryt0k3nc4n4ryt0k3nc4n4ryt0k3n99',
};

/** In the forms in which it could come to light. */
const HITS = [
  CANARY.email,
  CANARY.email.toLowerCase(),
  'canary.mailbox',
  '98765432',
  'anaryfirst',
  'anarylast',
  'anarystreet',
  'anarytown',
  CANARY.postalCode,
  '19831129',
  CANARY.dateOfBirth,
  CANARY.ip,
  CANARY.ipV6,
  'anaryBrowser',
  CANARY.clickId,
  CANARY.gaClientId,
  CANARY.resetToken,
  // Credentials of the stub's accounts.
  'EAAtokenexample',
  'tiktok-token-example',
  'ga4-secret',
  ENCRYPTION_KEY,
];

const user = {
  id: 'user_canary',
  email: CANARY.email,
  phone: CANARY.phone,
  firstName: CANARY.firstName,
  lastName: CANARY.lastName,
  street: CANARY.street,
  city: CANARY.city,
  postalCode: CANARY.postalCode,
  dateOfBirth: CANARY.dateOfBirth,
  country: 'DE',
};
const context = {
  ip: CANARY.ip,
  userAgent: CANARY.userAgent,
  url: `https://shop.example.com/reset/${CANARY.resetToken}?email=${encodeURIComponent(CANARY.email)}&token=${CANARY.resetToken}`,
  referrer: `https://shop.example.com/?phone=${encodeURIComponent(CANARY.phone)}`,
  clickIds: { fbc: `fb.1.1759990000000.${CANARY.clickId}`, ttclid: CANARY.clickId },
  gaClientId: CANARY.gaClientId,
};
const consent = {
  adStorage: 'granted',
  adUserData: 'granted',
  adPersonalization: 'granted',
  analyticsStorage: 'granted',
} as const;

const STORAGES = [
  {
    name: 'SQLite',
    url: (folder: string) => `file:${join(folder, 'tracking.db')}`,
    dump: () => Promise.resolve(''),
  },
  ...(hasServers
    ? [
        {
          name: 'Redis',
          url: () => `${REDIS_URL}?prefix=${PREFIX}`,
          dump: () => dumpRedis(PREFIX),
        },
        {
          name: 'Postgres',
          url: () => `${POSTGRES_URL}?prefix=${PREFIX}`,
          dump: () => dumpPostgres(PREFIX),
        },
      ]
    : []),
];

describe.each(STORAGES)(
  'on every path over $name (TRACKING_TEST_SERVERS=none skips the servers)',
  ({ url, dump }) => {
    afterEach(async () => {
      if (hasServers) await clearServers(PREFIX);
    });

    it('nothing of a person and no secret comes to light', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'leaks-'));
      const stub = await PlatformStub.start();
      const logger = new RecordingLogger();
      const activities: TrackingActivity[] = [];
      const said: unknown[] = [];
      const { app } = await startApp('express', {
        imports: [
          TrackingModule.forRoot({
            ...stub.options(),
            storage: url(folder),
            encryptionKey: ENCRYPTION_KEY,
            audit: { url: `jsonl:${join(folder, 'audit.jsonl')}` },
            delivery: { lingerMs: 1, retryBaseDelayMs: 60_000 },
            logger,
          }),
          StripeTrackingModule.forRoot({ logger }),
        ],
      });
      const tracking = app.get(ServerTrackingService);
      tracking.onActivity((activity) => activities.push(activity));
      // What a platform says of an event it may repeat; TikTok is down, so that its entries wait.
      const echo = JSON.stringify({ error: { code: 100, message: `bad ${JSON.stringify(user)}` } });
      stub.behave('meta', { kind: 'answer', status: 400, body: echo });
      stub.behave('tiktok', { kind: 'outage' });
      try {
        said.push(
          // Where it belongs.
          await tracking.trackRegistration({ user, context, consent }),
          // Where it does not.
          await tracking.trackPurchase({
            ...aPurchase({ orderId: CANARY.email, context, consent, user }),
            coupon: CANARY.email,
            properties: { note: CANARY.phone, deep: { mail: CANARY.email } },
          }),
          await tracking.trackSearch({ searchTerm: CANARY.email, context, consent, user }),
          await tracking.trackCustom({ eventName: CANARY.email, context, consent, user }),
          await tracking.trackLead({ leadName: CANARY.phone, context, consent, user }),
          // Wrong.
          await tracking.trackLogin({
            user: {
              ...user,
              phone: `${CANARY.firstName} no phone`,
              email: `${CANARY.lastName} at home`,
            },
            context: { ...context, ip: CANARY.ipV6, url: `not a URL ${CANARY.email}` },
            consent: { ...consent, region: CANARY.city },
          }),
          await tracking.trackPurchase({
            orderId: '',
            value: NaN,
            currency: CANARY.lastName,
            user,
          }),
          // Withheld.
          await tracking.trackContact({ user, context, consent: { adStorage: 'denied' } }),
        );
        const ref = await tracking.saveContext(CANARY.email, context, { user, consent });
        const session = aSession({
          customer_details: {
            email: CANARY.email,
            name: `${CANARY.firstName} ${CANARY.lastName}`,
            phone: CANARY.phone,
            address: { line1: CANARY.street, city: CANARY.city, postal_code: CANARY.postalCode },
          },
          metadata: { tracking_ref: ref.contextRef },
        });
        const stripe = app.get(StripeTrackingService);
        const { created } = stripeEvent('checkout.session.completed', session);
        const event = stripeEvent('checkout.session.completed', session, {
          created: Math.floor(Date.now() / 1_000),
        });
        expect(created).toBeGreaterThan(0);
        said.push(ref, await stripe.trackStripeEvent(event));
        await sleep(400);
        await tracking.flush({ timeoutMs: 500 });
        await tracking.consent.withdraw(CANARY.email, ['adPersonalization']);
        const letters = await app.get(DeadLetterService).list();
        expect(letters.length).toBeGreaterThan(0);
        // A dead letter is shown to be looked into, but its reason is told to everybody.
        const reasons = letters.map(({ reason }) => reason);
        said.push(tracking.getStatus(), await tracking.stats(), reasons, activities);
        for (const line of ['dead-letters list --json', 'stats'])
          await main(
            line.split(' '),
            { TRACKING_STORAGE_URL: url(folder) },
            { write: (text) => said.push(text) },
            { write: (text) => said.push(text) },
          );
        // While it is running, with its write-ahead log.
        const running = (await dump()) + dumpFolder(folder);
        await app.close();
        const lying = (await dump()) + dumpFolder(folder);
        expect(lying.length).toBeGreaterThan(5_000);
        expect(logger.lines.length).toBeGreaterThan(5);
        const places = {
          running,
          lying,
          logs: logger.lines.join('\n'),
          answers: inspect(said, { depth: 20, maxStringLength: null }),
        };
        const found = Object.entries(places).flatMap(([place, text]) =>
          HITS.filter((hit) => text.toLowerCase().includes(hit.toLowerCase())).map(
            (hit) => `${hit} in ${place}`,
          ),
        );
        expect(found).toEqual([]);
        // It did go out, to those who may have it.
        expect(stub.requestsTo('ga4').some(({ text }) => text.includes(CANARY.gaClientId))).toBe(
          true,
        );
      } finally {
        await app.close();
        await stub.close();
        rmSync(folder, { recursive: true, force: true });
      }
    }, 30_000);
  },
);
