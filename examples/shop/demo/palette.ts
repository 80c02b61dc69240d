type Ink = (text: string) => string;

/** The few inks of the demo's story. */
export interface Palette {
  readonly bold: Ink;
  readonly dim: Ink;
  readonly good: Ink;
  readonly bad: Ink;
  readonly name: Ink;
}

/** Colours are for people: none in a pipe or a file, and none where `NO_COLOR` is set. */
export function wantsColour(
  stream: { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  return stream.isTTY === true && (env.NO_COLOR ?? '') === '';
}

/** Codes of ANSI that switch an ink on and off again. */
const INKS: Readonly<Record<keyof Palette, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  good: [32, 39],
  bad: [31, 39],
  name: [36, 39],
};

export function createPalette(isColourful: boolean): Palette {
  const ink = (name: keyof Palette): Ink => {
    const [on, off] = INKS[name];
    return (text) => (isColourful ? `\u001b[${on}m${text}\u001b[${off}m` : text);
  };
  return {
    bold: ink('bold'),
    dim: ink('dim'),
    good: ink('good'),
    bad: ink('bad'),
    name: ink('name'),
  };
}
