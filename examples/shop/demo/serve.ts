import { arrivalsOf } from './arrivals';
import type { Stage } from './stage';
import type { Teller } from './teller';
import { CLICK, JOHN } from './visitor';

const LOOK_INTERVAL_MS = 200;
const COOKIES = `_fbp=${CLICK.fbp}; _ga=GA1.1.${CLICK.gaClientId}`;

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
  const person = JSON.stringify({
    ...JOHN.person,
    email: 'you@example.com',
    consent: JOHN.consent,
  });
  curl(teller, `TOKEN=$(curl -s '${shopUrl}/auth/register?fbclid=my-click' \\`, [
    `-H 'content-type: application/json' -H 'x-forwarded-for: ${CLICK.ip}' \\`,
    `-b '${COOKIES}' -e 'https://shop.example.com/mugs' \\`,
    `-d '${person}' \\`,
    `| node -p 'JSON.parse(fs.readFileSync(0)).token')`,
  ]);
  teller.chapter('Go to the checkout; the answer has a paymentUrl');
  curl(teller, `curl -s '${shopUrl}/checkout?fbclid=my-click' \\`, [
    `-H 'content-type: application/json' -H 'x-forwarded-for: ${CLICK.ip}' \\`,
    `-H "authorization: Bearer $TOKEN" -e 'https://shop.example.com/cart' \\`,
    `-b '${COOKIES}' \\`,
    `-d '${JSON.stringify({ items: [{ sku: 'MUG-BLUE', quantity: 2 }], consent: JOHN.consent })}'`,
  ]);
  teller.chapter('Pay: the shop gets a signed webhook; pay again for a duplicate');
  curl(teller, `curl -s -X POST <paymentUrl>`, []);
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
