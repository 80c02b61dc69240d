/**
 * Who is measured: a file of `subjects/`, a set-up of `accounts.mjs`, and so many events that each runs for
 * about a second, after one and a half seconds of warm-up, because servers run warm. `hand` is what the others of its set-up are compared with, `floor` what
 * bare parts cost that do nothing else.
 */
export const SUBJECTS = [
  subject('ours', 'three', 5_000),
  subject('ours+undici', 'three', 7_000),
  subject('ours-sqlite', 'three', 5_000),
  subject('ours-sqlite+undici', 'three', 6_000),
  subject('ours-redis', 'three', 4_000),
  subject('ours-redis+undici', 'three', 5_000),
  subject('hand', 'three', 900),
  subject('walkeros', 'three', 1_800),
  subject('bullmq', 'three', 800),
  subject('floor', 'three', 9_000),
  subject('floor-sqlite', 'three', 9_000),
  subject('ours', 'two', 6_000),
  subject('ours+undici', 'two', 9_000),
  subject('ours-sqlite', 'two', 6_000),
  subject('ours-sqlite+undici', 'two', 8_000),
  subject('hand', 'two', 1_200),
  subject('walkeros', 'two', 2_400),
  subject('floor', 'two', 15_000),
  subject('floor-sqlite', 'two', 12_000),
  subject('ours', 'one', 6_000),
  subject('hand', 'one', 1_800),
  subject('meta-sdk', 'one', 1_800),
];

function subject(kind, setUp, count) {
  return { name: `${kind}-${setUp}`, kind, setUp, count, warmUp: Math.round(count * 1.5) };
}
