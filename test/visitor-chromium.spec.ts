import { existsSync } from 'node:fs';

import { Controller, Get, Header, Inject, Post } from '@nestjs/common';
import { ServerTrackingService, TrackingModule } from 'nestjs-server-tracking';
import { PlatformStub } from 'nestjs-server-tracking/testing';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';

import { PLATFORMS, startApp, type RunningApp } from './support/start-app';

const { CHROMIUM_PATH: PATH = '/usr/bin/chromium', TRACKING_TEST_BROWSER } = process.env;
const describeWithBrowser =
  TRACKING_TEST_BROWSER === 'required' || (TRACKING_TEST_BROWSER !== 'none' && existsSync(PATH))
    ? describe
    : describe.skip;

/**
 * A page with the stand-in for a consent platform: it writes what OneTrust and Cookiebot write, by script and for
 * all subdomains, and knows nothing of us.
 */
const PAGE = `<!doctype html><title>Shop</title>
<img src="/picture.png" alt=""><script src="/script.js"></script>
<form method="post" action="/form"><button>Send</button></form>
<iframe src="/frame"></iframe>
<script>
  function keep(name, value, isGone) {
    const isShared = /example\\.co\\.uk$/.test(location.hostname);
    const domain = isShared ? '; domain=example.co.uk' : '';
    document.cookie = name + '=' + value + '; path=/; max-age=' + (isGone ? 0 : 31536000) + domain;
  }
  function preset() {
    keep('OptanonConsent', 'groups=' + encodeURIComponent('C0001:1,C0002:1,C0004:1') + '&geolocation=GB%3BENG');
  }
  function answer(statistics, ads) {
    const groups = encodeURIComponent('C0001:1,C0002:' + statistics + ',C0004:' + ads);
    keep('OptanonConsent', 'groups=' + groups + '&geolocation=GB%3BENG');
    keep('OptanonAlertBoxClosed', new Date().toISOString());
  }
  function answerCookiebot(statistics, marketing) {
    keep('CookieConsent', "{stamp:'-1'%2Cnecessary:true%2Cpreferences:false%2Cstatistics:" + statistics +
      "%2Cmarketing:" + marketing + "%2Cmethod:'explicit'%2Cver:1%2Cutc:" + Date.now() + "%2Cregion:'gb'}");
  }
</script>`;

@Controller()
class Shop {
  constructor(@Inject(ServerTrackingService) private readonly tracking: ServerTrackingService) {}

  @Get(['/', 'a', 'b'])
  @Header('content-type', 'text/html')
  async page() {
    await this.tracking.trackPageView({});
    return PAGE;
  }

  @Post('form')
  @Header('content-type', 'text/html')
  form() {
    return PAGE;
  }

  @Get('frame')
  @Header('content-type', 'text/html')
  frame() {
    return '<!doctype html><p>Reviews</p>';
  }

  @Get('picture.png')
  picture() {
    return '';
  }

  @Get('script.js')
  script() {
    return '';
  }

  @Post('api')
  async api() {
    await this.tracking.trackContact({});
    return {};
  }
}

jest.setTimeout(60_000);

const OURS = ['visitor_id', 'visitor_session', '_fbc', '_fbp', 'ttclid'];
const CLICK = '?fbclid=IwAR0abcDEF&ttclid=E.C.P.example';
const DAY = 24 * 3_600;

describeWithBrowser(
  'visitors in Chromium (CHROMIUM_PATH says where; TRACKING_TEST_BROWSER=none leaves this out)',
  () => {
    let browser: Browser;
    let stub: PlatformStub;

    beforeAll(async () => {
      stub = await PlatformStub.start();
      browser = await chromium.launch({
        executablePath: PATH,
        // Every name leads to this machine, so that shops have real domains.
        args: [
          '--no-sandbox',
          '--disable-dev-shm-usage',
          '--host-resolver-rules=MAP * 127.0.0.1',
          '--no-proxy-server',
        ],
      });
    });

    afterAll(async () => {
      await browser.close();
      await stub.close();
    });

    describe.each(PLATFORMS)('on %s', (platform) => {
      let running: RunningApp;
      let person: BrowserContext;
      let page: Page;
      /** What any answer of the shop wanted to set, whether or not the browser took it. */
      const answers: Promise<readonly string[]>[] = [];

      beforeAll(async () => {
        running = await startApp(platform, {
          imports: [
            TrackingModule.forRoot({
              ...stub.options(),
              context: { captureRequests: true, visitor: true, trustProxy: 'loopback' },
              delivery: { lingerMs: 1 },
              logger: { log: () => undefined, warn: () => undefined, error: () => undefined },
            }),
          ],
          controllers: [Shop],
        });
      });

      afterAll(() => running.app.close());

      beforeEach(async () => {
        stub.reset();
        answers.length = 0;
        person = await browser.newContext();
        page = await person.newPage();
        person.on('response', (response) => {
          answers.push(response.headerValues('set-cookie').catch(() => []));
        });
      });

      afterEach(() => person.close());

      async function asked() {
        return (await Promise.all(answers)).flat();
      }

      const at = (host: string, path = '/') => `http://${host}:${new URL(running.url).port}${path}`;

      /** Everything that a shop's page does. */
      async function walkAround(host: string) {
        for (const path of [`/${CLICK}`, '/a', '/b', `/a${CLICK}`]) await page.goto(at(host, path));
        await page.evaluate('fetch("/api", { method: "POST" })');
        await page.evaluate('navigator.sendBeacon("/api", "x")');
        await page.click('button');
        await page.waitForURL('**/form');
        await page.goBack();
        await page.reload();
      }

      async function kept(url?: string) {
        const cookies = await person.cookies(url);
        return new Map(cookies.map((cookie) => [cookie.name, cookie]));
      }

      async function ours() {
        const cookies = await kept();
        return OURS.filter((name) => cookies.has(name));
      }

      const says = (script: string) => page.evaluate(script);

      it('sets no cookie at all for somebody who was not asked, wherever they go', async () => {
        await walkAround('shop.example.co.uk');
        await walkAround('www.example.co.uk');
        expect(await person.cookies()).toEqual([]);
        expect(await asked()).toEqual([]);
      });

      it.each<[string, string, string[]]>([
        ['saw the banner alone', 'preset()', ['OptanonConsent']],
        ['refused', 'answer(0, 0)', ['OptanonAlertBoxClosed', 'OptanonConsent']],
        ['refused with Cookiebot', 'answerCookiebot(false, false)', ['CookieConsent']],
      ])('sets no cookie for somebody who %s', async (_what, script, theirs) => {
        await page.goto(at('shop.example.co.uk', `/${CLICK}`));
        await says(script);
        await walkAround('shop.example.co.uk');
        expect([...(await kept()).keys()].sort()).toEqual(theirs);
        expect(await asked()).toEqual([]);
      });

      it.each(['answer(1, 1)', 'answerCookiebot(true, true)'])(
        'knows who agreed by %s on every subdomain, and forgets who takes it back',
        async (script) => {
          await page.goto(at('shop.example.co.uk', `/${CLICK}`));
          await says(script);
          await page.reload();
          expect((await asked()).map((cookie) => cookie.split('=')[0])).toEqual(
            expect.arrayContaining(OURS),
          );
          const cookies = await kept();
          expect([...cookies.keys()]).toEqual(expect.arrayContaining(OURS));
          for (const name of OURS)
            expect(cookies.get(name)).toMatchObject({
              domain: '.example.co.uk',
              path: '/',
              httpOnly: name.startsWith('visitor_'),
              secure: false,
              sameSite: 'Lax',
            });
          const days = (name: string) =>
            ((cookies.get(name)?.expires ?? 0) - Date.now() / 1_000) / DAY;
          expect(days('visitor_id')).toBeCloseTo(400, 1);
          expect(days('visitor_session')).toBeCloseTo(0.5 / 24, 1);
          expect(days('_fbc')).toBeCloseTo(90, 1);
          expect(days('_fbp')).toBeCloseTo(90, 1);
          expect(days('ttclid')).toBeCloseTo(30, 1);
          expect(cookies.get('_fbc')?.value).toMatch(/^fb\.2\.\d{13}\.IwAR0abcDEF$/);
          expect(cookies.get('_fbp')?.value).toMatch(/^fb\.2\.\d{13}\.\d+$/);
          expect(cookies.get('ttclid')?.value).toBe('E.C.P.example');

          const seen = String(await says('document.cookie'));
          for (const name of OURS)
            expect(seen.includes(`${name}=`)).toBe(!name.startsWith('visitor_'));

          await walkAround('www.example.co.uk');
          const elsewhere = await kept();
          for (const name of ['visitor_id', '_fbp', '_fbc'])
            expect(elsewhere.get(name)?.value).toBe(cookies.get(name)?.value);

          await says(script.replace(/1|true/g, (yes) => (yes === '1' ? '0' : 'false')));
          await page.goto(at('shop.example.co.uk', '/a'));
          expect(await ours()).toEqual([]);
          answers.length = 0;
          await walkAround('shop.example.co.uk');
          expect(await asked()).toEqual([]);
        },
      );

      it('gives each purpose its own cookies', async () => {
        await page.goto(at('shop.example.co.uk', `/${CLICK}`));
        await says('answer(1, 0)');
        await page.reload();
        expect(await ours()).toEqual(['visitor_id', 'visitor_session']);
        await person.clearCookies();
        await page.goto(at('shop.example.co.uk', `/${CLICK}`));
        await says('answer(0, 1)');
        await page.reload();
        expect(await ours()).toEqual(['_fbc', '_fbp', 'ttclid']);
      });

      it('hears a browser that refuses sale: nothing for ads is kept', async () => {
        await person.setExtraHTTPHeaders({ 'sec-gpc': '1' });
        await page.goto(at('shop.example.co.uk', `/${CLICK}`));
        await says('answer(1, 1)');
        await page.reload();
        expect(await ours()).toEqual(['visitor_id', 'visitor_session']);
      });

      it.each<[string, string]>([
        ['shop.example.com', '.example.com'],
        ['shop.github.io', '.shop.github.io'],
        ['github.io', 'github.io'],
        ['localhost', 'localhost'],
        ['127.0.0.1', '127.0.0.1'],
        ['intranet', 'intranet'],
      ])('remembers a visitor of %s by a cookie of %s', async (host, domain) => {
        await page.goto(at(host));
        await says('answer(1, 1)');
        await page.goto(at(host, '/a'));
        const first = (await kept(at(host))).get('visitor_id');
        await page.goto(at(host, '/b'));
        expect(first).toMatchObject({ domain, httpOnly: true });
        expect((await kept(at(host))).get('visitor_id')?.value).toBe(first?.value);
      });

      it('settles on one visitor where two tabs come first at once', async () => {
        await page.goto(at('shop.example.co.uk'));
        await says('answer(1, 1)');
        const other = await person.newPage();
        await Promise.all([
          page.goto(at('shop.example.co.uk', '/a')),
          other.goto(at('shop.example.co.uk', '/b')),
        ]);
        await Promise.all([
          page.waitForLoadState('networkidle'),
          other.waitForLoadState('networkidle'),
        ]);
        const settled = (await kept()).get('visitor_id')?.value;
        answers.length = 0;
        await walkAround('shop.example.co.uk');
        expect((await kept()).get('visitor_id')?.value).toBe(settled);
        expect((await asked()).filter((cookie) => cookie.startsWith('visitor_id'))).toEqual([]);
      });
    });
  },
);
