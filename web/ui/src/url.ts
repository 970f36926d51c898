// The view in the address, so that it can be kept and sent: #map=zoom/lat/lng&officer=… or &cell=… or &event=…. Pure.

export type Selection = { kind: 'officer' | 'cell' | 'event'; id: string };

export interface Place {
  lng: number;
  lat: number;
  zoom: number;
}

export interface Address {
  place: Place | null;
  selection: Selection | null;
}

const KINDS = ['officer', 'cell', 'event'] as const;

function readPlace(text: string | null): Place | null {
  const [zoom, lat, lng] = (text ?? '').split('/').map(Number);
  const sound = zoom >= 0 && zoom <= 24 && Math.abs(lat) <= 85 && Math.abs(lng) <= 180;
  return sound ? { lng, lat, zoom } : null;
}

/** Read the fragment of an address; what cannot be understood is null. */
export function readAddress(hash: string): Address {
  const fields = new URLSearchParams(hash.replace(/^#/, ''));
  const kind = KINDS.find((name) => fields.get(name));
  return {
    place: readPlace(fields.get('map')),
    selection: kind ? { kind, id: fields.get(kind) as string } : null,
  };
}

/** Spell a fragment. */
export function writeAddress({ place, selection }: Address): string {
  const parts: string[] = [];
  if (place) parts.push(`map=${place.zoom.toFixed(2)}/${place.lat.toFixed(5)}/${place.lng.toFixed(5)}`);
  if (selection) parts.push(`${selection.kind}=${encodeURIComponent(selection.id)}`);
  return `#${parts.join('&')}`;
}
