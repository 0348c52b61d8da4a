// What lies under the answers: the operator's style, else the region's own imagery, else a plain ground.
import { addProtocol, type StyleSpecification } from 'maplibre-gl';
import { FetchSource, PMTiles, Protocol } from 'pmtiles';
import { authorization } from '../api/key.js';
import { basemapUrl } from '../api/regions.js';
import type { Region } from '../api/types.js';

const protocol = new Protocol({ metadata: true });
addProtocol('pmtiles', protocol.tile);

/** SKYFIX_UI_STYLE of the server. */
export const styleUrl = document.querySelector<HTMLMetaElement>('meta[name="skyfix-style"]')?.content ?? '';

const GROUND = { light: '#e7ebe9', dark: '#12181b' };

/** A new one for each region and theme. */
export function basemapOf(region: Region | undefined, dark: boolean): StyleSpecification | string {
  if (styleUrl) return styleUrl;
  const ground: StyleSpecification = {
    version: 8,
    sources: {},
    layers: [
      { id: 'ground', type: 'background', paint: { 'background-color': dark ? GROUND.dark : GROUND.light } },
    ],
  };
  if (!region?.basemap) return ground;
  const archive = new PMTiles(new FetchSource(basemapUrl(region), new Headers(authorization())));
  protocol.add(archive);
  const attribution = escapeHtml(region.basemap.attribution ?? '');
  return {
    ...ground,
    sources: {
      imagery: { type: 'raster', url: `pmtiles://${archive.source.getKey()}`, tileSize: 256, attribution },
    },
    layers: [
      ...ground.layers,
      {
        id: 'imagery',
        type: 'raster',
        source: 'imagery',
        paint: { 'raster-fade-duration': 0, 'raster-brightness-max': dark ? 0.85 : 1 },
      },
    ],
  };
}

/** The region has a map under it. */
export const hasBasemap = (region: Region | undefined) => styleUrl !== '' || Boolean(region?.basemap);

/** The map library takes attributions for HTML; this is somebody's plain text. */
function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
