import fc from "fast-check";
import { expect, test } from "vitest";
import { arbitraryBook, spotShape } from "../../test/clearing-books.ts";
import { compileBook } from "./compile-book.ts";
import { bestAlone, demandAt, emptyDemand } from "./demand.ts";
import { cheapestTables } from "./guide.ts";
import { DIV } from "./model.ts";
import { nearPlaces } from "./near-places.ts";

test("the best place of a gang in a single pool is near, whatever that may lose, and none twice", () => {
  fc.assert(
    fc.property(arbitraryBook(spotShape), fc.integer({ min: 1, max: 1000 }), (book, most) => {
      const model = compileBook(book);
      const guide = cheapestTables(model);
      const demand = emptyDemand(model);
      demandAt(model, guide, demand);
      const near = nearPlaces(model, guide, demand.surplus, most);
      for (let bid = 0; bid < model.bids; bid++) {
        const [from, to] = [near.first[bid] ?? 0, near.first[bid + 1] ?? 0];
        const places = Array.from(
          { length: to - from },
          (_, i) => `${near.way[from + i]} ${near.start[from + i]}`,
        );
        expect(new Set(places).size).toBe(places.length);
        const best = model.kind[bid] === DIV ? undefined : bestAlone(model, guide, bid);
        // A split bid may gain more in two centers.
        if (best && best.gain === demand.surplus[bid]) expect(places).toContain(`${best.way} ${best.start}`);
      }
    }),
  );
});
