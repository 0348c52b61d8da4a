// The map in the page: what is looked at, as a scene, and what is done on it, back into the draft.
import { useSignalEffect } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import { dataUrlOf, pictureOf } from '../answers/pictures.js';
import { changeDraft, draft } from '../state/draft.js';
import { selected, selectedPlace } from '../state/items.js';
import { look, overlayOpacity } from '../state/look.js';
import { region, regions } from '../state/regions.js';
import { dark } from '../state/theme.js';
import { selectedPoint, tracking } from '../state/track.js';
import { direction, words } from '../words/index.js';
import { placeWords } from '../words/place.js';
import { hasBasemap } from './basemap.js';
import { MapView } from './map-view.js';
import type { DrawnTrack, Scene } from './scene.js';

/** The one map of the page, for what is printed of it. */
export let mapView: MapView | undefined;

/** Where the centre of the photo looks: as the draft says, else as the answer says. */
export function headingNow(): number | undefined {
  const { headingDeg, headingUnknown } = draft.value;
  const answered = selected.value?.answer?.heading.deg;
  return headingUnknown ? answered : (headingDeg ?? answered);
}

function sceneNow(): Scene {
  const item = selected.value;
  const answer = item?.answer;
  const bev = pictureOf(answer, 'bev');
  const of = regions.value.find((known) => known.region === answer?.region);
  return {
    region: of ?? region.value,
    places: answer?.results ?? [],
    chosen: selectedPlace.value,
    headingDeg: headingNow(),
    look: look.value,
    prior: draft.value.prior,
    overlay:
      bev && answer
        ? {
            url: dataUrlOf(bev),
            groundM: bev.groundM,
            headingDeg: answer.heading.deg,
            opacity: overlayOpacity.value,
          }
        : undefined,
    track: trackNow(),
  };
}

function trackNow(): DrawnTrack | undefined {
  const [, ...features] = tracking.value?.track?.features ?? [];
  if (features.length === 0) return undefined;
  const points = features.flatMap(({ geometry, properties: { probability = 0 } }, index) => {
    if (!geometry) return [];
    const [lon, lat] = geometry.coordinates;
    return [{ lon, lat, index, probability, chosen: index === selectedPoint.value }];
  });
  return { points };
}

export function MapPanel() {
  const container = useRef<HTMLDivElement>(null);
  const [failed, setFailed] = useState(false);
  const fitted = useRef('');
  const fittedTrack = useRef<string | undefined>(undefined);

  useEffect(() => {
    if (!container.current) return;
    try {
      mapView = new MapView(container.current, {
        onPlace: (index) => {
          selectedPlace.value = index;
        },
        onTrackPoint: (index) => {
          selectedPoint.value = index;
        },
        onHeading: (deg) => changeDraft({ headingDeg: Math.round(deg * 10) / 10, headingUnknown: undefined }),
        onPrior: (centre) => {
          const radiusM = draft.value.prior?.radiusM;
          if (radiusM !== undefined) changeDraft({ prior: { ...centre, radiusM } });
        },
      });
    } catch {
      setFailed(true);
    }
    return () => {
      mapView?.remove();
      mapView = undefined;
    };
  }, []);

  useSignalEffect(() => {
    const scene = sceneNow();
    const table = words.value;
    const { headingDeg } = scene;
    mapView?.show(
      scene,
      {
        map: table.map,
        place: (index) => (scene.places[index] ? placeWords(scene.places[index]) : ''),
        heading: table.heading,
        headingText: headingDeg === undefined ? '' : direction(headingDeg),
        priorCentre: table.priorCentre,
      },
      dark.value,
    );
    // Another answer is another view; a drag is none.
    const subject = `${scene.region?.region} ${selected.value?.answer?.requestId}`;
    const unsure = selected.value?.answer?.verdict === 'ambiguous';
    if (subject !== fitted.current) mapView?.fit(unsure ? 'all' : 'chosen', fitted.current !== '');
    fitted.current = subject;
    const way = tracking.value?.track?.requestId;
    if (way !== undefined && way !== fittedTrack.current) mapView?.fit('track');
    fittedTrack.current = way;
  });

  const { mapFailed, noBasemap, fit } = words.value;
  return (
    <div class="map-panel">
      <div ref={container} class="map" />
      {failed && <p class="notice">{mapFailed}</p>}
      {!failed && region.value && !hasBasemap(region.value) && <p class="notice quiet">{noBasemap}</p>}
      {!failed && (
        <button type="button" class="button fit" onClick={() => mapView?.fit('all')}>
          {fit}
        </button>
      )}
    </div>
  );
}
