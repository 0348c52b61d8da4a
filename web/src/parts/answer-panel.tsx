// The answer to the photo that is looked at: how sure, where, and why not.
import { useState } from 'preact/hooks';
import type { Answer, Place, Problem } from '../api/types.js';
import { say } from '../state/announce.js';
import { type Item, selectedPlace } from '../state/items.js';
import { direction, metres, number, percent, words } from '../words/index.js';
import { toneOf } from '../words/outcome.js';
import { coordinates, placeWords } from '../words/place.js';
import { problemWords } from '../words/problems.js';

export function AnswerPanel({ item }: { readonly item: Item }) {
  const { answer, problem } = item;
  if (problem) return <ProblemCard problem={problem} />;
  if (!answer) return null;
  const { answer: title } = words.value;
  return (
    <section class="answer" aria-labelledby="answer-title">
      <h2 id="answer-title" class="hidden">
        {title}
      </h2>
      <Verdict answer={answer} />
      <Places places={answer.results} />
      <Facts answer={answer} />
    </section>
  );
}

export function ProblemCard({ problem }: { readonly problem: Problem }) {
  const { title, detail, advice, detailLanguage } = problemWords(problem);
  const { advice: adviceTitle, requestId } = words.value;
  return (
    <section class="problem" aria-labelledby="problem-title">
      <h2 id="problem-title">{title}</h2>
      {detail && <p lang={detailLanguage}>{detail}</p>}
      <p>
        <strong>{adviceTitle}:</strong> {advice}
      </p>
      {problem.requestId && (
        <p class="hint">
          {requestId} <code>{problem.requestId}</code>
        </p>
      )}
    </section>
  );
}

function Verdict({ answer }: { readonly answer: Answer }) {
  const { verdicts, states, noPlaces, probability, radius, confidenceSources } = words.value;
  const [best] = answer.results;
  const calibration = confidenceSources[answer.confidence?.source ?? ''];
  const title = answer.verdict ? verdicts[answer.verdict] : best ? states.answered : noPlaces;
  return (
    <div class={`verdict ${toneOf(answer)}`}>
      <p class="verdict-title">{title}</p>
      {best?.probability !== undefined && (
        <p class="verdict-number">
          {percent(best.probability)} <span>{probability}</span>
        </p>
      )}
      {best?.radiusM && <p>{radius(metres(best.radiusM.p95))}</p>}
      {answer.reason && (
        <p class="reason" lang="en">
          {answer.reason}
        </p>
      )}
      {calibration && <p class="hint">{calibration}</p>}
    </div>
  );
}

function Places({ places }: { readonly places: readonly Place[] }) {
  const { places: title } = words.value;
  if (places.length === 0) return null;
  return (
    <div class="places" role="radiogroup" aria-label={title}>
      {places.map((place, index) => (
        <label key={place.rank} class={index === selectedPlace.value ? 'chosen' : ''}>
          <input
            type="radio"
            name="place"
            checked={index === selectedPlace.value}
            aria-label={placeWords(place)}
            onChange={() => {
              selectedPlace.value = index;
            }}
          />
          <span class="rank">{place.rank}</span>
          <span class="meter">
            <ShareBar share={place.probability ?? Math.max(0, place.score)} />
          </span>
          <span class="quality">
            {place.probability === undefined ? number(place.score, 2) : percent(place.probability)}
          </span>
          <span class="radius">{place.radiusM ? `± ${metres(place.radiusM.p95)}` : ''}</span>
        </label>
      ))}
    </div>
  );
}

/** A share as a length. */
export function ShareBar({ share }: { readonly share: number }) {
  return (
    <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
      <rect class="track" width="100" height="6" rx="3" />
      <rect class="value" width={Math.max(1.5, 100 * share)} height="6" rx="3" />
    </svg>
  );
}

function Facts({ answer }: { readonly answer: Answer }) {
  const table = words.value;
  const place = answer.results[selectedPlace.value];
  const { heading, cameraHeightsM, warnings, timingsMs } = answer;
  return (
    <>
      <dl class="facts">
        {place && (
          <>
            <dt>{table.position}</dt>
            <dd>
              <code>{coordinates(place)}</code> <CopyButton text={coordinates(place)} label={table.copy} />
              {place.distanceM !== undefined && <small>{table.fromGps(metres(place.distanceM))}</small>}
            </dd>
          </>
        )}
        <dt>{table.heading}</dt>
        <dd>
          {direction(heading.deg)}
          {heading.uncertaintyDeg !== undefined && ` ± ${number(heading.uncertaintyDeg)}°`}{' '}
          <small>{table.headingSources[heading.source] ?? heading.source}</small>
        </dd>
        <dt>{table.cameraHeight}</dt>
        <dd>{cameraHeightsM.map((height) => number(height, 1)).join(' · ')} m</dd>
        <dt>{table.time}</dt>
        <dd>{number(timingsMs.total ?? 0)} ms</dd>
      </dl>
      {warnings.length > 0 && (
        <details class="warnings">
          <summary>
            {table.warnings} <span class="count">{warnings.length}</span>
          </summary>
          <ul lang="en">
            {warnings.map((warning) => (
              <li key={warning}>{warning}</li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

function CopyButton({ text, label }: { readonly text: string; readonly label: string }) {
  const [done, setDone] = useState(false);
  const { copied } = words.value;
  return (
    <button
      type="button"
      class="link"
      aria-label={label}
      onBlur={() => setDone(false)}
      onClick={() => {
        void navigator.clipboard?.writeText(text).then(() => {
          setDone(true);
          say(copied);
        });
      }}
    >
      {done ? copied : label}
    </button>
  );
}
