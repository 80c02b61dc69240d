/** As many requests as a busy server would have under way. */
const CONCURRENCY = 48;

/** Runs one task per order, so many at a time. */
export async function inParallel(orders, task) {
  let next = 0;
  const work = async () => {
    while (next < orders.length) {
      const order = orders[next];
      next += 1;
      await task(order);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
}
