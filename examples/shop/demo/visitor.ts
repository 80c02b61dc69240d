/** Somebody who comes by an ad. */
export interface Visitor {
  readonly email: string;
  readonly fullName: string;
  readonly phone?: string;
}

export const JOHN: Visitor = {
  email: 'John_Smith@gmail.com',
  fullName: 'John Smith',
  phone: '+1 (650) 555-1212',
};

export const LENA: Visitor = { email: 'lena@example.com', fullName: 'Lena Beispiel' };

/** The values that the platforms must receive again, to the letter. */
export const CLICK = {
  ip: '203.0.113.7',
  userAgent:
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
  fbclid: 'IwAR0demoFbclidAbCdEf',
  ttclid: 'E.C.P.demoTtclidAbCdEf',
  gclid: 'Cj0KCQdemoGclidAbCdEf',
  ttp: '2F7h37YkS1j57AYSKTI7IHhJPYH',
  gaClientId: '1162820436.1749482504',
  gaSessionId: '1760000000',
} as const;

/** Where the ads lead. */
export const LANDING = `/products/MUG-BLUE?fbclid=${CLICK.fbclid}&ttclid=${CLICK.ttclid}&gclid=${CLICK.gclid}`;

/** What the tags of TikTok and Google write into a browser, on their side of the page. */
export const TAG_COOKIES: Readonly<Record<string, string>> = {
  _ttp: CLICK.ttp,
  _ga: `GA1.1.${CLICK.gaClientId}`,
  // One cookie per stream: the one of GA4 and the one of the GTM container, in both known forms.
  _ga_EXAMPLE1: `GS2.1.s${CLICK.gaSessionId}$o1$g0$t1760000100$j60$l0$h0`,
  _ga_EXAMPLE2: `GS1.1.${CLICK.gaSessionId}.1.0.1760000100.60.0.0`,
  _gcl_aw: `GCL.1760000000.${CLICK.gclid}`,
};
