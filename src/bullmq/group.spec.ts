import { randomBytes } from 'node:crypto';

import { plainWire } from '../events/packed-wire';
import type { OutboxEntry } from '../outbox/outbox';
import { Vault } from '../records/vault';
import { GroupCodec } from './group';

const VAULT = new Vault([randomBytes(32)]);

function entry(key: string, body: string, envelope = ''): OutboxEntry {
  return {
    key,
    destination: 'meta',
    eventId: key,
    eventName: 'purchase',
    occurredAtMs: 1_768_471_200_000,
    acceptedAtMs: 1_768_471_200_001,
    priority: 0,
    subjects: ['someone'],
    wire: { body, envelope },
  };
}

describe.each(['within', 'apart'] as const)('a group whose sealed part stands %s', (stands) => {
  const codec = new GroupCodec(VAULT, stands);
  const wiresOf = (entries: readonly OutboxEntry[]) => entries.map(({ wire }) => plainWire(wire));

  it.each([
    ['characters of one byte', ['{"a":1}', 'x'.repeat(5_000)]],
    ['of two and three', ['ü'.repeat(3_000), '注文'.repeat(1_000)]],
    ['of four, and empty texts', ['', '🛒'.repeat(2_000), '']],
  ])('comes back as it was: %s', (_what, bodies) => {
    const entries = bodies.map((body, index) => entry(`k${index}`, body, `é${body}`));
    const { data, sealed } = codec.encode('meta', entries);
    const decoded = codec.decode('meta', data, sealed);
    expect(wiresOf(decoded)).toEqual(wiresOf(entries));
    expect({ ...decoded[0], wire: undefined }).toMatchObject({ ...entries[0], wire: undefined });
  });

  it('is not changed by the one that is written after it', () => {
    const first = codec.encode('meta', [entry('a', 'first'.repeat(100))]);
    codec.encode('meta', [entry('b', 'other'.repeat(50))]);
    expect(codec.decode('meta', first.data, first.sealed)[0]?.wire.body).toBe('first'.repeat(100));
  });

  it('keeps those that are about others', () => {
    const others = { ...entry('b', 'b'), subjects: ['other'] };
    const { data, sealed } = codec.encode('meta', [entry('a', 'a'), others, entry('c', 'c')]);
    const split = codec.without('meta', data, ['someone'], sealed);
    expect(split?.about.map(({ key }) => key)).toEqual(['a', 'c']);
    const left = codec.decode('meta', split?.left?.data ?? '', split?.left?.sealed);
    expect(wiresOf(left)).toEqual([others.wire]);
  });

  it('says what is damaged', () => {
    const { data, sealed } = codec.encode('meta', [entry('a', 'a'.repeat(100))]);
    const group = JSON.parse(data) as { sealed: string };
    const altered = sealed ?? Buffer.from(group.sealed, 'base64');
    altered[40] = (altered[40] as number) ^ 1;
    if (sealed === undefined) group.sealed = altered.toString('base64');
    expect(codec.decode('meta', JSON.stringify(group), sealed)[0]?.fault).toBe('damaged');
    expect(new GroupCodec(VAULT, 'apart').decode('meta', data, null)[0]?.fault).toBe(
      stands === 'apart' ? 'damaged' : undefined,
    );
  });
});
