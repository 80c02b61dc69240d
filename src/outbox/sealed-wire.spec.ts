import { SealError, Vault } from '../records/vault';
import { packed } from '../events/packed-wire';
import { openWire, sealedWireBytes, sealWire } from './sealed-wire';

const vault = Vault.ephemeral();

describe('sealed wire events', () => {
  it.each([
    { body: '{"event_id":"1"}', envelope: '' },
    { body: '', envelope: '{"client_id":"7:8"}' },
    { body: '{"city":"Köln 東京 👋"}', envelope: '12:{"ü":1}' },
    { body: '{}', envelope: 'é'.repeat(60) },
    { body: '{}', envelope: `${'a'.repeat(990)}東東東` },
  ])('open as they were, and are as long as foretold: %p', (wire) => {
    const sealed = sealWire(vault, 'meta|1', wire);
    expect(openWire(vault, 'meta|1', sealed)).toEqual(wire);
    expect(sealed).toHaveLength(sealedWireBytes(wire));
    expect(sealed).toHaveLength(sealedWireBytes(packed(wire)));
  });

  it('open for their own entry alone', () => {
    const sealed = sealWire(vault, 'meta|1', { body: 'a', envelope: '' });
    expect(() => openWire(vault, 'meta|2', sealed)).toThrow(SealError);
  });
});
