import { WirePacker } from '../events/packed-wire';
import type { OutboxEntry } from './outbox';

/**
 * Packs the wire events of entries that are held from now on, next to those that come and go with them: of the same
 * destination, and as urgent. One that was refused, or thrown away at once, must not take room beside those that wait.
 */
export class WirePackers {
  private readonly packers = new Map<string, readonly WirePacker[]>();

  pack({ destination, priority, wire }: Pick<OutboxEntry, 'destination' | 'priority' | 'wire'>) {
    let packers = this.packers.get(destination);
    if (packers === undefined) {
      packers = [new WirePacker(), new WirePacker(), new WirePacker()];
      this.packers.set(destination, packers);
    }
    return (packers[priority] as WirePacker).pack(wire);
  }
}
