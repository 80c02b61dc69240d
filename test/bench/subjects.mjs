/** A thousand come, as many of them together as each subject is driven with, and the next thousand when these have arrived. */
const AT_ONCE = 1_000;

/**
 * Who is measured: a file of `subjects/`, a set-up of `accounts.mjs`, and so many events that each runs for one or two
 * seconds, after twice as many of warm-up, because servers run warm. `hand` is what the others of its set-up are compared
 * with, `floor` what bare parts cost that do nothing else.
 */
export const SUBJECTS = [
  subject('ours', 'three', 8_000),
  subject('ours+undici', 'three', 10_000),
  subject('ours-sqlite', 'three', 8_000),
  subject('ours-sqlite+undici', 'three', 10_000),
  subject('ours-redis', 'three', 6_000),
  subject('ours-redis+undici', 'three', 8_000),
  subject('hand', 'three', 1_500),
  subject('walkeros', 'three', 3_000),
  subject('bullmq', 'three', 1_500),
  subject('floor', 'three', 12_000),
  subject('floor-sqlite', 'three', 12_000),
  subject('ours', 'two', 10_000),
  subject('ours+undici', 'two', 12_000),
  subject('ours-sqlite', 'two', 10_000),
  subject('ours-sqlite+undici', 'two', 12_000),
  subject('hand', 'two', 2_000),
  subject('walkeros', 'two', 4_000),
  subject('floor', 'two', 20_000),
  subject('floor-sqlite', 'two', 16_000),
  subject('ours', 'one', 10_000),
  subject('hand', 'one', 3_000),
  subject('meta-sdk', 'one', 3_000),
];

/** The same where all of them come at once, which is faster than the platforms take them. */
export const FLOODED = [
  flooded('ours+undici', 'three', 6_000),
  flooded('ours-sqlite+undici', 'three', 6_000),
  flooded('ours-redis+undici', 'three', 6_000),
  flooded('floor', 'three', 6_000),
  flooded('floor-sqlite', 'three', 6_000),
];

function subject(kind, setUp, count) {
  return { name: `${kind}-${setUp}`, kind, setUp, count, warmUp: 2 * count, atOnce: AT_ONCE };
}

function flooded(kind, setUp, count) {
  return { ...subject(kind, setUp, count), atOnce: count };
}
