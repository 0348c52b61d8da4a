// A page per answer, to print or to keep: what was asked, what was answered, by which versions, in which time.
import { useEffect, useRef } from 'preact/hooks';
import { dataUrlOf, pictureOf } from '../answers/pictures.js';
import { fieldsOf } from '../api/question.js';
import { type Answer, PICTURES } from '../api/types.js';
import reportCss from '../style/report.css?inline';
import { bytes, direction, language, metres, number, percent, words } from '../words/index.js';
import { outcomeWords } from '../words/outcome.js';
import { coordinates } from '../words/place.js';
import { type Report, report } from './report-state.js';
import { saveFile } from './save-file.js';

export function ReportPage({ shown }: { readonly shown: Report }) {
  const page = useRef<HTMLElement>(null);
  const { back, print, save, reportTitle } = words.value;
  const { item } = shown;
  useEffect(() => page.current?.focus(), []);
  if (!item.answer) return null;
  return (
    <main class="report-page">
      <nav class="report-bar" aria-label={words.value.report}>
        <button
          type="button"
          class="button"
          onClick={() => {
            report.value = undefined;
          }}
        >
          ← {back}
        </button>
        <button
          type="button"
          class="button"
          onClick={() => saveFile(`${item.name}.html`, 'text/html', asDocument(page.current))}
        >
          {save}
        </button>
        <button type="button" class="button primary" onClick={() => window.print()}>
          {print}
        </button>
      </nav>
      <article class="report" ref={page} tabIndex={-1} aria-labelledby="report-title">
        <h1 id="report-title">{reportTitle(item.name)}</h1>
        <p class="outcome">{outcomeWords(item.answer)}</p>
        <Images shown={shown} />
        <PlaceTable answer={item.answer} />
        <div class="columns">
          <Asked shown={shown} answer={item.answer} />
          <Made shown={shown} answer={item.answer} />
        </div>
      </article>
    </main>
  );
}

function Images({ shown: { item, map, image } }: { readonly shown: Report }) {
  const table = words.value;
  return (
    <>
      {image && (
        <figure>
          <img src={image} alt={table.photo} />
        </figure>
      )}
      <div class="report-pictures">
        {PICTURES.map((name) => {
          const picture = pictureOf(item.answer, name);
          if (!picture) return null;
          return (
            <figure key={name}>
              <img src={dataUrlOf(picture)} alt={table[name]} />
              <figcaption>
                {table[name]}, {metres(picture.groundM)}
              </figcaption>
            </figure>
          );
        })}
      </div>
      {map && (
        <figure>
          <img src={map} alt={table.map} />
          <figcaption>{table.map}</figcaption>
        </figure>
      )}
    </>
  );
}

function PlaceTable({ answer }: { readonly answer: Answer }) {
  const table = words.value;
  if (answer.results.length === 0) return <p>{table.noPlaces}</p>;
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">{table.places}</th>
          <th scope="col">{table.position}</th>
          <th scope="col">{table.probability}</th>
          <th scope="col">{table.score}</th>
          <th scope="col">68 % / 95 %</th>
        </tr>
      </thead>
      <tbody>
        {answer.results.map((place) => (
          <tr key={place.rank}>
            <td>{place.rank}</td>
            <td>{coordinates(place)}</td>
            <td>{place.probability === undefined ? '–' : percent(place.probability)}</td>
            <td>{number(place.score, 3)}</td>
            <td>{place.radiusM ? `${metres(place.radiusM.p68)} / ${metres(place.radiusM.p95)}` : '–'}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

type Row = readonly [name: string, value: string];

function Asked({ shown: { item }, answer }: { readonly shown: Report; readonly answer: Answer }) {
  const table = words.value;
  const { heading } = answer;
  const rows: Row[] = [
    [table.file, item.name],
    ...(item.file ? [[table.fileSize, bytes(item.file.size)] as const] : []),
    ...fieldsOf(item.question).map(([name, value]): Row => [name, value]),
    [table.heading, `${direction(heading.deg)}, ${table.headingSources[heading.source] ?? heading.source}`],
    [table.cameraHeight, `${answer.cameraHeightsM.map((height) => number(height, 1)).join(' · ')} m`],
  ];
  return <Rows title={table.asked} rows={rows} />;
}

function Made({ shown, answer }: { readonly shown: Report; readonly answer: Answer }) {
  const table = words.value;
  const time = new Intl.DateTimeFormat(language.value, { dateStyle: 'long', timeStyle: 'long' });
  const rows: Row[] = [
    [table.region, answer.region],
    [table.bundle, answer.bundle],
    [table.indexVersion, answer.indexVersion],
    [table.requestId, answer.requestId],
    [table.server, new URL('.', document.baseURI).href],
    [table.madeAt, time.format(shown.madeAt)],
    ...Object.entries(answer.timingsMs).map(
      ([step, ms]): Row => [table.timeParts[step] ?? step, `${number(ms, 1)} ms`],
    ),
  ];
  return <Rows title={table.versions} rows={rows} />;
}

function Rows({ title, rows }: { readonly title: string; readonly rows: readonly Row[] }) {
  return (
    <section>
      <h2>{title}</h2>
      <dl>
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** On its own, with everything in it. */
function asDocument(article: HTMLElement | null): string {
  const page = document.implementation.createHTMLDocument(
    article?.querySelector('h1')?.textContent ?? 'skyfix',
  );
  page.documentElement.lang = language.value;
  const charset = page.createElement('meta');
  charset.setAttribute('charset', 'utf-8');
  const style = page.createElement('style');
  style.textContent = reportCss;
  page.head.append(charset, style);
  if (article) page.body.append(page.importNode(article, true));
  return `<!doctype html>\n${page.documentElement.outerHTML}`;
}
