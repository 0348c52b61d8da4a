// Making a town or a world, with its progress and what came of it.
import { openStageProgress } from 'skyfix/cli';
import type { TownProgress, TownSummary } from '../town/index.js';

/** Makes a folder of places, says what is in it, and returns the folder. Throws what `make` throws. */
export async function makePlaces(make: (onProgress: TownProgress) => Promise<TownSummary>): Promise<string> {
  const progress = openStageProgress();
  try {
    const { out, counts, sideM, seconds } = await make(progress.update);
    const places = Object.entries(counts).map(([split, count]) => `${count} ${split}`);
    process.stdout.write(
      `${out}: ${places.join(', ')} places in ${sideM} m x ${sideM} m, ${seconds.toFixed(0)} s\n`,
    );
    return out;
  } finally {
    progress.stop();
  }
}
