import { arrivalsOf } from './arrivals';
import type { Stage } from './stage';
import type { Teller } from './teller';
import { CLICK, JOHN } from './visitor';

const LOOK_INTERVAL_MS = 200;
/** The banner's answer, Meta's browser ID and GA's client ID. */
const COOKIES = [
  'OptanonConsent=groups=C0002%3A1%2CC0004%3A1',
  'OptanonAlertBoxClosed=2026-01-15T10:00:00Z',
  '_fbp=fb.1.1759990000000.1098115397',
  `_ga=GA1.1.${CLICK.gaClientId}`,
].join('; ');
const AS_VISITOR = [
  `-H 'content-type: application/json' -H 'x-forwarded-for: ${CLICK.ip}' \\`,
  `-A '${CLICK.userAgent}' \\`,
  `-b '${COOKIES}' \\`,
];

/** Leaves the shop open, says how to play with it, and tells what the platforms receive as it arrives. */
export function serve(stage: Stage, teller: Teller, isLive: boolean): void {
  const { shopUrl } = stage;
  teller.line();
  teller.title(
    `The shop is open at ${shopUrl}`,
    isLive
      ? 'Events go to the accounts of your environment. Stripe is not real: nobody pays anything.'
      : 'Nothing leaves this machine. What the platforms receive is told here as it arrives.',
  );
  teller.line();
  teller.status(stage.tracking.getStatus());
  teller.chapter('Sign up, and keep the token');
  curl(teller, `TOKEN=$(curl -s '${shopUrl}/auth/register' \\`, [
    ...AS_VISITOR,
    `-e 'https://shop.example.com/products/MUG-BLUE?fbclid=my-click' \\`,
    `-d '${JSON.stringify({ ...JOHN, email: 'you@example.com' })}' \\`,
    `| node -p 'JSON.parse(fs.readFileSync(0)).token')`,
  ]);
  teller.chapter('Go to the checkout; the answer has a paymentUrl');
  curl(teller, `curl -s '${shopUrl}/checkout' \\`, [
    ...AS_VISITOR,
    `-H "authorization: Bearer $TOKEN" -e 'https://shop.example.com/cart?fbclid=my-click' \\`,
    `-d '${JSON.stringify({ items: [{ sku: 'MUG-BLUE', quantity: 2 }] })}'`,
  ]);
  teller.chapter('Pay: the shop gets a signed webhook; pay again for a duplicate');
  curl(teller, `curl -s -X POST <paymentUrl>`, []);
  teller.chapter('Take consent back, see what is kept, be forgotten');
  const signedIn = `-H "authorization: Bearer $TOKEN"`;
  curl(teller, `curl -s -X POST ${shopUrl}/consent/withdraw ${signedIn}`, []);
  curl(teller, `curl -s ${shopUrl}/account/export ${signedIn}`, []);
  curl(teller, `curl -s -X DELETE ${shopUrl}/account ${signedIn}`, []);
  teller.chapter('Look how it stands');
  curl(teller, `curl -s ${shopUrl}/status`, []);
  curl(teller, `curl -s ${shopUrl}/health`, []);
  teller.line();
  teller.line('Ctrl+C closes the shop.');
  if (!isLive) tellArrivals(stage, teller);
}

function curl(teller: Teller, first: string, rest: readonly string[]): void {
  teller.line(`   ${first}`);
  for (const line of rest) teller.line(`     ${line}`);
}

function tellArrivals({ platforms }: Stage, teller: Teller): void {
  let seen = 0;
  setInterval(() => {
    const arrivals = arrivalsOf(platforms.requests.slice(seen));
    seen = platforms.requests.length;
    if (arrivals.length > 0) teller.arrivals(arrivals);
  }, LOOK_INTERVAL_MS).unref();
}
