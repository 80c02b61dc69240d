import assert from 'node:assert/strict';

import type { Destination } from '../destinations/destination';
import type { ProtectedEvent } from '../events/protected-event';
import { everyEvent } from './event-builders';
import type { PlatformBehavior, PlatformName } from './platform-answers';
import { PlatformStub } from './platform-stub';
import { protectForTest } from './protect-for-test';
import { testRunner } from './test-runner';

export interface DestinationSubject {
  /** Which platform of the stub it speaks to. */
  readonly platform: PlatformName;
  /** A destination that is pointed at the stub. */
  create(stub: PlatformStub): Promise<Destination> | Destination;
  /** Texts that must not appear in any reason: tokens and secrets. */
  readonly secrets: readonly string[];
}

/** The contract of a destination as tests, against a real HTTP server. */
export function describeDestination(name: string, subject: DestinationSubject): void {
  const { describe, it } = testRunner();
  describe(`destination contract: ${name}`, () => {
    const rule = (
      title: string,
      body: (destination: Destination, stub: PlatformStub) => Promise<void> | void,
    ) => {
      it(title, async () => {
        const stub = await PlatformStub.start();
        try {
          await body(await subject.create(stub), stub);
        } finally {
          await stub.close();
        }
      });
    };

    rule(
      'has every canonical event encoded, unsupported or refused with a reason',
      (destination) => {
        for (const event of everyEvent().map(protectForTest)) {
          const encoding = destination.encode(event);
          if (encoding.kind !== 'encoded') assert.ok(encoding.reason.length > 10, event.name);
          else assert.doesNotThrow(() => JSON.parse(encoding.wire.body) as unknown);
        }
      },
    );

    rule('encodes the same event to the same bytes and leaves it as it was', (destination) => {
      for (const event of everyEvent().map(protectForTest)) {
        const before = JSON.stringify(event);
        assert.deepEqual(destination.encode(event), destination.encode(event));
        assert.equal(JSON.stringify(event), before);
      }
    });

    rule('takes an event of which only the minimum is known without throwing', (destination) => {
      assert.doesNotThrow(() => destination.encode(protectForTest({ name: 'contact' })));
    });

    rule('delivers a batch in one request, one outcome per event', async (destination, stub) => {
      const wires = wiresOf(destination, [purchase('1'), purchase('2'), purchase('3')]);
      const outcomes = await destination.deliver(wires, NEVER);
      assert.deepEqual(
        outcomes.map(({ kind }) => kind),
        ['delivered', 'delivered', 'delivered'],
      );
      assert.equal(stub.requests.length, 1);
      assert.equal(stub.requests[0]?.method, 'POST');
      assert.equal(stub.requests[0].platform, subject.platform);
      assert.equal(stub.eventsAt(subject.platform).length, 3);
    });

    const classified: readonly [string, PlatformBehavior, readonly string[]][] = [
      ['an outage', { kind: 'outage' }, ['retryable']],
      ['throttling', { kind: 'throttle', retryAfter: '30' }, ['retryable']],
      ['a refused token', { kind: 'auth-error' }, ['permanent']],
      [
        'an HTML page with status 502',
        { kind: 'answer', status: 502, body: '<html>' },
        ['retryable'],
      ],
      [
        'a redirect',
        { kind: 'redirect', location: 'http://127.0.0.1:1/elsewhere' },
        ['retryable', 'permanent'],
      ],
    ];
    for (const [what, behavior, allowed] of classified) {
      rule(`classifies ${what}`, async (destination, stub) => {
        stub.behave(subject.platform, behavior);
        const [outcome] = await destination.deliver(wiresOf(destination, [purchase('1')]), NEVER);
        assert.ok(outcome !== undefined && allowed.includes(outcome.kind), outcome?.kind);
        assert.equal(stub.requests.length, 1);
        for (const secret of subject.secrets) assert.ok(!JSON.stringify(outcome).includes(secret));
      });
    }

    rule('retries a purchase after a broken connection', async (destination, stub) => {
      stub.behave(subject.platform, { kind: 'reset' });
      const [outcome] = await destination.deliver(wiresOf(destination, [purchase('1')]), NEVER);
      assert.equal(outcome?.kind, 'retryable');
    });

    rule('ends when the signal says so', async (destination, stub) => {
      stub.behave(subject.platform, { kind: 'hang' });
      const [outcome] = await destination.deliver(
        wiresOf(destination, [purchase('1')]),
        AbortSignal.timeout(50),
      );
      assert.equal(outcome?.kind, 'retryable');
    });

    rule('reads no endless answer', async (destination, stub) => {
      stub.behave(subject.platform, { kind: 'flood', bytes: 100 * 1_048_576 });
      const outcomes = await destination.deliver(
        wiresOf(destination, [purchase('1')]),
        AbortSignal.timeout(5_000),
      );
      assert.equal(outcomes.length, 1);
    });

    rule('answers with an outcome when nobody listens', async (destination, stub) => {
      const wires = wiresOf(destination, [purchase('1')]);
      await stub.close();
      const [outcome] = await destination.deliver(wires, NEVER);
      assert.equal(outcome?.kind, 'retryable');
    });
  });
}

const NEVER = new AbortController().signal;

function purchase(orderId: string): ProtectedEvent {
  const event = everyEvent().find(({ name }) => name === 'purchase');
  assert.ok(event !== undefined);
  return protectForTest({ ...event, orderId } as typeof event);
}

function wiresOf(destination: Destination, events: readonly ProtectedEvent[]) {
  return events.map((event) => {
    const encoding = destination.encode(event);
    assert.equal(encoding.kind, 'encoded');
    return encoding.wire;
  });
}
