import { HttpService } from '@nestjs/axios';
import { describeDestination, type PlatformStub } from 'nestjs-server-tracking/testing';

import { CATALOG } from '../src/destinations/catalog';
import type { DestinationDefinition } from '../src/destinations/destination-definition';
import { OptionReader } from '../src/destinations/option-reader';
import { HttpTransport } from '../src/transport/http-transport';
import { openNodeHttp } from '../src/transport/lean-post';
import { openUndici } from '../src/transport/undici-post';

/** Every line of the catalog, over each way that a request can take. */
describe.each([
  ['node:http', openNodeHttp, false],
  ['undici', openUndici, false],
  ['axios', openNodeHttp, true],
])('over %s', (_way, open, isHostService) => {
  let transport: HttpTransport;
  beforeAll(async () => {
    transport = new HttpTransport(new HttpService(), await open(), isHostService);
  });
  afterAll(() => transport.close());

  for (const definition of CATALOG) {
    describeDestination(definition.name, {
      platform: definition.name,
      secrets: ['EAAtokenexample', 'tiktok-token-example', 'ga4-secret-example'],
      create: (stub) => create(definition as unknown as AnyDefinition, stub),
    });
  }

  function create(definition: AnyDefinition, stub: PlatformStub) {
    const options = stub.options()[definition.name as keyof ReturnType<PlatformStub['options']>];
    const problems: never[] = [];
    const settings = definition.resolve(new OptionReader(definition.name, options, problems));
    expect(problems).toEqual([]);
    return definition.create(settings, { transport, now: () => Date.UTC(2026, 0, 15, 10) });
  }
});

type AnyDefinition = DestinationDefinition<string, object, unknown>;
