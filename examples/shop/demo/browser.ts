import { ask, type Answer } from './ask';
import { CLICK, TAG_COOKIES } from './visitor';

export const SITE = 'https://shop.example.com';

/** Somebody's browser, which comes to the shop through its proxy. */
export class Browser {
  readonly cookies = new Map<string, string>();
  /** For `Authorization`, once somebody has signed in. */
  token: string | undefined;
  private page: string | undefined;

  constructor(private readonly shopUrl: string) {}

  /** Loads a page from the shop. */
  load(path: string): Promise<Answer<unknown>> {
    const answer = this.send<unknown>('GET', path, { 'sec-fetch-dest': 'document' });
    this.goTo(path);
    return answer;
  }

  /** Shows a page that the front end draws by itself. */
  goTo(path: string): void {
    this.page = `${SITE}${path}`;
  }

  /** What a page does by `fetch`. */
  call<Body>(method: string, path: string, body?: unknown): Promise<Answer<Body>> {
    return this.send<Body>(method, path, {}, body);
  }

  /** What OneTrust writes when the banner is closed. */
  answerBanner(answer: 'yes' | 'no', region: string): void {
    const groups = ['C0002', 'C0004'].map((group) => `${group}:${answer === 'yes' ? 1 : 0}`);
    this.cookies.set(
      'OptanonConsent',
      `isGpcEnabled=0&version=202409.1.0&groups=${encodeURIComponent(`C0001:1,${groups.join()}`)}` +
        `&geolocation=${encodeURIComponent(region)}`,
    );
    this.cookies.set('OptanonAlertBoxClosed', new Date().toISOString());
  }

  /** Lets the tags of TikTok and Google write their cookies. */
  runTags(): void {
    for (const [name, value] of Object.entries(TAG_COOKIES)) this.cookies.set(name, value);
  }

  private async send<Body>(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body?: unknown,
  ): Promise<Answer<Body>> {
    const answer = await ask<Body>(
      method,
      `${this.shopUrl}${path}`,
      { ...this.headers(), ...headers },
      body === undefined ? undefined : JSON.stringify(body),
    );
    for (const cookie of answer.cookies) this.keep(cookie);
    return answer;
  }

  private headers(): Record<string, string> {
    const cookies = [...this.cookies].map(([name, value]) => `${name}=${value}`);
    return {
      'user-agent': CLICK.userAgent,
      'accept-language': 'en-US,en;q=0.9',
      // The proxy's words.
      'x-forwarded-for': CLICK.ip,
      'x-forwarded-proto': 'https',
      'x-forwarded-host': new URL(SITE).host,
      ...(cookies.length > 0 && { cookie: cookies.join('; ') }),
      ...(this.page !== undefined && { referer: this.page }),
      ...(this.token !== undefined && { authorization: `Bearer ${this.token}` }),
    };
  }

  private keep(cookie: string): void {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
    if (value === '') this.cookies.delete(name);
    else this.cookies.set(name, value);
  }
}
