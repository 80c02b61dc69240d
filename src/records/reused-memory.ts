/** Memory for what is used up before the next one comes: new one for each would be garbage of a quarter of a megabyte. */
export class ReusedMemory {
  private bytes = Buffer.alloc(0);

  /** @returns what is valid until the next call. */
  concat(parts: readonly Uint8Array[]): Buffer {
    let size = 0;
    for (const part of parts) size += part.length;
    if (this.bytes.length < size) this.bytes = Buffer.allocUnsafeSlow(size);
    let end = 0;
    for (const part of parts) {
      this.bytes.set(part, end);
      end += part.length;
    }
    return this.bytes.subarray(0, end);
  }
}
