/**
 * A birth date as `YYYYMMDD`, from ISO (`1997-02-16`), compact (`19970216`), US (`2/16/1997`, month
 * first), dotted (`16.02.1997`, day first) or a `Date` (its UTC day). `undefined` for no real date.
 */
export function normalizeDateOfBirth(value: string | Date): string | undefined {
  const [year, month, day] = value instanceof Date ? utcDay(value) : parse(value.trim());
  const date = new Date(Date.UTC(year, month - 1, day));
  const isReal =
    year >= 1900 && year <= 2100 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return isReal ? `${year}${twoDigits(month)}${twoDigits(day)}` : undefined;
}

function twoDigits(number: number): string {
  return number < 10 ? `0${number}` : String(number);
}

type Day = readonly [year: number, month: number, day: number];

const NO_DAY: Day = [NaN, NaN, NaN];

function utcDay(date: Date): Day {
  return [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()];
}

function parse(text: string): Day {
  const iso = /^(\d{4})[-/.]?(\d{2})[-/.]?(\d{2})(?:T.*)?$/.exec(text);
  if (iso !== null) return day(iso[1], iso[2], iso[3]);
  const dotted = /^(\d{1,2})\.(\d{1,2})\.(\d{4})$/.exec(text);
  if (dotted !== null) return day(dotted[3], dotted[2], dotted[1]);
  const slashed = /^(\d{1,2})[/-](\d{1,2})[/-](\d{4})$/.exec(text);
  return slashed === null ? NO_DAY : day(slashed[3], slashed[1], slashed[2]);
}

function day(...parts: readonly (string | undefined)[]): Day {
  const [year = NaN, month = NaN, dayOfMonth = NaN] = parts.map(Number);
  return [year, month, dayOfMonth];
}
