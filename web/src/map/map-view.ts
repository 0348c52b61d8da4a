// The map itself: what the page wants to be seen goes in as a scene, what is done on it comes out as events.
import {
  type GeoJSONSource,
  type ImageSource,
  type LayerSpecification,
  Map as MapLibre,
  Marker,
  NavigationControl,
  ScaleControl,
  setWorkerUrl,
} from 'maplibre-gl';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?url';
import type { LonLat } from '../answers/geodesy.js';
import { basemapOf } from './basemap.js';
import { HeadingHandle, PriorHandle } from './handles.js';
import { boundsOf, overlayCorners, type Scene, shapesOf } from './scene.js';
import 'maplibre-gl/dist/maplibre-gl.css';

setWorkerUrl(new URL(workerUrl, document.baseURI).href);

export interface MapEvents {
  readonly onPlace: (index: number) => void;
  /** A point of the track, by the number of its panorama. */
  readonly onTrackPoint: (index: number) => void;
  readonly onHeading: (deg: number) => void;
  readonly onPrior: (centre: LonLat) => void;
}

/** What is read out on the map, in the page's language. */
export interface MapWords {
  readonly map: string;
  readonly place: (index: number) => string;
  readonly heading: string;
  readonly headingText: string;
  readonly priorCentre: string;
}

const ACCENT = '#0d9488';
const TRACK_POINTS = 'track-points';
const LAYERS: readonly LayerSpecification[] = [
  line('region', '#64748b', 1.5, [3, 3]),
  fill('prior', '#6366f1', 0.1),
  line('prior', '#6366f1', 2, [2, 1]),
  fill('p95', ACCENT, 0.08),
  fill('p68', ACCENT, 0.12),
  line('p95', ACCENT, 2),
  line('p68', ACCENT, 1.5, [2, 2]),
  fill('look', '#facc15', 0.4),
  line('look', '#facc15', 1.5),
  line('track', '#ffffff', 6),
  { ...line('track', ACCENT, 3.5), id: 'track-core' },
  {
    id: TRACK_POINTS,
    type: 'circle',
    source: 'shapes',
    filter: ['==', ['get', 'kind'], 'track-point'],
    paint: {
      'circle-radius': ['case', ['get', 'chosen'], 10, 6],
      // As the chips of the list: doubtful below a half, good from nine tenths on.
      'circle-color': ['step', ['get', 'probability'], '#b91c1c', 0.5, '#b45309', 0.9, '#0f766e'],
      'circle-stroke-color': '#ffffff',
      'circle-stroke-width': 2,
    },
  },
];

function fill(kind: string, color: string, opacity: number): LayerSpecification {
  const paint = { 'fill-color': color, 'fill-opacity': opacity };
  return { id: `${kind}-fill`, type: 'fill', source: 'shapes', filter: ['==', ['get', 'kind'], kind], paint };
}

function line(kind: string, color: string, width: number, dashes?: number[]): LayerSpecification {
  const paint = { 'line-color': color, 'line-width': width, ...(dashes ? { 'line-dasharray': dashes } : {}) };
  return { id: `${kind}-line`, type: 'line', source: 'shapes', filter: ['==', ['get', 'kind'], kind], paint };
}

/** Nearer than this an answer is not shown by itself. */
const MAX_FIT_ZOOM = 19;

interface DrawnPlace {
  readonly x: number;
  readonly y: number;
  readonly text: string;
  readonly color: string;
}

/** As a place's marker looks on the map. */
function drawPlace(pen: CanvasRenderingContext2D, { x, y, text, color }: DrawnPlace): void {
  pen.beginPath();
  pen.arc(x, y, 13, 0, 2 * Math.PI);
  pen.fillStyle = color;
  pen.fill();
  pen.lineWidth = 2;
  pen.strokeStyle = '#fff';
  pen.stroke();
  pen.fillStyle = '#fff';
  pen.font = '700 13px system-ui, sans-serif';
  pen.textAlign = 'center';
  pen.textBaseline = 'middle';
  pen.fillText(text, x, y + 1);
}

export class MapView {
  readonly #map: MapLibre;
  readonly #events: MapEvents;
  readonly #heading: HeadingHandle;
  readonly #prior: PriorHandle;
  #markers: Marker[] = [];
  #scene: Scene | undefined;
  #basemap = '';
  #overlayUrl: string | undefined;
  #frame = 0;

  /** Throws where the browser cannot draw it. */
  constructor(container: HTMLElement, events: MapEvents) {
    this.#events = events;
    this.#map = new MapLibre({
      container,
      style: basemapOf(undefined, false),
      attributionControl: { compact: true },
      canvasContextAttributes: { preserveDrawingBuffer: true },
      maxPitch: 0,
      maxZoom: 22,
    });
    this.#map.addControl(new NavigationControl({ showCompass: true }), 'top-right');
    this.#map.addControl(new ScaleControl({ maxWidth: 120 }), 'bottom-left');
    this.#map.on('style.load', () => this.#addLayers());
    this.#map.on('click', TRACK_POINTS, ({ features }) => {
      const index: unknown = features?.[0]?.properties.index;
      if (typeof index === 'number') events.onTrackPoint(index);
    });
    this.#heading = new HeadingHandle(this.#map, events.onHeading);
    this.#prior = new PriorHandle(this.#map, events.onPrior);
  }

  /** Shows it now; the camera stays where it is, see fit. */
  show(scene: Scene, words: MapWords, dark: boolean): void {
    this.#scene = scene;
    this.#map.getCanvas().setAttribute('aria-label', words.map);
    const basemap = `${scene.region?.region} ${scene.region?.indexVersion} ${dark}`;
    if (basemap !== this.#basemap) {
      this.#basemap = basemap;
      this.#overlayUrl = undefined;
      this.#map.setStyle(basemapOf(scene.region, dark), { diff: false });
    } else this.#drawSoon();
    this.#showMarkers(scene, words);
  }

  /** Moves to the place that is looked at, to the track, or to all that is answered; to the region without an answer. */
  fit(what: 'chosen' | 'all' | 'track', animate = true): void {
    const bounds = this.#scene && boundsOf(this.#scene, what);
    if (!bounds) return;
    const calm = !animate || matchMedia('(prefers-reduced-motion: reduce)').matches;
    this.#map.fitBounds(bounds, { padding: 40, maxZoom: MAX_FIT_ZOOM, duration: calm ? 0 : 700 });
  }

  get centre(): LonLat {
    const { lng, lat } = this.#map.getCenter();
    return { lon: lng, lat };
  }

  /** What is seen now with the places' numbers, as a PNG's data URL. */
  picture(): string {
    const map = this.#map.getCanvas();
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [map.width, map.height];
    const scale = map.width / map.clientWidth;
    const pen = canvas.getContext('2d');
    if (!pen || !this.#scene) return map.toDataURL('image/png');
    pen.drawImage(map, 0, 0);
    pen.scale(scale, scale);
    const { places, chosen } = this.#scene;
    // The chosen one last: it lies above the others.
    for (const [index, { lon, lat, rank }] of [...places.entries()].sort(([a]) => (a === chosen ? 1 : -1))) {
      const { x, y } = this.#map.project([lon, lat]);
      drawPlace(pen, { x, y, text: String(rank), color: index === chosen ? '#0f766e' : '#475569' });
    }
    return canvas.toDataURL('image/png');
  }

  remove(): void {
    cancelAnimationFrame(this.#frame);
    this.#map.remove();
  }

  #addLayers(): void {
    this.#map.addSource('shapes', { type: 'geojson', data: { type: 'FeatureCollection', features: [] } });
    for (const layer of LAYERS) this.#map.addLayer(layer);
    this.#draw();
  }

  /** A drag says more than can be drawn. */
  #drawSoon(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#draw());
  }

  #draw(): void {
    const shapes = this.#map.getSource<GeoJSONSource>('shapes');
    if (!this.#scene || !shapes) return;
    shapes.setData(shapesOf(this.#scene));
    this.#drawOverlay(this.#scene);
  }

  #drawOverlay(scene: Scene): void {
    const corners = overlayCorners(scene);
    const { overlay } = scene;
    const known = this.#map.getSource<ImageSource>('overlay');
    if (!corners || !overlay) {
      if (known) {
        this.#map.removeLayer('overlay');
        this.#map.removeSource('overlay');
      }
      this.#overlayUrl = undefined;
      return;
    }
    const coordinates = corners.map(([lon, lat]) => [lon, lat]) as [
      [number, number],
      [number, number],
      [number, number],
      [number, number],
    ];
    if (!known) {
      this.#map.addSource('overlay', { type: 'image', url: overlay.url, coordinates });
      const layer = {
        id: 'overlay',
        type: 'raster',
        source: 'overlay',
        paint: { 'raster-fade-duration': 0 },
      } as const;
      this.#map.addLayer(layer, LAYERS[1]?.id);
    } else if (overlay.url !== this.#overlayUrl) known.updateImage({ url: overlay.url, coordinates });
    else known.setCoordinates(coordinates);
    this.#overlayUrl = overlay.url;
    this.#map.setPaintProperty('overlay', 'raster-opacity', overlay.opacity);
  }

  #showMarkers(scene: Scene, words: MapWords): void {
    const place = scene.places[scene.chosen];
    this.#heading.show(place, scene.headingDeg, words.heading, words.headingText);
    this.#prior.show(scene.prior, words.priorCentre);
    while (this.#markers.length > scene.places.length) this.#markers.pop()?.remove();
    for (const [index, { lon, lat, rank }] of scene.places.entries()) {
      const marker = this.#markers[index] ?? this.#addMarker(index, { lon, lat });
      const element = marker.setLngLat([lon, lat]).getElement();
      element.textContent = String(rank);
      element.classList.toggle('chosen', index === scene.chosen);
      element.setAttribute('aria-label', words.place(index));
      element.setAttribute('aria-pressed', String(index === scene.chosen));
    }
  }

  #addMarker(index: number, { lon, lat }: LonLat): Marker {
    const element = document.createElement('button');
    element.type = 'button';
    element.className = 'place-marker';
    element.addEventListener('click', (event) => {
      event.stopPropagation();
      this.#events.onPlace(index);
    });
    const marker = new Marker({ element }).setLngLat([lon, lat]).addTo(this.#map);
    this.#markers[index] = marker;
    return marker;
  }
}
