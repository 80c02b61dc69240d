/**
 * What is to be called when a signal aborts. Many requests share a signal, and a listener of each on it costs more than
 * the rest of what they share: here each signal has one.
 */
export class AbortCalls {
  private readonly bySignal = new WeakMap<AbortSignal, Set<() => void>>();

  add(signal: AbortSignal, call: () => void): void {
    let calls = this.bySignal.get(signal);
    if (calls === undefined) {
      const all = (calls = new Set());
      this.bySignal.set(signal, all);
      signal.addEventListener('abort', () => {
        for (const one of [...all]) one();
      });
    }
    calls.add(call);
  }

  remove(signal: AbortSignal, call: () => void): void {
    this.bySignal.get(signal)?.delete(call);
  }
}
