import { EVENT_NAMES } from '../events/event-rules';
import { BotGate } from './bot-gate';

const CHROME =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36';
const GOOGLEBOT = 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)';

describe('BotGate', () => {
  it.each([
    [GOOGLEBOT, true],
    ['GPTBot/1.2 (+https://openai.com/gptbot)', true],
    ['curl/8.5.0', true],
    [CHROME, false],
    [undefined, false],
  ])('takes %j for a bot: %s', async (userAgent, isRefused) => {
    const gate = await BotGate.open();
    expect(gate.refuses('page_view', userAgent)).toBe(isRefused);
    // The second time it answers from memory.
    expect(gate.refuses('page_view', userAgent)).toBe(isRefused);
    expect(gate.skipped).toBe(isRefused ? 2 : 0);
  });

  it('refuses what a bot causes by looking around, and nothing that the host has confirmed', async () => {
    const gate = await BotGate.open();
    expect(EVENT_NAMES.filter((name) => !gate.refuses(name, GOOGLEBOT)).sort()).toEqual([
      'add_payment_info',
      'add_shipping_info',
      'contact',
      'custom',
      'lead',
      'login',
      'purchase',
      'refund',
      'sign_up',
      'subscription',
    ]);
  });

  it('remembers a bounded number of user agents', async () => {
    const gate = await BotGate.open();
    for (let index = 0; index < 5_000; index += 1) gate.isBot(`${CHROME} ${index}`);
    expect(gate.isBot(GOOGLEBOT)).toBe(true);
    expect((gate as unknown as { known: Map<string, boolean> }).known.size).toBeLessThan(1_001);
  });
});
