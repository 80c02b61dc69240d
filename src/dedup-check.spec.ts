import {
  checkDeduplication,
  type BrowserEvent,
  type DeduplicationCause,
  type DeduplicationReport,
} from './dedup-check';
import type { EventName } from './events/tracking-event';
import { SentEvents, type SentEvent } from './sent-events';

const NOW_MS = Date.UTC(2026, 0, 15, 10);
const HOUR_MS = 3_600_000;

function sent(name: string, eventId: string, eventName: EventName = 'purchase'): SentEvent {
  return { name, eventName, eventId, occurredAtMs: NOW_MS };
}

function causesOf({ findings }: DeduplicationReport): DeduplicationCause[] {
  return findings.map(({ cause }) => cause);
}

const PURCHASE = sent('Purchase', 'purchase:A-1042');
const UUID = '0b8f6c1e-6f0e-4c39-9c52-1d7c5e0a1b2c';

describe('checkDeduplication', () => {
  it('pairs what has the same name and ID', () => {
    const report = checkDeduplication(
      [
        { name: 'Purchase', eventId: 'purchase:A-1042', occurredAt: new Date(NOW_MS) },
        { name: 'PageView', eventId: 'pv-1' },
      ],
      [PURCHASE, sent('PageView', 'pv-1', 'page_view'), sent('Refund', 'refund:1', 'refund')],
    );
    expect(report).toEqual({
      server: 3,
      browser: 2,
      paired: 2,
      share: 1,
      onlyServer: ['Refund'],
      onlyBrowser: [],
      findings: [],
    });
  });

  it.each<[string, BrowserEvent, DeduplicationCause, RegExp]>([
    ['no ID', { name: 'Purchase' }, 'missing-id', /no event ID/],
    ['an empty ID', { name: 'Purchase', eventId: '' }, 'missing-id', /no event ID/],
    [
      'a missing prefix',
      { name: 'Purchase', eventId: 'A-1042' },
      'prefix',
      /begin with "purchase:"/,
    ],
    ['another prefix', { name: 'Purchase', eventId: 'order_1042' }, 'prefix', /end alike/],
    ['a number without the prefix', { name: 'Purchase', eventId: 1042 }, 'prefix', /end alike/],
    ['another case', { name: 'Purchase', eventId: 'Purchase:a-1042' }, 'case', /letter by letter/],
    ['spaces', { name: 'Purchase', eventId: ' purchase:A-1042' }, 'spaces', /spaces/],
    ['an ID of its own', { name: 'Purchase', eventId: UUID }, 'unrelated-ids', /make it once/],
    [
      'a name in another case',
      { name: 'purchase', eventId: 'purchase:A-1042' },
      'other-name',
      /the server calls it Purchase/,
    ],
    ['our name', { name: 'sign_up', eventId: 'x' }, 'other-name', /calls it CompleteRegistration/],
    [
      'another name under the same ID',
      { name: 'CompletePayment', eventId: 'purchase:A-1042' },
      'other-name',
      /the server calls it Purchase/,
    ],
    ['what the server never sends', { name: 'Lead', eventId: 'l-1' }, 'not-at-server', /not sent/],
    [
      'a copy of three days before',
      {
        name: 'Purchase',
        eventId: 'purchase:A-1042',
        occurredAt: new Date(NOW_MS - 72 * HOUR_MS).toISOString(),
      },
      'too-far-apart',
      /48 hours/,
    ],
  ])('finds %s', (_name, event, cause, message) => {
    const report = checkDeduplication(
      [event],
      [PURCHASE, sent('CompleteRegistration', 'r-1', 'sign_up')],
    );
    expect(report).toMatchObject({ paired: 0, share: 0, findings: [{ cause, events: 1 }] });
    expect(report.findings[0]?.message).toMatch(message);
  });

  it('finds a number where the server has text', () => {
    const report = checkDeduplication(
      [{ name: 'Purchase', eventId: 1042 }],
      [sent('Purchase', '1042')],
    );
    expect(causesOf(report)).toEqual(['number']);
  });

  it('takes copies within 48 hours, and times that cannot be read, for close enough', () => {
    const times = [NOW_MS - 47 * HOUR_MS, NOW_MS / 1_000, 'soon', undefined];
    const browser = times.map((occurredAt) => ({
      name: 'Purchase',
      eventId: PURCHASE.eventId,
      occurredAt,
    }));
    expect(checkDeduplication(browser, [PURCHASE]).share).toBe(1);
  });

  it('does not blame an ID that looks like one that has its twin', () => {
    const browser = [
      { name: 'Purchase', eventId: 'purchase:A-1042' },
      { name: 'Purchase', eventId: '1042' },
    ];
    expect(causesOf(checkDeduplication(browser, [PURCHASE]))).toEqual(['not-at-server']);
  });

  it('tells every event once: paired, or in one finding, the most frequent first', () => {
    const orders = Array.from({ length: 10 }, (_value, index) => String(2_000 + index));
    const server = orders.map((order) => sent('Purchase', `purchase:${order}`));
    const browser: BrowserEvent[] = [
      ...orders.slice(0, 3).map((order) => ({ name: 'Purchase', eventId: `purchase:${order}` })),
      ...orders.slice(3, 8).map((order) => ({ name: 'Purchase', eventId: order })),
      { name: 'Purchase' },
      { name: 'Lead', eventId: 'l-1' },
    ];
    const report = checkDeduplication(browser, server);
    expect(report).toMatchObject({ paired: 3, share: 0.3, onlyBrowser: ['Lead'] });
    expect(report.findings.map(({ cause, events }) => [cause, events])).toEqual([
      ['prefix', 5],
      ['missing-id', 1],
      ['not-at-server', 1],
    ]);
    expect(report.findings[0]?.example).toEqual({ browser: '2003', server: 'purchase:2003' });
  });

  it('shows no ID in a message, whatever a page put into it', () => {
    const browser = [
      { name: 'Purchase', eventId: 'jane@example.com:1042' },
      { name: 'Purchase', eventId: 'jane@example.com' },
    ];
    const { findings } = checkDeduplication(browser, [PURCHASE, sent('Purchase', 'other:7')]);
    expect(findings).toHaveLength(2);
    expect(findings.map(({ message }) => message).join()).not.toContain('jane');
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['no list', { name: 'Purchase' }],
    ['no events', [null, 5, 'Purchase', {}, { name: 5 }]],
  ])('takes %s from a page for no events', (_name, browser) => {
    const report = checkDeduplication(browser as BrowserEvent[], [PURCHASE]);
    expect(report).toMatchObject({ browser: 0, share: 0, findings: [], onlyServer: ['Purchase'] });
  });

  it('takes odd fields of a page for none', () => {
    const odd = JSON.parse(
      '[{"name":"Purchase","eventId":{"a":1},"occurredAt":{"toString":null}}]',
    ) as [];
    expect(causesOf(checkDeduplication(odd, [PURCHASE]))).toEqual(['missing-id']);
  });
});

describe('SentEvents', () => {
  it('remembers the last 1,000 of each destination', () => {
    const events = new SentEvents();
    events.note('tiktok', PURCHASE);
    for (let count = 0; count < 1_500; count += 1)
      events.note('meta', sent('Purchase', `purchase:${count}`));
    const ids = new Set(events.of('meta').map(({ eventId }) => eventId));
    expect(ids.size).toBe(1_000);
    expect([ids.has('purchase:499'), ids.has('purchase:500')]).toEqual([false, true]);
    expect(events.of('tiktok')).toEqual([PURCHASE]);
    expect(events.of('ga4')).toEqual([]);
  });
});
