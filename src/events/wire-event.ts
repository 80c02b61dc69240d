/**
 * One event as its platform will read it, serialised once: every attempt sends the same bytes. This is
 * what the outbox stores, and what a request is put together from without parsing anything again.
 *
 * Read its fields by their names: most lie outside of the heap, where a spread or `structuredClone` does not find them
 * (`JSON.stringify` does). A storage of your own gets plain objects, unless it says `takesPackedWires`.
 */
export interface WireEvent {
  /** JSON of the event. */
  readonly body: string;
  /**
   * What a request says once for all of its events, as the platform's folder writes it. Only events
   * with equal envelopes share a request; platforms without one leave it empty.
   */
  readonly envelope: string;
}
