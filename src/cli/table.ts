/** Control characters, and those that a terminal takes for a new line or another direction. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu;

/** IDs come from the host and reasons from a platform: neither may steer a terminal. */
export function oneLine(text: string): string {
  return text.replace(UNPRINTABLE, ' ');
}

/** Columns under their headings; numbers stand to the right. The last column is as wide as it wants. */
export function table(
  headings: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const texts = [headings, ...rows.map((row) => row.map((cell) => oneLine(String(cell))))];
  const widths = headings.map((_heading, at) =>
    Math.max(...texts.map((row) => row[at]?.length ?? 0)),
  );
  const isNumber = headings.map((_heading, at) => typeof rows[0]?.[at] === 'number');
  const lines = texts.map((row) =>
    row
      .map((text, at) => {
        const width = widths[at] ?? 0;
        return isNumber[at] === true ? text.padStart(width) : text.padEnd(width);
      })
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}
