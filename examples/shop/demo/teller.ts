import type { TrackingStatus } from 'nestjs-server-tracking';

import { describeArrival, PLATFORM_TITLES, type Arrival } from './arrivals';
import { layOut } from './layout';
import type { Palette } from './palette';

const WIDTH = 108;

/** Tells the story: headings, facts, what arrived, and claims that are held against what happened. */
export class Teller {
  private chapters = 0;
  private held = 0;
  private broken = 0;

  constructor(
    private readonly palette: Palette,
    private readonly write: (line: string) => void,
  ) {}

  title(text: string, ...lines: readonly string[]): void {
    this.line(this.palette.bold(text));
    for (const line of lines) this.line(line);
  }

  chapter(text: string): void {
    this.chapters += 1;
    this.line();
    this.line(this.palette.bold(`${this.chapters}. ${text}`));
  }

  facts(facts: Readonly<Record<string, unknown>>): void {
    for (const line of layOut(facts, WIDTH - 3)) this.line(`   ${line}`);
  }

  /** A list, one entry a line. */
  list(title: string, lines: readonly string[]): void {
    for (const [at, line] of lines.entries())
      this.line(`   ${at === 0 ? title : ' '.repeat(title.length)}  ${line}`);
  }

  /** Where events go and where they wait. */
  status({ details }: TrackingStatus): void {
    const lines = Object.entries(details.destinations).map(
      ([name, { state, endpoint = '' }]) =>
        [name, `${state.padEnd(8)} ${endpoint}`.trim()] as const,
    );
    this.facts({ ...Object.fromEntries(lines), storage: details.storage });
  }

  /** What the platforms received, whole. */
  arrivals(arrivals: readonly Arrival[]): void {
    for (const arrival of arrivals) {
      this.line();
      const title = this.palette.name(PLATFORM_TITLES[arrival.platform].padEnd(6));
      this.line(`   ${title} ${this.palette.dim(arrival.line)}`);
      for (const line of describeArrival(arrival, WIDTH - 10)) this.line(`          ${line}`);
    }
    this.line();
  }

  /** A claim that must be true, or the demo fails. */
  claim(text: string, isTrue: boolean): void {
    if (isTrue) this.held += 1;
    else this.broken += 1;
    this.line(
      isTrue ? `   ${this.palette.good('✓')} ${text}` : `   ${this.palette.bad(`✗ ${text}`)}`,
    );
  }

  /** @returns whether every claim was true. */
  end(seconds: number): boolean {
    const all = this.held + this.broken;
    const result = `${this.held} of ${all} claims hold`;
    const ink = this.broken === 0 ? this.palette.good : this.palette.bad;
    this.line();
    this.line(`${ink(result)}, told in ${seconds.toFixed(1)} s.`);
    return this.broken === 0;
  }

  line(text = ''): void {
    this.write(text);
  }
}
