import type { Consent } from '../events/consent';
import { cookieText, withoutUnknown } from './cookie-text';
import { gppSections, type GppSection } from './gpp-sections';
import { loadGpp } from './peers';
import { readTcf, type TcfSettings } from './tcf';
import { readUsp } from './usp';

const TCF_EU = 2;
const USP = 6;
const US_NATIONAL = 7;

/** The state that a section is for, by its number. */
const US_STATE_SECTIONS: ReadonlyMap<number, string> = new Map(
  'CA VA CO UT CT FL MT OR TX DE IA NE NH NJ TN MN MD IN KY RI'
    .split(' ')
    .map((state, index) => [US_NATIONAL + 1 + index, state]),
);

/**
 * Reads an IAB GPP string. Of the US sections: whether the person opted out of sale, of sharing or of
 * targeted advertising, any of which counts as `saleOptOut`, and the browser's GPC as it was then. The
 * section for the EU is read as a TC string, the old one for the US as a US Privacy string. Others,
 * Canada's too, are passed over.
 *
 * @returns `undefined` for what is no such string, or says nothing. Never throws once the package is there.
 */
export function readGpp(gppString: unknown, settings: TcfSettings = {}): Consent | undefined {
  const sections = gppSections(cookieText(gppString) ?? '');
  if (sections === undefined) return undefined;
  const us = sections.flatMap((section) => readUsSection(section) ?? []);
  const find = (id: number) => sections.find((section) => section.id === id)?.text;
  const euText = find(TCF_EU);
  const tcf = euText === undefined ? undefined : readTcf(euText, settings);
  const all = [...us, readUsp(find(USP))];
  const optOuts = all.flatMap((consent) => consent?.saleOptOut ?? []);
  const isGpc = us.some(({ gpc }) => gpc === true);
  if (tcf === undefined && optOuts.length === 0 && !isGpc) return undefined;
  return withoutUnknown<Consent>({
    ...tcf,
    saleOptOut: optOuts.length === 0 ? undefined : optOuts.includes(true),
    gpc: isGpc || undefined,
    region: euText === undefined ? regionOf(sections) : undefined,
    source: 'gpp',
  });
}

function readUsSection({ id, text }: GppSection): Consent | undefined {
  if (id !== US_NATIONAL && !US_STATE_SECTIONS.has(id)) return undefined;
  const { GppModel } = loadGpp();
  try {
    const model = new GppModel();
    model.decodeSectionById(id, text);
    const field = (name: string): unknown =>
      model.hasFieldBySectionId(id, name) ? model.getFieldValueBySectionId(id, name) : undefined;
    const answers = ['SaleOptOut', 'SharingOptOut', 'TargetedAdvertisingOptOut'].map(field);
    // 1 opted out, 2 did not, 0 not applicable.
    const isAnswered = answers.some((answer) => answer === 1 || answer === 2);
    return {
      saleOptOut: isAnswered ? answers.includes(1) : undefined,
      gpc: field('Gpc') === true ? true : undefined,
    };
  } catch {
    return undefined;
  }
}

/** The one state that the sections speak of, else the country. */
function regionOf(sections: readonly GppSection[]): string | undefined {
  const states = sections.flatMap(({ id }) => US_STATE_SECTIONS.get(id) ?? []);
  if (states.length === 1) return `US-${states[0] ?? ''}`;
  return states.length > 0 || sections.some(({ id }) => id === US_NATIONAL) ? 'US' : undefined;
}
