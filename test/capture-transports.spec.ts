import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Controller, Inject, UseInterceptors, type ModuleMetadata } from '@nestjs/common';
import { Args, Field, GraphQLModule, Mutation, ObjectType, Query, Resolver } from '@nestjs/graphql';
import {
  ClientProxyFactory,
  MessagePattern,
  Payload,
  Transport,
  type MicroserviceOptions,
} from '@nestjs/microservices';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  CaptureInterceptor,
  ServerTrackingService,
  Track,
  TrackingContext,
  TrackingModule,
  type HandledCall,
  type RequestContext,
} from 'nestjs-server-tracking';
import { PlatformStub } from 'nestjs-server-tracking/testing';
import { lastValueFrom } from 'rxjs';
import { io } from 'socket.io-client';

import { RecordingLogger } from './support/recording-logger';
import { startApp, type RunningApp } from './support/start-app';

const VISITOR = {
  'user-agent': 'Browser/1',
  'x-forwarded-for': '203.0.113.7',
  cookie: 'ttclid=click-1',
};
const USER = { ip: '203.0.113.7', user_agent: 'Browser/1', ttclid: 'click-1' };

interface Named {
  readonly id: string;
}

const idOf = ({ payload }: HandledCall) => ({
  eventId: (payload as Named).id,
  user: { id: 'user_1' },
});

@ObjectType()
class Answer {
  @Field(() => String)
  id!: string;
}

@Resolver(() => Answer)
class LeadResolver {
  constructor(@Inject(ServerTrackingService) private readonly tracking: ServerTrackingService) {}

  @Query(() => Answer)
  ip(@TrackingContext() context: RequestContext): Answer {
    return { id: context.ip ?? '' };
  }

  @Mutation(() => Answer)
  @Track('lead', { map: idOf })
  async lead(@Args('id', { type: () => String }) id: string): Promise<Answer> {
    if (id === 'fails') throw new Error('no');
    await this.tracking.trackRegistration({ eventId: `by-service-${id}` });
    return { id };
  }
}

// Nest 12 applies the module's own interceptor here as well; Nest 11 wants it named.
@WebSocketGateway()
@UseInterceptors(CaptureInterceptor)
class LeadGateway {
  constructor(@Inject(ServerTrackingService) private readonly tracking: ServerTrackingService) {}

  @SubscribeMessage('lead')
  @Track('lead', { map: idOf })
  async lead(@MessageBody() { id }: Named): Promise<Named> {
    await this.tracking.trackRegistration({ eventId: `by-service-${id}` });
    return { id };
  }
}

@Controller()
class LeadHandlers {
  @MessagePattern('lead')
  @Track('lead', { map: idOf })
  lead(@Payload() { id }: Named): Named {
    if (id === 'fails') throw new Error('no');
    return { id };
  }
}

/** A service beside HTTP, with a module that captures requests. */
async function start(metadata: ModuleMetadata): Promise<RunningApp> {
  return startApp('express', {
    ...metadata,
    imports: [
      ...(metadata.imports ?? []),
      TrackingModule.forRoot({
        tiktok: stub.options().tiktok,
        context: { trustProxy: 'loopback', captureRequests: true },
        delivery: { lingerMs: 1 },
        logger: new RecordingLogger(),
      }),
    ],
  });
}

async function arrived(count: number) {
  const deadlineMs = Date.now() + 5_000;
  while (stub.eventsAt('tiktok').length < count && Date.now() < deadlineMs)
    await new Promise((resolve) => setTimeout(resolve, 5));
  return stub.eventsAt('tiktok');
}

let stub: PlatformStub;
let running: RunningApp;

beforeEach(async () => {
  stub = await PlatformStub.start();
});

afterEach(async () => {
  await running.app.close();
  await stub.close();
});

describe('GraphQL', () => {
  beforeEach(async () => {
    running = await start({
      imports: [
        GraphQLModule.forRoot<ApolloDriverConfig>({ driver: ApolloDriver, autoSchemaFile: true }),
      ],
      providers: [LeadResolver],
    });
  });

  async function graphql(query: string) {
    const response = await fetch(`${running.url}/graphql`, {
      method: 'POST',
      headers: { ...VISITOR, 'content-type': 'application/json' },
      body: JSON.stringify({ query }),
    });
    return (await response.json()) as { data: unknown };
  }

  it('knows the request of a field', async () => {
    expect(await graphql('{ ip { id } }')).toEqual({ data: { ip: { id: '203.0.113.7' } } });
  });

  it('tracks a mutation that succeeded, and what its service tracks', async () => {
    await graphql('mutation { lead(id: "fails") { id } }');
    await graphql('mutation { lead(id: "one") { id } }');
    expect(await arrived(2)).toEqual([
      expect.objectContaining({ event_id: 'by-service-one', user: expect.objectContaining(USER) }),
      expect.objectContaining({
        event_id: 'one',
        event: 'Lead',
        user: expect.objectContaining(USER),
      }),
    ]);
  });
});

describe('WebSocket', () => {
  it('knows the visitor behind a message', async () => {
    running = await start({ providers: [LeadGateway] });
    const socket = io(running.url, { transports: ['websocket'], extraHeaders: VISITOR });
    try {
      await socket.emitWithAck('lead', { id: 'two' });
      expect(await arrived(2)).toEqual([
        expect.objectContaining({
          event_id: 'by-service-two',
          user: expect.objectContaining(USER),
        }),
        expect.objectContaining({
          event_id: 'two',
          event: 'Lead',
          user: expect.objectContaining(USER),
        }),
      ]);
    } finally {
      socket.close();
    }
  });
});

describe('microservice', () => {
  it('tracks what was handled well; a message without headers has no visitor', async () => {
    running = await start({ controllers: [LeadHandlers] });
    const options = { host: '127.0.0.1', port: 20_000 + (process.pid % 20_000) };
    running.app.connectMicroservice<MicroserviceOptions>({ transport: Transport.TCP, options });
    await running.app.startAllMicroservices();
    const client = ClientProxyFactory.create({ transport: Transport.TCP, options });
    try {
      await lastValueFrom(client.send<Named>('lead', { id: 'fails' })).catch(() => undefined);
      await lastValueFrom(client.send<Named>('lead', { id: 'three' }));
      const events = await arrived(1);
      expect(events).toEqual([expect.objectContaining({ event_id: 'three', event: 'Lead' })]);
      expect(events[0]).not.toHaveProperty('user.ip');
    } finally {
      client.close();
    }
  });
});
