// The page as a whole.
import { useEffect } from 'preact/hooks';
import { MapPanel } from './map/map-panel.js';
import { AnswerPanel } from './parts/answer-panel.js';
import { AskAgain } from './parts/ask-again.js';
import { DropZone } from './parts/drop-zone.js';
import { PhotoList } from './parts/photo-list.js';
import { Pictures } from './parts/pictures.js';
import { ReportPage } from './parts/report-page.js';
import { report } from './parts/report-state.js';
import { TopBar } from './parts/top-bar.js';
import { TrackPanel } from './parts/track-panel.js';
import { spoken } from './state/announce.js';
import { selected } from './state/items.js';
import { openLink } from './state/link.js';
import { loadRegions } from './state/regions.js';
import { tracking } from './state/track.js';
import { language } from './words/index.js';

export function App() {
  useEffect(() => {
    void loadRegions();
    void openLink();
    addEventListener('hashchange', openLink);
    return () => removeEventListener('hashchange', openLink);
  }, []);
  useEffect(() => {
    document.documentElement.lang = language.value;
  }, [language.value]);
  const item = selected.value;
  return (
    <>
      <div class="desk" hidden={report.value !== undefined}>
        <TopBar />
        <main class={item ? 'with-item' : ''}>
          <div class="side">
            <DropZone />
            {tracking.value && <TrackPanel tracking={tracking.value} />}
            <PhotoList />
            {item && <AnswerPanel item={item} />}
            {item?.file && <AskAgain key={item.id} item={item} />}
          </div>
          <MapPanel />
          {item && <Pictures item={item} />}
        </main>
      </div>
      {report.value && <ReportPage shown={report.value} />}
      <p class="hidden" role="status">
        {spoken.value}
      </p>
    </>
  );
}
