/** Which entries go first where a destination cannot keep up: 0 before 1 before 2. */
export type Priority = 0 | 1 | 2;

/** Money first, then what people did, then what they looked at. */
const PRIORITIES: Readonly<Record<string, Priority>> = {
  purchase: 0,
  refund: 0,
  subscription: 0,
  page_view: 2,
  view_item: 2,
  view_item_list: 2,
  search: 2,
};

/** By the event's canonical name. */
export function priorityOf(eventName: string): Priority {
  return PRIORITIES[eventName] ?? 1;
}
