import type { Priority } from './priority';

/** What a queue has to know of an entry. */
interface Prioritised {
  readonly priority: Priority;
  readonly acceptedAtMs: number;
}

/** Entries that may be handed over: the most urgent first, and in the order of arrival among equals. */
export class ReadyQueue<Item extends Prioritised> {
  private readonly queues: readonly Fifo<Item>[] = [new Fifo(), new Fifo(), new Fifo()];

  get length(): number {
    let sum = 0;
    for (const queue of this.queues) sum += queue.length;
    return sum;
  }

  push(item: Item): void {
    this.queueOf(item).push(item);
  }

  /** Puts items back in front of their equals, in their order. */
  putBack(items: readonly Item[]): void {
    for (const priority of [0, 1, 2] as const) {
      this.queues[priority]?.putBack(items.filter((item) => item.priority === priority));
    }
  }

  /** Takes at most so many out. */
  take(count: number): Item[] {
    let taken: Item[] = [];
    for (const queue of this.queues) {
      if (taken.length >= count) break;
      if (queue.length > 0) taken = taken.concat(queue.take(count - taken.length));
    }
    return taken;
  }

  /** Takes the first of one priority out. */
  takeOf(priority: Priority): Item | undefined {
    return this.queues[priority]?.take(1)[0];
  }

  /** Takes out what has waited the longest. */
  takeOldest(): Item | undefined {
    let oldest: Fifo<Item> | undefined;
    for (const queue of this.queues) {
      const first = queue.first;
      if (first === undefined) continue;
      const other = oldest?.first;
      if (other === undefined || first.acceptedAtMs < other.acceptedAtMs) oldest = queue;
    }
    return oldest?.take(1)[0];
  }

  /** All that match, as they stand. */
  find(matches: (item: Item) => boolean): Item[] {
    return this.queues.flatMap((queue) => queue.find(matches));
  }

  /** Takes out all that match, wherever they stand. */
  takeAll(matches: (item: Item) => boolean): Item[] {
    return this.queues.flatMap((queue) => queue.takeAll(matches));
  }

  private queueOf({ priority }: Item): Fifo<Item> {
    return this.queues[priority] as Fifo<Item>;
  }
}

/** Empty places in front that are worth a copy of the rest. */
const MIN_CUT = 1_000;

/** A queue whose front is cut off only now and then, so that taking stays cheap however long it is. */
class Fifo<Item> {
  /** Before the head there is nothing left: what was taken must not be kept alive by its place. */
  private items: (Item | undefined)[] = [];
  private head = 0;

  get length(): number {
    return this.items.length - this.head;
  }

  get first(): Item | undefined {
    return this.items[this.head];
  }

  push(item: Item): void {
    this.items.push(item);
  }

  putBack(items: readonly Item[]): void {
    if (items.length === 0) return;
    this.items = [...items, ...this.waiting()];
    this.head = 0;
  }

  find(matches: (item: Item) => boolean): Item[] {
    return this.waiting().filter(matches);
  }

  takeAll(matches: (item: Item) => boolean): Item[] {
    const waiting = this.waiting();
    const taken = waiting.filter(matches);
    if (taken.length > 0) {
      this.items = waiting.filter((item) => !matches(item));
      this.head = 0;
    }
    return taken;
  }

  take(count: number): Item[] {
    const end = Math.min(this.head + count, this.items.length);
    const taken = this.items.slice(this.head, end) as Item[];
    this.items.fill(undefined, this.head, end);
    this.head = end;
    if (this.head === this.items.length) {
      this.items = [];
      this.head = 0;
    } else if (this.head > MIN_CUT && this.head * 2 > this.items.length) {
      this.items = this.waiting();
      this.head = 0;
    }
    return taken;
  }

  private waiting(): Item[] {
    return this.items.slice(this.head) as Item[];
  }
}
