import { rpcHeaders } from './rpc-headers';

describe('rpcHeaders', () => {
  it.each<[string, unknown]>([
    ['NATS', { getHeaders: () => ({ 'User-Agent': 'Browser/1' }) }],
    ['Kafka', { getMessage: () => ({ headers: { 'User-Agent': Buffer.from('Browser/1') } }) }],
    [
      'RabbitMQ',
      { getMessage: () => ({ properties: { headers: { 'User-Agent': ['Browser/1', 'other'] } } }) },
    ],
    ['gRPC', { getMap: () => ({ 'user-agent': 'Browser/1' }) }],
  ])('reads the headers of %s', (_transport, context) => {
    expect(rpcHeaders(context)).toEqual({ 'user-agent': 'Browser/1' });
  });

  it.each([undefined, null, {}, { getPattern: () => 'lead' }, { getMessage: () => undefined }])(
    'finds none in %p',
    (context) => {
      expect(rpcHeaders(context)).toBeUndefined();
    },
  );

  it('leaves values out that are no text', () => {
    expect(rpcHeaders({ getHeaders: () => ({ a: 1, b: {}, c: 'text' }) })).toEqual({ c: 'text' });
  });
});
