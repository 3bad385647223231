/** Things to do in the order of their time; at one instant by `order`, then as they were added: a binary heap. */
export interface EventQueue<Item> {
  add(at: number, order: number, item: Item): void;
  /** The next one, removed; undefined: nothing is left. */
  next(): { readonly at: number; readonly item: Item } | undefined;
}

interface Entry<Item> {
  readonly at: number;
  readonly order: number;
  readonly serial: number;
  readonly item: Item;
}

function before<Item>(a: Entry<Item>, b: Entry<Item>): boolean {
  if (a.at !== b.at) return a.at < b.at;
  return a.order !== b.order ? a.order < b.order : a.serial < b.serial;
}

export function createEventQueue<Item>(): EventQueue<Item> {
  const heap: Entry<Item>[] = [];
  let serial = 0;
  const rise = (entry: Entry<Item>) => {
    let place = heap.length;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !before(entry, above)) break;
      heap[place] = above;
      place = parent;
    }
    heap[place] = entry;
  };
  const sink = (entry: Entry<Item>) => {
    let place = 0;
    for (;;) {
      const left = 2 * place + 1;
      const [one, other] = [heap[left], heap[left + 1]];
      if (one === undefined) break;
      const right = other !== undefined && before(other, one);
      const child = right ? other : one;
      if (!before(child, entry)) break;
      heap[place] = child;
      place = right ? left + 1 : left;
    }
    heap[place] = entry;
  };
  return {
    add(at, order, item) {
      serial += 1;
      rise({ at, order, serial, item });
    },
    next() {
      const [first] = heap;
      const last = heap.pop();
      if (first === undefined || last === undefined) return undefined;
      if (heap.length > 0) sink(last);
      return { at: first.at, item: first.item };
    },
  };
}
