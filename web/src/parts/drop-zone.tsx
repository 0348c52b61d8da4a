// Where photos come in: dropped anywhere on the page, pasted, or chosen.
import { useEffect, useRef, useState } from 'preact/hooks';
import { askFiles, isImage } from '../state/asking.js';
import { askTrack, asTrack } from '../state/track.js';
import { words } from '../words/index.js';

export function DropZone() {
  const [over, setOver] = useState(false);
  const input = useRef<HTMLInputElement>(null);

  useEffect(() => {
    const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
    let depth = 0;
    const listeners: {
      readonly [Name in 'dragenter' | 'dragover' | 'dragleave' | 'drop']: (event: DragEvent) => void;
    } = {
      dragenter: (event) => {
        if (!hasFiles(event)) return;
        depth++;
        setOver(true);
      },
      dragover: (event) => {
        if (hasFiles(event)) event.preventDefault();
      },
      dragleave: () => {
        depth = Math.max(0, depth - 1);
        if (depth === 0) setOver(false);
      },
      drop: (event) => {
        if (!hasFiles(event)) return;
        event.preventDefault();
        depth = 0;
        setOver(false);
        ask(event.dataTransfer?.files);
      },
    };
    const paste = (event: ClipboardEvent) => {
      if (event.clipboardData?.files.length) ask(event.clipboardData.files);
    };
    for (const [name, listener] of Object.entries(listeners))
      addEventListener(name, listener as EventListener);
    addEventListener('paste', paste);
    return () => {
      for (const [name, listener] of Object.entries(listeners))
        removeEventListener(name, listener as EventListener);
      removeEventListener('paste', paste);
    };
  }, []);

  const { drop, dropHint, choose, dropPrivacy, asTrack: asTrackWords, trackHint } = words.value;
  return (
    <div class={`drop-zone ${over ? 'over' : ''}`}>
      <svg class="drop-icon" viewBox="0 0 48 32" aria-hidden="true">
        <path d="M2 6c14 6 30 6 44 0v20c-14-6-30-6-44 0Z" />
        <path d="m10 21 9-9 8 8 5-5 8 7" />
      </svg>
      <p class="drop-title">{drop}</p>
      <p>
        {dropHint}{' '}
        <button type="button" class="button primary" onClick={() => input.current?.click()}>
          {choose}
        </button>
      </p>
      <label class="check as-track" title={trackHint}>
        <input
          type="checkbox"
          checked={asTrack.value}
          onChange={({ currentTarget }) => {
            asTrack.value = currentTarget.checked;
          }}
        />
        {asTrackWords}
      </label>
      <p class="hint">{dropPrivacy}</p>
      <input
        ref={input}
        type="file"
        accept="image/*,.tif,.tiff"
        multiple
        hidden
        aria-label={choose}
        onChange={(event) => {
          ask(event.currentTarget.files);
          event.currentTarget.value = '';
        }}
      />
    </div>
  );
}

function ask(list: FileList | null | undefined): void {
  const files = [...(list ?? [])];
  const images = files.filter(isImage);
  // A way has two ends; what is no image in it is told by itself.
  const way = asTrack.value && images.length > 1;
  if (way) void askTrack(images);
  const single = way ? files.filter((file) => !isImage(file)) : files;
  if (single.length > 0) askFiles(single);
}
