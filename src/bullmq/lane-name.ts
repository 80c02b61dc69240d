/** A destination as a part of a key: BullMQ takes no colon in a queue's name. */
export function queueName(destination: string): string {
  return encodeURIComponent(destination);
}
