/**
 * Runs one batch at a time; what is asked for meanwhile gathers into the next batch.
 * Each promise settles with the batch that carried its items.
 */
export function gathering<Item, Result>(
  run: (items: ReadonlySet<Item>) => Promise<Result>,
): (items: Iterable<Item>) => Promise<Result> {
  let running: Promise<unknown> = Promise.resolve();
  let waiting: { readonly items: Set<Item>; readonly done: Promise<Result> } | undefined;
  const gather = () => {
    const items = new Set<Item>();
    const done = running.then(() => {
      waiting = undefined;
      return run(items);
    });
    // A batch that fails fails for those who asked for it, not for the next one.
    running = done.catch(() => undefined);
    return { items, done };
  };
  return (items) => {
    waiting ??= gather();
    for (const item of items) waiting.items.add(item);
    return waiting.done;
  };
}
