// The question about the photo that is looked at, to be changed and asked again.
import type { JSX } from 'preact';
import { mapView } from '../map/map-panel.js';
import { askAgain } from '../state/asking.js';
import { changeDraft, draft, FIRST_RADIUS_M } from '../state/draft.js';
import { type Item, selectedPlace } from '../state/items.js';
import { region } from '../state/regions.js';
import { metres, words } from '../words/index.js';

export function AskAgain({ item }: { readonly item: Item }) {
  const table = words.value;
  const { headingDeg, headingUnknown, cameraHeightM, horizontalFovDeg, top } = draft.value;
  // What cannot be answered as it is begins with its question open.
  return (
    <details class="again" open={item.problem !== undefined || undefined}>
      <summary>{table.again}</summary>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const name = region.value?.region;
          askAgain(item, { ...draft.value, ...(name === undefined ? {} : { region: name }) });
        }}
      >
        <Field
          label={table.headingDeg}
          value={headingUnknown ? undefined : headingDeg}
          min={-360}
          max={360}
          placeholder={table.fromFile}
          disabled={headingUnknown === true}
          describedBy="heading-hint"
          onValue={(value) => changeDraft({ headingDeg: value })}
        />
        <p class="hint" id="heading-hint">
          {table.headingHint}
        </p>
        <label class="check">
          <input
            type="checkbox"
            checked={headingUnknown === true}
            onChange={({ currentTarget }) =>
              changeDraft({ headingUnknown: currentTarget.checked || undefined })
            }
          />
          {table.headingUnknown}
        </label>
        <div class="pair">
          <Field
            label={table.cameraHeightM}
            value={cameraHeightM}
            min={0.1}
            max={100}
            placeholder={table.fromBundle}
            onValue={(value) => changeDraft({ cameraHeightM: value })}
          />
          <Field
            label={table.horizontalFovDeg}
            value={horizontalFovDeg}
            min={1}
            max={360}
            placeholder={table.fromFile}
            onValue={(value) => changeDraft({ horizontalFovDeg: value })}
          />
        </div>
        <Prior item={item} />
        <div class="pair last">
          <Field
            label={table.top}
            value={top}
            min={1}
            max={50}
            step="1"
            onValue={(value) => changeDraft({ top: value ?? 5 })}
          />
          <button type="submit" class="button primary" disabled={!item.file}>
            {table.askAgain}
          </button>
        </div>
      </form>
    </details>
  );
}

interface FieldProps {
  readonly label: string;
  readonly value: number | undefined;
  readonly min: number;
  readonly max: number;
  readonly step?: string;
  readonly placeholder?: string;
  readonly disabled?: boolean;
  readonly describedBy?: string;
  readonly onValue: (value: number | undefined) => void;
}

function Field({ label, value, onValue, step = 'any', describedBy, ...rest }: FieldProps): JSX.Element {
  return (
    <label class="field">
      <span>{label}</span>
      <input
        type="number"
        inputMode="decimal"
        step={step}
        value={value ?? ''}
        aria-describedby={describedBy}
        onInput={({ currentTarget }) => {
          const number = currentTarget.valueAsNumber;
          onValue(Number.isFinite(number) ? number : undefined);
        }}
        {...rest}
      />
    </label>
  );
}

/** A circle begins where the place is that is looked at, or in the middle of the map. */
function Prior({ item }: { readonly item: Item }) {
  const { prior: label, priorRadius, priorHint } = words.value;
  const { prior } = draft.value;
  const start = () => {
    const place = item.answer?.results[selectedPlace.value] ?? mapView?.centre;
    return place && { lon: place.lon, lat: place.lat, radiusM: FIRST_RADIUS_M };
  };
  return (
    <>
      <label class="check">
        <input
          type="checkbox"
          checked={prior !== undefined}
          onChange={({ currentTarget }) =>
            changeDraft({ prior: currentTarget.checked ? start() : undefined })
          }
        />
        {label}
      </label>
      {prior && (
        <div class="prior">
          <label class="field">
            <span>
              {priorRadius}: {metres(prior.radiusM)}
            </span>
            <input
              type="range"
              min={1}
              max={4}
              step={0.05}
              value={Math.log10(prior.radiusM)}
              aria-valuetext={metres(prior.radiusM)}
              onInput={({ currentTarget }) =>
                changeDraft({ prior: { ...prior, radiusM: Math.round(10 ** currentTarget.valueAsNumber) } })
              }
            />
          </label>
          <p class="hint">{priorHint}</p>
        </div>
      )}
    </>
  );
}
