// The way of several panoramas: how sure it is, its points with what each is worth, and it as a file.
import { trackToCsv, trackToGeoJson, trackToKml } from '../answers/track-exports.js';
import type { Track, TrackPoint } from '../api/types.js';
import { forgetTrack, selectedPoint, type Tracking } from '../state/track.js';
import { number, percent, words } from '../words/index.js';
import { toneOfVerdict } from '../words/outcome.js';
import { coordinates } from '../words/place.js';
import { problemWords } from '../words/problems.js';
import { ProblemCard, ShareBar } from './answer-panel.js';
import { saveFile } from './save-file.js';

const FORMATS = [
  { name: 'GeoJSON', file: 'track.geojson', type: 'application/geo+json', write: trackToGeoJson },
  { name: 'CSV', file: 'track.csv', type: 'text/csv', write: trackToCsv },
  { name: 'KML', file: 'track.kml', type: 'application/vnd.google-earth.kml+xml', write: trackToKml },
] as const;

export function TrackPanel({ tracking }: { readonly tracking: Tracking }) {
  const { track: title, trackPanoramas, removeTrack } = words.value;
  const { track, problem, files } = tracking;
  return (
    <section class="track" aria-labelledby="track-title">
      <header class="section-head">
        <h2 id="track-title">
          {title} <span class="count">{trackPanoramas(number(files.length))}</span>
        </h2>
        <button type="button" class="link" onClick={forgetTrack}>
          {removeTrack}
        </button>
      </header>
      <Progress tracking={tracking} />
      {problem && <ProblemCard problem={problem} />}
      {track && <Summary track={track} />}
      {track && <Points track={track} />}
      {track && <Exports track={track} />}
    </section>
  );
}

function Progress({ tracking: { phase, uploaded, waitS } }: { readonly tracking: Tracking }) {
  const { states } = words.value;
  if (phase === 'busy') return <p class="chip plain">{states.busy(waitS)}</p>;
  if (phase === 'uploading') return <progress value={uploaded} max={1} aria-label={states.uploading} />;
  return phase === 'working' ? <progress aria-label={states.working} /> : null;
}

function Summary({ track }: { readonly track: Track }) {
  const { verdict, probability, travelMinusHeadingDeg } = track.features[0].properties;
  const { verdicts, probability: probable, trackTravel } = words.value;
  return (
    <div class={`verdict ${toneOfVerdict(verdict)}`}>
      <p class="verdict-title">{verdicts[verdict]}</p>
      <p class="verdict-number">
        {percent(probability)} <span>{probable}</span>
      </p>
      {travelMinusHeadingDeg !== undefined && <p>{trackTravel(`${number(-travelMinusHeadingDeg)}°`)}</p>}
    </div>
  );
}

function Points({ track }: { readonly track: Track }) {
  const [, ...points] = track.features;
  return (
    <div class="places" role="radiogroup" aria-label={words.value.trackPoints}>
      {points.map((point, index) => (
        <Point key={point.properties.frame} point={point} index={index} />
      ))}
    </div>
  );
}

function Point({ point, index }: { readonly point: TrackPoint; readonly index: number }) {
  const { geometry, properties } = point;
  const { frame, file = '', probability } = properties;
  const { trackPoint, trackNowhere } = words.value;
  const failure =
    properties.code === undefined ? undefined : failureWords(properties.code, properties.message);
  const where = geometry
    ? coordinates({ lon: geometry.coordinates[0], lat: geometry.coordinates[1] })
    : undefined;
  const worth = probability === undefined ? (failure ?? trackNowhere) : percent(probability);
  const chosen = index === selectedPoint.value;
  return (
    <label class={`track-point ${chosen ? 'chosen' : ''}`}>
      <input
        type="radio"
        name="track-point"
        checked={chosen}
        aria-label={[trackPoint(frame), file, worth, where].filter(Boolean).join(', ')}
        onChange={() => {
          selectedPoint.value = index;
        }}
      />
      <span class="rank">{frame}</span>
      <span class="meter">
        <span class="track-file">{file}</span>
        <ShareBar share={probability ?? 0} />
      </span>
      <span class="quality">{worth}</span>
    </label>
  );
}

/** In the page's language, as far as it has words for it. */
function failureWords(code: string, message = ''): string {
  return problemWords({ code, title: message, detail: '', advice: '' }).title;
}

function Exports({ track }: { readonly track: Track }) {
  const { exportTrack } = words.value;
  return (
    <p class="track-exports">
      {FORMATS.map(({ name, file, type, write }) => (
        <button
          key={name}
          type="button"
          class="button"
          aria-label={exportTrack(name)}
          onClick={() => saveFile(file, type, write(track))}
        >
          {name}
        </button>
      ))}
    </p>
  );
}
