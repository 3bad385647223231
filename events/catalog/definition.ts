import type * as z from "zod";

/** What the catalog knows of one event: its name, the version of its data, their schema. */
export interface EventDefinition<Type extends string = string, Data extends z.ZodType = z.ZodType> {
  readonly type: Type;
  /** Bumped by a breaking change only, together with an upcaster. */
  readonly version: number;
  readonly data: Data;
  /** One sentence for docs/events.md. */
  readonly says: string;
}

/** An event as deciders see it. */
export interface EventOf<Type extends string, Data> {
  readonly type: Type;
  readonly data: Data;
}

export function defineEvent<const Type extends string, Data extends z.ZodType>(
  type: Type,
  version: number,
  says: string,
  data: Data,
): EventDefinition<Type, Data> {
  return { type, version, says, data };
}

/** The discriminated union of a stream's events, from the tuple of their definitions. */
export type EventsOf<Definitions extends readonly EventDefinition[]> = {
  [I in keyof Definitions]: Definitions[I] extends EventDefinition<infer Type, infer Data>
    ? EventOf<Type, z.infer<Data>>
    : never;
}[number];
