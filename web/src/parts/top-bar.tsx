// Name, region, what can be taken away, language and appearance.
import { toCsv, toGeoJson, toKml } from '../answers/exports.js';
import { toFragment } from '../answers/permalink.js';
import { say } from '../state/announce.js';
import { items, selected } from '../state/items.js';
import { chooseRegion, keyAsked, region, regions, regionsFailed } from '../state/regions.js';
import { chooseTheme, isTheme, THEMES, theme } from '../state/theme.js';
import { chooseLanguage, isLanguage, LANGUAGES, language, number, words } from '../words/index.js';
import { KeyForm } from './key-form.js';
import { openReport } from './report-state.js';
import { saveFile } from './save-file.js';

const FORMATS = [
  { name: 'GeoJSON', file: 'skyfix.geojson', type: 'application/geo+json', write: toGeoJson },
  { name: 'CSV', file: 'skyfix.csv', type: 'text/csv', write: toCsv },
  { name: 'KML', file: 'skyfix.kml', type: 'application/vnd.google-earth.kml+xml', write: toKml },
] as const;

export function TopBar() {
  const { slogan } = words.value;
  return (
    <header class="top-bar">
      <h1>
        <svg viewBox="0 0 32 32" aria-hidden="true">
          <rect width="32" height="32" rx="8" />
          <path d="M16 16 8.5 4.6a13.6 13.6 0 0 1 15 0Z" />
          <circle cx="16" cy="17" r="8.5" />
          <circle class="dot" cx="16" cy="17" r="3" />
        </svg>
        skyfix <span class="slogan">{slogan}</span>
      </h1>
      <RegionChoice />
      <div class="actions">
        <Actions />
      </div>
      <div class="settings">
        <LanguageChoice />
        <ThemeChoice />
      </div>
    </header>
  );
}

function RegionChoice() {
  const { region: label, regionTiles, regionsUnreachable } = words.value;
  if (keyAsked.value) return <KeyForm />;
  if (regionsFailed.value) return <p class="region-failed">{regionsUnreachable}</p>;
  return (
    <label class="choice region">
      <span>{label}</span>
      <select
        value={region.value?.region}
        onChange={({ currentTarget }) => chooseRegion(currentTarget.value)}
      >
        {regions.value.map((known) => (
          <option key={known.region} value={known.region}>
            {known.region} · {regionTiles(number(known.tiles))}
          </option>
        ))}
      </select>
    </label>
  );
}

function Actions() {
  const { link, linkHint, report, exports, exportHint } = words.value;
  const item = selected.value;
  const any = items.value.some(({ answer, problem }) => answer || problem);
  if (!any) return null;
  return (
    <>
      {item?.answer && (
        <>
          <button type="button" class="button" onClick={() => openReport(item)}>
            {report}
          </button>
          <button type="button" class="button" title={linkHint} onClick={() => void copyLink()}>
            {link}
          </button>
        </>
      )}
      <details class="menu">
        <summary class="button" title={exportHint}>
          {exports}
        </summary>
        <ul>
          {FORMATS.map(({ name, file, type, write }) => (
            <li key={name}>
              <button
                type="button"
                onClick={(event) => {
                  saveFile(file, type, write(items.value));
                  event.currentTarget.closest('details')?.removeAttribute('open');
                }}
              >
                {name}
              </button>
            </li>
          ))}
        </ul>
      </details>
    </>
  );
}

/** The address becomes the link, so that it can be taken from there too. */
async function copyLink(): Promise<void> {
  const item = selected.value;
  if (!item?.answer) return;
  const { name, answer, question } = item;
  const fragment = await toFragment({ name, answer, question });
  history.replaceState(null, '', fragment);
  await navigator.clipboard?.writeText(location.href).catch(() => undefined);
  say(words.value.announce.copiedLink);
}

function LanguageChoice() {
  return (
    <label class="choice">
      <span class="hidden">{words.value.language}</span>
      <select
        value={language.value}
        onChange={({ currentTarget: { value } }) => {
          if (isLanguage(value)) chooseLanguage(value);
        }}
      >
        {Object.entries(LANGUAGES).map(([code, name]) => (
          <option key={code} value={code} lang={code}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

function ThemeChoice() {
  const { theme: label, themes } = words.value;
  return (
    <label class="choice">
      <span class="hidden">{label}</span>
      <select
        value={theme.value}
        onChange={({ currentTarget: { value } }) => {
          if (isTheme(value)) chooseTheme(value);
        }}
      >
        {THEMES.map((name) => (
          <option key={name} value={name}>
            {themes[name]}
          </option>
        ))}
      </select>
    </label>
  );
}
