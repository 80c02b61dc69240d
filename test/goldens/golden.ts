import type { JsonValue, TrackingEvent } from 'nestjs-server-tracking';

/** The event that a rule is shown by, and the whole body that the platform must get for it. */
export interface Golden<Options> {
  readonly rule: string;
  readonly event: TrackingEvent;
  readonly body: JsonValue;
  /** Beside the credentials. */
  readonly options?: Partial<Options>;
  /** Where it differs from where all other requests go. */
  readonly url?: { readonly path?: string; readonly query?: Readonly<Record<string, string>> };
  readonly headers?: Readonly<Record<string, string>>;
}
