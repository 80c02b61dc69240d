import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import {
  Body,
  Controller,
  Get,
  HttpException,
  Inject,
  Injectable,
  Param,
  Post,
  Res,
  type CanActivate,
  type ExecutionContext,
  UseGuards,
} from '@nestjs/common';
import { CLS_REQ, ClsModule, ClsServiceManager } from 'nestjs-cls';
import {
  ServerTrackingService,
  Track,
  TrackingContext,
  TrackingModule,
  type HandledCall,
  type RequestContext,
} from 'nestjs-server-tracking';
import { PlatformStub } from 'nestjs-server-tracking/testing';
import { defer, delay, lastValueFrom, of } from 'rxjs';

import { RecordingLogger } from './support/recording-logger';
import { PLATFORMS, startApp, type RunningApp } from './support/start-app';

/** Knows nothing of requests; calls what a host's service would call. */
@Injectable()
class SignUps {
  constructor(@Inject(ServerTrackingService) private readonly tracking: ServerTrackingService) {}

  register(eventId: string) {
    return this.tracking.trackRegistration({ eventId, user: { id: eventId } });
  }

  keep(key: string) {
    return this.tracking.saveContext(key);
  }

  purchase(orderId: string, contextRef: string) {
    return this.tracking.trackPurchase({
      orderId,
      value: 10,
      currency: 'EUR',
      context: { contextRef },
    });
  }
}

@Injectable()
class TrackingGuard implements CanActivate {
  constructor(@Inject(SignUps) private readonly signUps: SignUps) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const { id } = context.switchToHttp().getRequest<{ params: { id: string } }>().params;
    await this.signUps.register(`guard-${id}`);
    return true;
  }
}

/** Ways in which a host's code may come to the call, each of which could lose the request. */
const WAYS: readonly ((track: () => Promise<unknown>) => Promise<unknown>)[] = [
  (track) => track(),
  async (track) => {
    await sleep(Math.random() * 20);
    return track();
  },
  (track) =>
    new Promise((resolve) => {
      setTimeout(() => {
        resolve(track());
      }, Math.random() * 20);
    }),
  (track) => lastValueFrom(defer(() => of(0)).pipe(delay(Math.random() * 20))).then(track),
  async (track) => {
    await once(createReadStream(__filename), 'readable');
    return track();
  },
  async (track) => {
    await Promise.reject(new Error('a try that failed')).catch(() => undefined);
    await Promise.all([sleep(1), sleep(2)]);
    return track();
  },
];

@Controller()
class CaptureController {
  constructor(@Inject(SignUps) private readonly signUps: SignUps) {}

  @Post('sign-up/:id')
  signUp(@Param('id') id: string) {
    return this.signUps.register(id);
  }

  @Post('guarded/:id')
  @UseGuards(TrackingGuard)
  guarded() {
    return {};
  }

  @Post('busy/:id')
  async busy(@Param('id') id: string, @Body() body: { way: number; fails: boolean }) {
    const way = WAYS[body.way % WAYS.length] as (typeof WAYS)[number];
    if (body.fails) {
      // The work goes on behind an answer that has failed.
      void way(() => this.signUps.register(id));
      throw new HttpException('no', 418);
    }
    await way(() => this.signUps.register(id));
    return {};
  }

  @Post('later/:id')
  later(@Param('id') id: string) {
    setTimeout(() => void this.signUps.register(id), 150);
    return {};
  }

  @Post('keep/:id')
  keep(@Param('id') id: string) {
    return this.signUps.keep(id);
  }

  @Post('paid/:id')
  paid(@Param('id') id: string, @Body() body: { contextRef: string }) {
    return this.signUps.purchase(id, body.contextRef);
  }

  @Get('context')
  context(@TrackingContext() context: RequestContext) {
    return context;
  }

  @Post('lead/:id')
  @Track('lead', {
    map: ({ payload, result }: HandledCall<{ id: string }>) => ({
      eventId: result.id,
      user: { email: (payload as { email: string }).email },
    }),
  })
  lead(@Param('id') id: string, @Body() body: { status?: number }) {
    if (body.status !== undefined) throw new HttpException('no', body.status);
    return { id: `lead-${id}` };
  }

  @Post('soft-failure')
  @Track('contact')
  softFailure(@Res({ passthrough: true }) response: { status(code: number): unknown }) {
    response.status(422);
    return {};
  }

  @Post('bad-map')
  @Track('contact', {
    map: () => {
      throw new Error('holds jane@example.com');
    },
  })
  badMap() {
    return { isFine: true };
  }

  @Post('nothing-to-tell')
  @Track('contact', { map: () => undefined })
  nothingToTell() {
    return {};
  }
}

function visitor(id: string): Record<string, string> {
  return {
    'content-type': 'application/json',
    'user-agent': `Browser/${id}`,
    'x-forwarded-for': ipOf(id),
    cookie: `ttclid=click-${id}`,
  };
}

function ipOf(id: string): string {
  const number = Number(id.replace(/\D/g, ''));
  return `203.0.${Math.floor(number / 250) % 250}.${(number % 250) + 1}`;
}

interface TikTokEvent {
  readonly event: string;
  readonly event_id: string;
  readonly user: { ip?: string; user_agent?: string; ttclid?: string; email?: string[] };
}

describe.each(PLATFORMS)('captured requests on %s', (platform) => {
  const logger = new RecordingLogger();
  let stub: PlatformStub;
  let running: RunningApp;

  beforeAll(async () => {
    stub = await PlatformStub.start();
    running = await startApp(platform, {
      imports: [
        TrackingModule.forRoot({
          tiktok: stub.options().tiktok,
          context: { trustProxy: 'loopback', captureRequests: true },
          delivery: { lingerMs: 5 },
          logger,
        }),
      ],
      controllers: [CaptureController],
      providers: [SignUps, TrackingGuard],
    });
  });

  afterAll(async () => {
    await running.app.close();
    await stub.close();
  });

  beforeEach(() => {
    stub.reset();
    logger.lines.length = 0;
  });

  async function post(path: string, id: string, body: unknown = {}, headers = {}) {
    const response = await fetch(`${running.url}/${path}`, {
      method: 'POST',
      headers: { ...visitor(id), ...headers },
      body: JSON.stringify(body),
    });
    return { status: response.status, json: (await response.json()) as Record<string, unknown> };
  }

  async function arrived(count: number): Promise<readonly TikTokEvent[]> {
    const events = () => stub.eventsAt('tiktok') as unknown as readonly TikTokEvent[];
    const deadlineMs = Date.now() + 10_000;
    while (events().length < count && Date.now() < deadlineMs) await sleep(10);
    return events();
  }

  function userOf(id: string) {
    return { ip: ipOf(id), user_agent: `Browser/${id}`, ttclid: `click-${id}` };
  }

  it('gives a service the context of the request that it works for', async () => {
    await post('sign-up/1', '1');
    expect((await arrived(1))[0]).toMatchObject({ event_id: '1', user: userOf('1') });
  });

  it('gives it to guards, and to work behind the answer', async () => {
    await post('guarded/2', '2');
    await post('later/3', '3');
    const events = await arrived(2);
    expect(events).toHaveLength(2);
    expect(events.map(({ event_id, user }) => [event_id, user.ttclid])).toEqual(
      expect.arrayContaining([
        ['guard-2', 'click-2'],
        ['3', 'click-3'],
      ]),
    );
  });

  it('gives it to a request whose body comes late, on a connection that served others', async () => {
    await post('sign-up/40', '40');
    const request = httpRequest(`${running.url}/sign-up/41`, {
      method: 'POST',
      headers: visitor('41'),
    });
    request.flushHeaders();
    for (const part of ['{"a":', '"b"', '}']) {
      await sleep(20);
      request.write(part);
    }
    request.end();
    await once(request, 'response');
    const events = await arrived(2);
    expect(events[1]).toMatchObject({ event_id: '41', user: userOf('41') });
  });

  it('lets no foreign value in among 1,000 requests at once', async () => {
    const ids = Array.from({ length: 1_000 }, (_, index) => String(10_000 + index));
    const answers = await Promise.all(
      ids.map((id, index) => post(`busy/${id}`, id, { way: index, fails: index % 7 === 0 })),
    );
    expect(answers.filter(({ status }) => status === 418)).toHaveLength(143);
    const events = await arrived(1_000);
    expect(events).toHaveLength(1_000);
    const foreign = events.filter(({ event_id: id, user }) => {
      const own = userOf(id);
      return user.ip !== own.ip || user.user_agent !== own.user_agent || user.ttclid !== own.ttclid;
    });
    expect(foreign).toEqual([]);
    expect(new Set(events.map(({ event_id }) => event_id)).size).toBe(1_000);
  }, 30_000);

  it('takes nothing from the request of a service that calls a webhook', async () => {
    await post('sign-up/5', '5', {}, { 'stripe-signature': 't=1,v1=00' });
    const [event] = await arrived(1);
    expect(event?.event_id).toBe('5');
    expect(event?.user.ip).toBeUndefined();
    expect(event?.user.user_agent).toBeUndefined();
  });

  it('keeps the visit for the webhook, without being handed the request', async () => {
    const { json } = await post('keep/6', '6');
    expect(json.contextRef).toMatch(/^[\w-]{20,}$/);
    await post('paid/6', '999', json, { 'stripe-signature': 't=1,v1=00' });
    expect((await arrived(1))[0]).toMatchObject({ event: 'Purchase', user: userOf('6') });
  });

  it('gives a handler the context as a parameter', async () => {
    const response = await fetch(`${running.url}/context`, { headers: visitor('7') });
    expect(await response.json()).toMatchObject({
      ip: ipOf('7'),
      userAgent: 'Browser/7',
      clickIds: { ttclid: 'click-7' },
    });
  });

  it('tracks what a handler has done, after its success alone', async () => {
    await post('lead/8', '8', { email: 'jane@example.com', status: 403 });
    await post('soft-failure', '8');
    await post('nothing-to-tell', '8');
    const { json } = await post('lead/9', '9', { email: 'jane@example.com' });
    expect(json).toEqual({ id: 'lead-9' });
    const events = await arrived(1);
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({
      event: 'Lead',
      event_id: 'lead-9',
      user: {
        ...userOf('9'),
        email: ['8c87b489ce35cf2e2f39f80e282cb2e804932a56a213983eeeb428407d43b52d'],
      },
    });
  });

  it('answers as ever when a map throws, and says so without its words', async () => {
    expect(await post('bad-map', '1')).toEqual({ status: 201, json: { isFine: true } });
    expect(logger.of('warn').join()).toContain("the map of @Track('contact') failed: Error");
    expect(logger.lines.join()).not.toContain('jane@');
  });
});

describe.each(PLATFORMS)('with nestjs-cls on %s', (platform) => {
  it('asks the host for the request being served', async () => {
    const stub = await PlatformStub.start();
    const cls = ClsServiceManager.getClsService();
    const { app, url } = await startApp(platform, {
      imports: [
        ClsModule.forRoot({ middleware: { mount: true } }),
        TrackingModule.forRoot({
          tiktok: stub.options().tiktok,
          context: {
            trustProxy: 'loopback',
            captureRequests: {
              current: () => (cls.isActive() ? cls.get(CLS_REQ) : undefined),
            },
          },
          delivery: { lingerMs: 1 },
          logger: new RecordingLogger(),
        }),
      ],
      controllers: [CaptureController],
      providers: [SignUps, TrackingGuard],
    });
    try {
      await fetch(`${url}/sign-up/1`, { method: 'POST', headers: visitor('1'), body: '{}' });
      await stub.waitFor('tiktok');
      expect(stub.eventsAt('tiktok')[0]).toMatchObject({
        user: { ip: ipOf('1'), user_agent: 'Browser/1', ttclid: 'click-1' },
      });
    } finally {
      await app.close();
      await stub.close();
    }
  });
});
