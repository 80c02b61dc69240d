type Key<K> = K extends string ? (string extends K ? never : K) : never;
type Whole =
  | ((...args: never[]) => unknown)
  | (abstract new (...args: never[]) => unknown)
  | Date
  | readonly unknown[]
  | Uint8Array;

/** Whether `undefined` may not be given where the key may be left out. */
type RefusesUndefined<T, K extends keyof T> =
  object extends Pick<T, K> ? (Record<K, undefined> extends Pick<T, K> ? false : true) : false;

type Within<V, Depth extends 0[]> = V extends Whole
  ? never
  : V extends object
    ? RefusedKeys<V, Depth>
    : never;

/**
 * The optional keys, also of objects within, to which a host with `exactOptionalPropertyTypes` cannot give
 * `process.env.X`. Means nothing without that option.
 */
export type RefusedKeys<T, Depth extends 0[] = []> = Depth['length'] extends 6
  ? never
  : {
      [K in keyof T]-?:
        | (RefusesUndefined<T, K> extends true ? Key<K> : never)
        | (Within<Exclude<T[K], undefined>, [...Depth, 0]> extends infer Inner extends string
            ? `${Key<K>}.${Inner}`
            : never);
    }[keyof T];
