// The panorama, its BEV, the generated view and the imagery at the place, side by side.
import { useRef, useState } from 'preact/hooks';
import { dataUrlOf, pictureOf } from '../answers/pictures.js';
import { PICTURES, type PictureName } from '../api/types.js';
import { headingNow } from '../map/map-panel.js';
import type { Item } from '../state/items.js';
import { overlayOpacity } from '../state/look.js';
import { SphereViewer } from '../viewer/sphere-viewer.js';
import { metres, percent, words } from '../words/index.js';

export function Pictures({ item }: { readonly item: Item }) {
  const { pictures, noImage, panorama } = words.value;
  const shown = PICTURES.filter((name) => pictureOf(item.answer, name));
  return (
    <section class="pictures" aria-label={pictures}>
      <figure class="panorama">
        {item.file ? (
          <SphereViewer item={item} headingDeg={headingNow()} />
        ) : (
          <div class="viewer">
            <p class="empty">{noImage}</p>
          </div>
        )}
        <figcaption>{panorama}</figcaption>
      </figure>
      {shown.map((name) => (
        <Square key={name} item={item} name={name} />
      ))}
    </section>
  );
}

function Square({ item, name }: { readonly item: Item; readonly name: PictureName }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [open, setOpen] = useState(false);
  const picture = pictureOf(item.answer, name);
  const { [name]: title, enlarge, close } = words.value;
  if (!picture) return null;
  const url = dataUrlOf(picture);
  return (
    <figure class="square">
      <button
        type="button"
        aria-label={enlarge(title)}
        onClick={() => {
          setOpen(true);
          dialog.current?.showModal();
        }}
      >
        <img src={url} alt={title} />
      </button>
      <figcaption>
        {title} <small>{metres(picture.groundM)}</small>
      </figcaption>
      {name === 'bev' && <OverlaySlider />}
      <dialog ref={dialog} class="enlarged" aria-label={title} onClose={() => setOpen(false)}>
        {open && <img src={url} alt={title} />}
        <p>
          {title}, {metres(picture.groundM)} × {metres(picture.groundM)}
          {picture.attribution && ` · ${picture.attribution}`}
        </p>
        <button type="button" class="button" onClick={() => dialog.current?.close()}>
          {close}
        </button>
      </dialog>
    </figure>
  );
}

function OverlaySlider() {
  const { overlay, opacity } = words.value;
  return (
    <label class="overlay-slider" title={overlay}>
      <span class="hidden">
        {overlay}: {opacity}
      </span>
      <input
        type="range"
        min={0}
        max={1}
        step={0.05}
        value={overlayOpacity.value}
        aria-valuetext={percent(overlayOpacity.value)}
        onInput={({ currentTarget }) => {
          overlayOpacity.value = currentTarget.valueAsNumber;
        }}
      />
    </label>
  );
}
