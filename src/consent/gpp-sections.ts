/** One section of a GPP string, still encoded. */
export interface GppSection {
  /** As the IAB numbers them: 2 is `tcfeuv2`, 7 `usnat`, 8 `usca`. */
  readonly id: number;
  readonly text: string;
}

/**
 * The sections of a GPP string, by the list in its header: `DBABMA~…`. The header is read here and not by
 * the IAB's package, which believes any range of sections: a cookie of 60 characters then fills the
 * memory and ends the process.
 *
 * @see https://github.com/InteractiveAdvertisingBureau/Global-Privacy-Platform/blob/main/Core/Consent%20String%20Specification.md
 * @returns `undefined` for what is no such string.
 */
export function gppSections(text: string): readonly GppSection[] | undefined {
  const [header = '', ...sections] = text.split('~');
  if (!/^DB[\w-]{2,40}$/.test(header) || sections.includes('')) return undefined;
  const ids = sectionIds(bitsOf(header));
  if (ids?.length !== sections.length) return undefined;
  return ids.map((id, index) => ({ id, text: sections[index] ?? '' }));
}

/** Far above the highest that is given out. */
const MAX_SECTION_ID = 99;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

function bitsOf(text: string): string {
  return Array.from(text, (char) => ALPHABET.indexOf(char).toString(2).padStart(6, '0')).join('');
}

/** Behind type and version: how many entries (12 bits), then each as one ID or a range of them. */
function sectionIds(bits: string): readonly number[] | undefined {
  const ids: number[] = [];
  const cursor = { at: 24 };
  let last = 0;
  for (let left = Number.parseInt(bits.slice(12, 24), 2); left > 0; left -= 1) {
    const isRange = bits[cursor.at] === '1';
    cursor.at += 1;
    const first = last + fibonacci(bits, cursor);
    last = isRange ? first + fibonacci(bits, cursor) : first;
    // Not a number, too, for what was cut off.
    if (!(last <= MAX_SECTION_ID)) return undefined;
    for (let id = first; id <= last; id += 1) ids.push(id);
  }
  return ids;
}

/** The next number in Fibonacci coding, which ends with two ones; `NaN` where there is no end. */
function fibonacci(bits: string, cursor: { at: number }): number {
  const end = bits.indexOf('11', cursor.at);
  if (end < 0) return Number.NaN;
  let sum = 0;
  let [weight, next] = [1, 2];
  for (; cursor.at <= end; cursor.at += 1) {
    if (bits[cursor.at] === '1') sum += weight;
    [weight, next] = [next, weight + next];
  }
  cursor.at += 1;
  return sum;
}
