import { phoneLibrary } from './phone-library';

/** What the numbering plans of all countries that share one calling code agree on. */
interface CallingCodePlan {
  /** Lengths of a national number that are possible in each of these countries. */
  readonly lengths: ReadonlySet<number>;
  /** National prefixes, which a parser would take off. */
  readonly prefixes: readonly RegExp[];
}

/** The part of the library's numbering plan that its types leave out. */
interface ParsingRules {
  nationalPrefixForParsing(): string | undefined;
}

let plans: ReadonlyMap<string, CallingCodePlan> | undefined;

/**
 * Whether a text of plus and digits is in E.164 already, so that the library's parser would return it as it
 * is. `false` means "ask the library", not "no". It stands on the library's own metadata and is here because
 * parsing is the dearest part of a call, and most numbers are stored in this form.
 */
export function isPlainE164(text: string): boolean {
  plans ??= readPlans();
  // No calling code is the beginning of another, so the first that fits is the one.
  for (let length = 1; length <= 3; length += 1) {
    const plan = plans.get(text.slice(1, 1 + length));
    if (plan === undefined) continue;
    const national = text.slice(1 + length);
    return (
      plan.lengths.has(national.length) && !plan.prefixes.some((prefix) => prefix.test(national))
    );
  }
  return false;
}

function readPlans(): ReadonlyMap<string, CallingCodePlan> {
  const { getCountries, getCountryCallingCode, Metadata } = phoneLibrary();
  const read = new Map<string, CallingCodePlan>();
  const metadata = new Metadata();
  for (const country of getCountries()) {
    metadata.selectNumberingPlan(country);
    const plan = metadata.numberingPlan;
    if (plan === undefined || !hasParsingRules(plan)) continue;
    const code = getCountryCallingCode(country);
    const known = read.get(code);
    const lengths = plan.possibleLengths().filter((length) => known?.lengths.has(length) ?? true);
    const prefix = plan.nationalPrefixForParsing();
    read.set(code, {
      lengths: new Set(lengths),
      prefixes: [
        ...(known?.prefixes ?? []),
        ...(prefix === undefined || prefix === '' ? [] : [new RegExp(`^(?:${prefix})`)]),
      ],
    });
  }
  return read;
}

/** A version of the library without this method makes every number go through its parser. */
function hasParsingRules(plan: object): plan is ParsingRules {
  return typeof (plan as Partial<ParsingRules>).nationalPrefixForParsing === 'function';
}
