/** The two functions that Jest, Vitest (with globals) and node:test agree on. */
interface TestRunner {
  readonly describe: (name: string, body: () => void) => unknown;
  readonly it: (name: string, body: () => Promise<void> | void) => unknown;
}

/** @throws Error where no runner has put its functions into the global scope. */
export function testRunner(): TestRunner {
  const { describe, it } = globalThis as Partial<TestRunner>;
  if (describe === undefined || it === undefined) {
    throw new Error(
      'the contract suites need the global functions describe and it of a test runner',
    );
  }
  return { describe, it };
}
