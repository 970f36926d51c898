// JSON messages of the live protocol, with the bodies that the schema leaves open (docs/live-protocol.md §2 to §4).

import type * as wire from '../generated/live.ts';
import type { Alert, Device, Event, Stay } from '../data/types.ts';

export type { Counts, DeviceName } from '../generated/live.ts';

/** What a viewer wants positions of. */
export type View = Required<Omit<wire.Look, 'type'>>;

export type CellChange = wire.Cells['changes'][number];

export type StateMessage = Omit<wire.State, 'alerts' | 'events'> & { alerts: Alert[]; events: Event[] };

export type LogItem = Omit<wire.LogItem, 'kind' | 'body'> &
  (
    | { kind: 'alert'; body: Alert }
    | { kind: 'event'; body: Event }
    | { kind: 'stay'; body: Stay }
    | { kind: 'device'; body: Device }
    | { kind: 'grid'; body: unknown }
  );

export type LogMessage = Omit<wire.LogItems, 'items'> & { items: LogItem[] };

export type ServerMessage = wire.Hello | StateMessage | LogMessage | wire.Cells | wire.Devices | wire.Counts | wire.Bye;
