import type { WireEvent } from './wire-event';

/** So much memory is shared by the wire events that came one after the other. */
const SLAB_BYTES = 64 * 1024;
/** Of a UTF-16 unit, in UTF-8. */
const MAX_UNIT_BYTES = 3;
const NOTHING = Buffer.alloc(0);

/**
 * A wire event as its UTF-8, outside of the heap: thousands of them wait, and each text that waits is copied twice by
 * the garbage collector. Its texts are read from there whenever they are asked for.
 */
export class PackedWire implements WireEvent {
  /** Others have their bytes there too: nobody may see it, nor print it. */
  #memory: Buffer;
  #start: number;
  readonly bodyBytes: number;
  readonly envelopeBytes: number;

  constructor(memory: Buffer, start: number, bodyBytes: number, envelopeBytes: number) {
    this.#memory = memory;
    this.#start = start;
    this.bodyBytes = bodyBytes;
    this.envelopeBytes = envelopeBytes;
  }

  get body(): string {
    return this.#memory.toString('utf8', this.#start, this.#start + this.bodyBytes);
  }

  /** The first so many bytes of the body, or all: what stands at its beginning. */
  bodyStart(bytes: number): string {
    const end = this.#start + Math.min(bytes, this.bodyBytes);
    return this.#memory.toString('utf8', this.#start, end);
  }

  get envelope(): string {
    const start = this.#start + this.bodyBytes;
    return this.#memory.toString('utf8', start, start + this.envelopeBytes);
  }

  get bytes(): number {
    return this.bodyBytes + this.envelopeBytes;
  }

  hasEnvelopeOf(other: PackedWire): boolean {
    const length = this.envelopeBytes;
    if (length !== other.envelopeBytes) return false;
    const own = this.#start + this.bodyBytes;
    const others = other.#start + other.bodyBytes;
    for (let at = 0; at < length; at += 1)
      if (this.#memory[own + at] !== other.#memory[others + at]) return false;
    return true;
  }

  /** @returns where it ends. */
  copyBody(target: Buffer, at: number): number {
    return at + this.#memory.copy(target, at, this.#start, this.#start + this.bodyBytes);
  }

  /** Of the envelope without its last byte, which closes it. */
  get openEnvelopeBytes(): number {
    return Math.max(this.envelopeBytes - 1, 0);
  }

  /** @returns where it ends. */
  copyOpenEnvelope(target: Buffer, at: number): number {
    const start = this.#start + this.bodyBytes;
    return at + this.#memory.copy(target, at, start, start + this.openEnvelopeBytes);
  }

  /** The bytes of all of them, bodies and envelopes, in as few pieces as they lie in: no copies, so nobody may keep them. */
  static piecesOf(wires: readonly PackedWire[]): Uint8Array[] {
    const pieces: Uint8Array[] = [];
    let memory: Buffer = NOTHING;
    let start = 0;
    let end = 0;
    for (const wire of wires) {
      if (wire.bytes === 0) continue;
      if (wire.#memory !== memory || wire.#start !== end) {
        if (end > start) pieces.push(memory.subarray(start, end));
        memory = wire.#memory;
        start = wire.#start;
        end = start;
      }
      end += wire.bytes;
    }
    if (end > start) pieces.push(memory.subarray(start, end));
    return pieces;
  }

  /** The body and behind it the envelope. @returns where they end. */
  copy(target: Buffer, at: number): number {
    return at + this.#memory.copy(target, at, this.#start, this.#start + this.bytes);
  }

  /** Who waits for long must not keep the memory of those that came with it. */
  moveOut(): void {
    if (this.#memory.length === this.bytes) return;
    const own = Buffer.allocUnsafeSlow(this.bytes);
    this.copy(own, 0);
    this.#memory = own;
    this.#start = 0;
  }

  toJSON(): WireEvent {
    return plainWire(this);
  }
}

/** Puts wire events next to each other. Give it those that come and go together: one that stays keeps the memory of all beside it. */
export class WirePacker {
  private slab = NOTHING;
  private end = 0;

  /** One that is packed already is copied: away from those that it lay next to. */
  pack(wire: WireEvent): PackedWire {
    const isPacked = wire instanceof PackedWire;
    const most = isPacked ? wire.bytes : (wire.body.length + wire.envelope.length) * MAX_UNIT_BYTES;
    if (most > SLAB_BYTES) return packed(wire);
    if (this.end + most > this.slab.length) {
      this.slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
      this.end = 0;
    }
    const start = this.end;
    if (isPacked) {
      this.end = wire.copy(this.slab, start);
      return new PackedWire(this.slab, start, wire.bodyBytes, wire.envelopeBytes);
    }
    const { body, envelope } = wire;
    const bodyBytes = this.slab.write(body, start);
    const envelopeBytes = envelope === '' ? 0 : this.slab.write(envelope, start + bodyBytes);
    this.end = start + bodyBytes + envelopeBytes;
    return new PackedWire(this.slab, start, bodyBytes, envelopeBytes);
  }
}

/** The wire event as bytes, which most are already. */
export function packed(wire: WireEvent): PackedWire {
  if (wire instanceof PackedWire) return wire;
  const bodyBytes = Buffer.byteLength(wire.body);
  const memory = Buffer.from(wire.body + wire.envelope);
  return new PackedWire(memory, 0, bodyBytes, memory.length - bodyBytes);
}

/** The wire event as texts, for people and for what is kept for long. */
export function plainWire({ body, envelope }: WireEvent): WireEvent {
  return { body, envelope };
}

/** UTF-8 bytes of the body, for which a text is looked through. */
export function bodyBytesOf(wire: WireEvent): number {
  return wire instanceof PackedWire ? wire.bodyBytes : Buffer.byteLength(wire.body);
}

/** UTF-8 bytes of the envelope, for which a text is looked through. */
export function envelopeBytesOf(wire: WireEvent): number {
  return wire instanceof PackedWire ? wire.envelopeBytes : Buffer.byteLength(wire.envelope);
}

/** What it takes, near enough to bound a storage by: a text that is not packed counts one byte a character. */
export function wireBytes(wire: WireEvent): number {
  return wire instanceof PackedWire ? wire.bytes : wire.body.length + wire.envelope.length;
}
