/** IDs and field names come from the host and may hold anything; a log line is one line. */
export function printableText(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 100);
}
