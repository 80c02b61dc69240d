export interface NameParts {
  firstName?: string;
  lastName?: string;
}

/**
 * Splits a name as forms give it: `Doe, Jane` at the comma, else the last word is the last name, with
 * the particles before it (`Vincent van Gogh` → `van Gogh`). One word is a first name. It is a guess,
 * as every such rule is: ask for two fields where you can.
 */
export function splitFullName(fullName: string): NameParts {
  const comma = fullName.indexOf(',');
  if (comma >= 0) {
    return nameParts(words(fullName.slice(comma + 1)), words(fullName.slice(0, comma)));
  }
  const all = words(fullName);
  if (all.length < 2) return nameParts(all, []);
  let lastNameAt = all.length - 1;
  while (lastNameAt > 1 && PARTICLES.has((all[lastNameAt - 1] ?? '').toLowerCase()))
    lastNameAt -= 1;
  return nameParts(all.slice(0, lastNameAt), all.slice(lastNameAt));
}

const PARTICLES = new Set(
  'al bin da das de del della den der di do dos du el ibn la las le los st. ten ter van vd von zu zum'.split(
    ' ',
  ),
);

function words(text: string): string[] {
  return text.split(/\s+/u).filter((word) => word !== '');
}

function nameParts(first: readonly string[], last: readonly string[]): NameParts {
  return {
    ...(first.length > 0 && { firstName: first.join(' ') }),
    ...(last.length > 0 && { lastName: last.join(' ') }),
  };
}
