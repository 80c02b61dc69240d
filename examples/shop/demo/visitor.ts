/** Somebody with a browser, who came by an ad and answered the consent banner. */
export interface Visitor {
  readonly name: string;
  readonly person: { readonly email: string; readonly fullName: string; readonly phone?: string };
  readonly consent: Readonly<Record<string, string>>;
  /** What the ads left in the URL of the page, as a query. */
  readonly clicks: string;
  readonly headers: Readonly<Record<string, string>>;
}

const GRANTED = {
  adStorage: 'granted',
  analyticsStorage: 'granted',
  adUserData: 'granted',
  adPersonalization: 'granted',
  region: 'US-NY',
};

const DENIED = {
  adStorage: 'denied',
  analyticsStorage: 'denied',
  adUserData: 'denied',
  adPersonalization: 'denied',
  region: 'DE',
};

/** The values that the platforms must receive again, to the letter. */
export const CLICK = {
  ip: '203.0.113.7',
  userAgent:
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
  fbclid: 'IwAR0demoFbclidAbCdEf',
  ttclid: 'E.C.P.demoTtclidAbCdEf',
  gclid: 'Cj0KCQdemoGclidAbCdEf',
  fbp: 'fb.1.1759990000000.1098115397',
  ttp: '2F7h37YkS1j57AYSKTI7IHhJPYH',
  /** What Meta's pixel makes of the click. */
  fbc: 'fb.1.1759990000500.IwAR0demoFbclidAbCdEf',
  gaClientId: '1162820436.1749482504',
  gaSessionId: '1760000000',
} as const;

const COOKIES = [
  `_fbp=${CLICK.fbp}`,
  `_ttp=${CLICK.ttp}`,
  `_ga=GA1.1.${CLICK.gaClientId}`,
  // One cookie per stream: the one of GA4 and the one of the GTM container, in both known forms.
  `_ga_EXAMPLE1=GS2.1.s${CLICK.gaSessionId}$o1$g0$t1760000100$j60$l0$h0`,
  `_ga_EXAMPLE2=GS1.1.${CLICK.gaSessionId}.1.0.1760000100.60.0.0`,
];

/** He has just come: clicks are in the URL; `_fbp`, `_ttp` and `_ga` were set by the pixels. */
export const JOHN: Visitor = {
  name: 'John',
  person: { email: 'John_Smith@gmail.com', fullName: 'John Smith', phone: '+1 (650) 555-1212' },
  consent: GRANTED,
  clicks: `fbclid=${CLICK.fbclid}&ttclid=${CLICK.ttclid}&gclid=${CLICK.gclid}`,
  headers: {
    'user-agent': CLICK.userAgent,
    'x-forwarded-for': CLICK.ip,
    'accept-language': 'en-US,en;q=0.9',
    referer: 'https://shop.example.com/mugs',
    cookie: COOKIES.join('; '),
  },
};

/** Some pages later the clicks are gone from the URL; the tags in his browser keep them in cookies. */
export const JOHN_LATER: Visitor = {
  ...JOHN,
  clicks: '',
  headers: {
    ...JOHN.headers,
    referer: 'https://shop.example.com/cart',
    cookie: [
      ...COOKIES,
      `_fbc=${CLICK.fbc}`,
      `ttclid=${CLICK.ttclid}`,
      `_gcl_aw=GCL.1760000000.${CLICK.gclid}`,
    ].join('; '),
  },
};

/** The same browser, but the banner was answered with no. */
export const LENA: Visitor = {
  ...JOHN,
  name: 'Lena',
  person: { email: 'lena@example.com', fullName: 'Lena Beispiel' },
  consent: DENIED,
};
