// The card of what was chosen on the map or in a list.

import { useCallback } from 'react';
import { useCity } from '../data/city.ts';
import type { Proposals, Steps } from '../console/hooks.ts';
import { useModel } from '../parts/hooks.ts';
import type { LiveModel } from '../live/model.ts';
import { mercatorX, mercatorY, metresPerUnit } from '../live/mercator.ts';
import { centroid } from '../map/shapes.ts';
import type { Step } from '../map/trackline.ts';
import type { MapView } from '../map/view.ts';
import { locateOfficer } from '../data/followed.ts';
import { AlertCard } from '../panels/alert.tsx';
import { CellCard } from '../panels/cell.tsx';
import { EventCard } from '../panels/event.tsx';
import { OfficerDrawer } from '../panels/officer.tsx';
import type { Alert } from '../data/types.ts';
import type { Selection } from './url.ts';

interface SelectionProps {
  selection: Selection | null;
  map: MapView | null;
  following: boolean;
  proposals: Proposals;
  steps: Steps;
  onFollow(follow: boolean): void;
  onCell(code: string): void;
  onOfficer(id: string): void;
  onClose(): void;
}

export function SelectionCard(props: SelectionProps) {
  const { selection, map, onCell, onOfficer, onClose } = props;
  const model = useModel();
  const city = useCity();
  const onTrack = useCallback((steps: readonly Step[]) => map?.setTracks([steps]), [map]);
  if (!selection) return null;
  const { kind, id } = selection;
  if (kind === 'cell') return <CellCard key={id} code={id} onOfficer={onOfficer} onClose={onClose} />;
  if (kind === 'event') return <EventCard id={id} onOfficer={onOfficer} onCell={onCell} onClose={onClose} />;
  if (kind === 'alert') {
    const nearest = (alert: Alert, most: number) => {
      const cell = alert.cell === null ? undefined : city.byCode.get(alert.cell);
      if (!cell) return [];
      const [lng, lat] = centroid(cell.geometry);
      return around(model, lng, lat, most);
    };
    return (
      <AlertCard
        key={id}
        id={Number(id)}
        proposal={props.proposals.get(Number(id))}
        steps={props.steps}
        nearest={nearest}
        onCell={onCell}
        onOfficer={onOfficer}
        onClose={onClose}
      />
    );
  }
  return (
    <OfficerDrawer
      key={id}
      id={id}
      following={props.following}
      onFollow={props.onFollow}
      onLocate={() => void locateOfficer(map, model, id)}
      onTrack={onTrack}
      onCell={onCell}
      onClose={onClose}
    />
  );
}

/** Officers on the map that were heard lately, nearest to a place first. */
function around(model: LiveModel, lng: number, lat: number, most: number): { id: string; metres: number }[] {
  const [x, y] = [mercatorX(lng), mercatorY(lat)];
  const now = performance.now();
  return [...model.fleet.heldSlots()]
    .flatMap((slot) => {
      const officer = model.fleet.officer(slot, now);
      const name = model.names.get(slot);
      if (!officer || !name || officer.freshness > 1) return [];
      return [{ id: name.id, metres: Math.hypot(officer.x - x, officer.y - y) * metresPerUnit(y) }];
    })
    .toSorted((a, b) => a.metres - b.metres)
    .slice(0, most);
}
