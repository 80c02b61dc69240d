import type { Settlement } from './outbox';

/** Who waits for the end of which entry. */
export class SettlementListeners {
  private readonly listeners = new Map<string, Set<(settlement: Settlement) => void>>();

  /** @returns takes the listener away. */
  add(key: string, listener: (settlement: Settlement) => void): () => void {
    const listeners = this.listeners.get(key) ?? new Set();
    this.listeners.set(key, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.listeners.get(key) === listeners) this.listeners.delete(key);
    };
  }

  tell(key: string, settlement: Settlement): void {
    // Most often nobody waits, and a look for the key would cost more than the rest.
    if (this.listeners.size === 0) return;
    const listeners = this.listeners.get(key);
    if (listeners === undefined) return;
    this.listeners.delete(key);
    for (const listener of listeners)
      try {
        listener(settlement);
      } catch {
        // Its fault is not ours, and the others are to hear it too.
      }
  }

  tellAll(settlement: Settlement): void {
    for (const key of [...this.listeners.keys()]) this.tell(key, settlement);
  }
}
