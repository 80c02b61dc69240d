import { auditKeys, verifyAuditLog } from 'nestjs-server-tracking/audit';
import type { StripeTrackResult } from 'nestjs-server-tracking/stripe';

import type { Checkout } from '../checkout/checkout.service';
import type { PrivacyService } from '../privacy/privacy.service';
import { auditOf, checkOut, deliver, sessionOf, signUp } from './acts';
import type { Answer } from './ask';
import { Browser } from './browser';
import type { SecondProcess } from './second-process';
import type { Stage } from './stage';
import type { Teller } from './teller';
import { LANDING, LENA } from './visitor';
import { inShort, resultFacts, tellAnswer, watch } from './watch';

type ErasureReport = Awaited<ReturnType<PrivacyService['erase']>>;

/** Those who say no: from the beginning, on the way, and for good. */
export async function playPrivacy(
  stage: Stage,
  teller: Teller,
  john: Browser,
  second: SecondProcess,
): Promise<void> {
  await refuse(stage, teller, second);
  await withdraw(stage, teller, john, second);
  await leave(stage, teller, john);
}

async function refuse(stage: Stage, teller: Teller, second: SecondProcess): Promise<void> {
  teller.chapter('Lena makes the same visit, by the same ad, but says no in the banner');
  const lena = new Browser(stage.shopUrl);
  // From a visit of long ago: it is not for want of cookies that nothing is sent.
  lena.runTags();
  lena.answerBanner('no', 'DE;BE');
  const landed = await watch(stage, () => lena.load(LANDING));
  const joined = await watch(stage, () => signUp(lena, LENA));
  tellAnswer(teller, 'POST /auth/register', joined.answer);
  const ordered = await watch(stage, () => checkOut(lena));
  tellAnswer(teller, 'POST /checkout', ordered.answer);
  const paid = await watch(stage, () => pay(stage, second, ordered.answer));
  tellAnswer(teller, 'POST /webhooks/stripe', paid.answer, resultFacts(paid.answer));
  const audit = await auditOf(lena, ordered.answer.body.eventIds.purchase);
  teller.list('audit log', audit);
  teller.line();
  teller.claim('she has her account', joined.answer.status === 201);
  teller.claim(
    'no platform heard of her, from the ad to the payment',
    [landed, joined, ordered, paid].every(({ arrivals }) => arrivals.length === 0),
  );
  teller.claim(
    'the audit log says why',
    audit.includes('withheld meta purchase consent denied for adStorage, adUserData') &&
      audit.includes('withheld ga4 purchase consent denied for analyticsStorage'),
  );
}

async function withdraw(
  stage: Stage,
  teller: Teller,
  john: Browser,
  second: SecondProcess,
): Promise<void> {
  teller.chapter('John orders again, but takes his consent back before he pays');
  const ordered = await watch(stage, () => checkOut(john));
  tellAnswer(teller, 'POST /checkout', ordered.answer, { platforms: inShort(ordered.arrivals) });
  const withdrawn = await watch(stage, () => john.call('POST', '/consent/withdraw'));
  tellAnswer(teller, 'POST /consent/withdraw', withdrawn.answer);
  const paid = await watch(stage, () => pay(stage, second, ordered.answer));
  tellAnswer(teller, 'POST /webhooks/stripe', paid.answer, resultFacts(paid.answer));
  const audit = await auditOf(john, ordered.answer.body.eventIds.purchase);
  teller.list('audit log', audit);
  teller.line();
  teller.claim(
    'the purchase stayed, although the checkout had his consent',
    paid.arrivals.length === 0,
  );
  teller.claim(
    'the audit log says why',
    audit.includes('withheld meta purchase consent withdrawn for adStorage, adUserData'),
  );
}

async function leave(stage: Stage, teller: Teller, john: Browser): Promise<void> {
  teller.chapter('John closes his account and is forgotten');
  const { answer, arrivals } = await watch(stage, () =>
    john.call<ErasureReport>('DELETE', '/account'),
  );
  tellAnswer(teller, 'DELETE /account', answer, { removed: answer.body });
  const after = await john.call('GET', '/account/export');
  tellAnswer(teller, 'GET /account/export', after);
  teller.line();
  const { records, auditLines = 0 } = answer.body;
  teller.claim(
    'kept visits, links and his part in the audit log are gone',
    records > 0 && auditLines > 0 && arrivals.length === 0,
  );
  teller.claim('the account is gone', after.status === 401);
  teller.claim('the log is still whole: no line is missing, none was changed', await isLogWhole());
}

/** Pays what was ordered; the webhook comes to the other process. */
function pay(
  { stripe }: Stage,
  second: SecondProcess,
  { body }: Answer<Checkout>,
): Promise<Answer<StripeTrackResult>> {
  return deliver(second.url, stripe.paidWebhook(sessionOf(stripe, body).id));
}

/** Asked of the log itself, as `nestjs-server-tracking audit verify` does. */
async function isLogWhole(): Promise<boolean> {
  const { TRACKING_AUDIT_URL: url = '', TRACKING_ENCRYPTION_KEY: key = '' } = process.env;
  const { isIntact } = await verifyAuditLog(url, auditKeys(key));
  return isIntact;
}
