// What sources of the style hold, and that the map does no work for those that hold nothing.

import type { Feature } from 'geojson';
import type { GeoJSONSource, Map as MLMap } from 'maplibre-gl';

/** Give a source its features, now that the style is there. Its layers are hidden while it has none. */
export function give(map: MLMap, name: string, features: readonly Feature[]): void {
  const layers = map.getLayersOrder().filter((id) => map.getLayer(id)?.source === name);
  const visibility = features.length > 0 ? 'visible' : 'none';
  if (visibility === 'none' && layers.every((id) => map.getLayoutProperty(id, 'visibility') === 'none')) return;
  map.getSource<GeoJSONSource>(name)?.setData({ type: 'FeatureCollection', features: [...features] });
  for (const id of layers) map.setLayoutProperty(id, 'visibility', visibility);
}
