import type { Type } from '@nestjs/common';

import type { ClickIdSource } from '../events/click-id-source';
import type { HttpTransport } from '../transport/http-transport';
import type { Destination } from './destination';
import type { OptionReader } from './option-reader';
import type { TestMode } from './test-mode';

/** What a destination may use to do its work. */
export interface DestinationTools {
  readonly transport: HttpTransport;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** Defaults of the lane, where they differ from the common ones. */
export interface LanePreferences {
  readonly maxBatchEvents?: number;
  readonly concurrency?: number;
  readonly lingerMs?: number;
}

/**
 * All that the house has to know of a destination: the options type, the environment, the provider and
 * the captured click IDs follow from it. `Options` is what the host writes, `Settings` what was checked.
 */
export interface DestinationDefinition<Name extends string, Options extends object, Settings> {
  readonly name: Name;
  /** The environment variable of each option that has one. */
  readonly env: Readonly<Partial<Record<keyof Options & string, string>>>;
  /** Checks the options. `undefined`: disabled, because it has no credentials, or wrong: see the problems. */
  readonly resolve: (reader: OptionReader) => Settings | undefined;
  readonly create: (
    settings: Settings,
    tools: DestinationTools,
  ) => Destination | Promise<Destination>;
  /** Origin and path of the account that it delivers to, for status and warnings; never a secret. */
  readonly describe: (settings: Settings) => string;
  /** What the host should know at the start: a mode in which nothing is counted, for example. */
  readonly warnings?: (settings: Settings) => readonly string[];
  /** Stops the start in production, unless it is allowed for a while. */
  readonly testMode?: TestMode<Settings>;
  readonly lane?: LanePreferences;
  readonly clickIds?: readonly ClickIdSource[];
  /** The platform has a use for an IP address without its end; else it gets a whole one or none. */
  readonly takesAnonymizedIp?: true;
  /** The platform's own host in the EU, if it has one, and how to choose it. */
  readonly euEndpoint?: { readonly host: string; readonly how: string };
  /** The same door for this destination alone. */
  readonly service: Type;
  /** Never set: carries the type of the options into the module's options. */
  readonly optionsType?: Options;
}
