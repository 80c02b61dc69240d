/**
 * Where one click ID is found. A destination lists its own in its definition; it is then captured from
 * every request, because a click that was not captured is gone.
 */
export interface ClickIdSource {
  /** Its key in `RequestContext.clickIds`. */
  readonly name: string;
  /** URL query parameter; looked for in the request's, then in the page's. */
  readonly query?: string;
  /** Cookies in the order of trust. */
  readonly cookies?: readonly string[];
  /** Takes the ID out of the cookie's value; default: the whole value. */
  readonly fromCookie?: (value: string) => string | undefined;
}
