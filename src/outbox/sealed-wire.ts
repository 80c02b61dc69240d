import { bodyBytesOf, envelopeBytesOf, PackedWire } from '../events/packed-wire';
import type { WireEvent } from '../events/wire-event';
import { SEAL_BYTES, type Vault } from '../records/vault';

/** Seals what the platform will read; it opens for the entry with this key alone. */
export function sealWire(vault: Vault, key: string, { body, envelope }: WireEvent): Buffer {
  return vault.seal(`${envelope.length}:${envelope}${body}`, placeOf(key));
}

/** @throws SealError */
export function openWire(vault: Vault, key: string, sealed: Uint8Array): WireEvent {
  const text = vault.open(sealed, placeOf(key));
  const start = text.indexOf(':') + 1;
  const end = start + Number(text.slice(0, start - 1));
  return { envelope: text.slice(start, end), body: text.slice(end) };
}

/** How long it is when it is sealed. */
export function sealedWireBytes(wire: WireEvent): number {
  const head = digitsOfLength(wire) + 1;
  return SEAL_BYTES + head + envelopeBytesOf(wire) + bodyBytesOf(wire);
}

/** The length stands there in characters; a text is made to count them only where its bytes do not tell how many digits that has. */
function digitsOfLength(wire: WireEvent): number {
  if (wire instanceof PackedWire) {
    const most = String(wire.envelopeBytes).length;
    if (String(Math.ceil(wire.envelopeBytes / 3)).length === most) return most;
  }
  return String(wire.envelope.length).length;
}

function placeOf(key: string): string {
  return `entries:${key}`;
}
