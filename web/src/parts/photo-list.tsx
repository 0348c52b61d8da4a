// All photos with what became of them.
import { forget, forgetAll } from '../state/asking.js';
import { type Item, items, select, selected } from '../state/items.js';
import { words } from '../words/index.js';
import { outcomeWords, toneOf } from '../words/outcome.js';
import { problemWords } from '../words/problems.js';

export function PhotoList() {
  const { photos, removeAll } = words.value;
  if (items.value.length === 0) return null;
  return (
    <section aria-labelledby="photos-title">
      <header class="section-head">
        <h2 id="photos-title">
          {photos} <span class="count">{items.value.length}</span>
        </h2>
        {items.value.length > 1 && (
          <button type="button" class="link" onClick={forgetAll}>
            {removeAll}
          </button>
        )}
      </header>
      <ul class="photo-list">
        {items.value.map((item) => (
          <PhotoRow key={item.id} item={item} />
        ))}
      </ul>
    </section>
  );
}

function PhotoRow({ item }: { readonly item: Item }) {
  const { id, name, imageUrl, phase, uploaded } = item;
  const current = selected.value?.id === id;
  const { remove, states } = words.value;
  return (
    <li class={current ? 'current' : ''}>
      <button
        type="button"
        class="photo"
        aria-current={current ? 'true' : undefined}
        onClick={() => select(id)}
      >
        {imageUrl ? <img src={imageUrl} alt="" loading="lazy" /> : <span class="no-thumb" />}
        <span class="photo-text">
          <span class="photo-name">{name}</span>
          <Status item={item} />
        </span>
      </button>
      <button
        type="button"
        class="icon-button"
        aria-label={remove(name)}
        title={remove(name)}
        onClick={() => forget(id)}
      >
        <svg viewBox="0 0 16 16" aria-hidden="true">
          <path d="m4 4 8 8M12 4l-8 8" />
        </svg>
      </button>
      {phase === 'uploading' && <progress value={uploaded} max={1} aria-label={states.uploading} />}
      {phase === 'working' && <progress aria-label={states.working} />}
    </li>
  );
}

function Status({ item: { phase, answer, problem, waitS } }: { readonly item: Item }) {
  const { states } = words.value;
  if (phase === 'busy') return <span class="chip plain">{states.busy(waitS)}</span>;
  if (phase === 'answered' && answer)
    return <span class={`chip ${toneOf(answer)}`}>{outcomeWords(answer)}</span>;
  if (phase === 'failed' && problem) return <span class="chip bad">{problemWords(problem).title}</span>;
  if (phase === 'answered' || phase === 'failed') return null;
  return <span class="chip plain">{states[phase]}</span>;
}
