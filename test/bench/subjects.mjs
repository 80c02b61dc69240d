/**
 * Who is measured: a file of `subjects/`, a set-up of `accounts.mjs`, and so many events that each runs for
 * about a second. `hand` is what the others of its set-up are compared with.
 */
export const SUBJECTS = [
  subject('ours', 'three', 8_000),
  subject('hand', 'three', 1_500),
  subject('walkeros', 'three', 3_000),
  subject('ours', 'two', 10_000),
  subject('hand', 'two', 2_000),
  subject('walkeros', 'two', 4_000),
  subject('ours', 'one', 12_000),
  subject('hand', 'one', 3_000),
  subject('meta-sdk', 'one', 3_000),
];

function subject(kind, setUp, count) {
  return { name: `${kind}-${setUp}`, kind, setUp, count, warmUp: Math.round(count / 4) };
}
