import type { Problem } from './events/problem';

/**
 * The options are wrong, so the application does not start. Thrown while the module is being set up
 * and nowhere else; carries every problem that was found, not only the first.
 */
export class InvalidOptionsError extends Error {
  readonly code = 'invalid_options';

  constructor(readonly problems: readonly Problem[]) {
    const lines = problems.map((problem) => `  - ${problem.field}: ${problem.message}`);
    super(
      `TrackingModule cannot start, its options have ${problems.length} problem(s):\n${lines.join('\n')}`,
    );
    this.name = 'InvalidOptionsError';
  }
}
