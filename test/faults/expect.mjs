/** What a case asks for and did not get. */
export class Unmet extends Error {}

/** Something was lost, counted wrongly or changed. No slow machine excuses that. */
export class Broken extends Unmet {}

export function expect(isMet, message) {
  if (!isMet) throw new Unmet(message);
}

export function expectIntact(isMet, message) {
  if (!isMet) throw new Broken(message);
}

/** Resolves when the condition holds; fails when the time is up. @returns milliseconds that it took. */
export async function eventually(condition, timeoutMs, message) {
  const startedAtMs = Date.now();
  while (!(await condition())) {
    const text = () => (typeof message === 'function' ? message() : message);
    expect(Date.now() - startedAtMs < timeoutMs, `not within ${timeoutMs} ms: ${await text()}`);
    await sleep(50);
  }
  return Date.now() - startedAtMs;
}

export function sleep(delayMs) {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}
