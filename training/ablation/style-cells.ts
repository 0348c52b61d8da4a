// The cells of the matrices: each fit's figures on each style it is tested on, kept as a file a cell, so that a run that was
// stopped goes on, and one with more seeds or models measures only what is new.
import { join } from 'node:path';
import { sha256OfBytes } from 'skyfix/files';
import type { DistanceFigures, RecallFigures } from '../evaluation/index.js';
import type { StyleCell } from '../report/index.js';
import { kept } from './kept.js';
import type { PlannedFit } from './style-plan.js';

export interface CellFigures {
  readonly paired: RecallFigures;
  readonly grid?: DistanceFigures;
}

/** A fitted model's figures on the test world of a style. */
export type TestOn = (style: string) => Promise<CellFigures>;

/** A model that can be fitted and measured. */
export interface MatrixModel {
  readonly name: string;
  /** Changes with anything in the model's code or settings that a figure depends on. */
  readonly version: string;
  /** False for what is not measured with this seed, or this way. */
  readonly takes: (fit: PlannedFit) => boolean;
  readonly fit: (fit: PlannedFit) => Promise<TestOn>;
}

export interface CellRun {
  /** Folder of the cells. */
  readonly dir: string;
  /** Changes with the data that a fit sees or is tested on. */
  readonly digestOf: (fit: PlannedFit, testedOn: string) => string;
  readonly onCell?: (done: number, total: number) => void;
}

/** Measures every cell that is not there yet; a fit is made only where one of its cells is missing. */
export async function measureCells(
  models: readonly MatrixModel[],
  fits: readonly PlannedFit[],
  { dir, digestOf, onCell }: CellRun,
): Promise<StyleCell[]> {
  const jobs = fits.flatMap((fit) =>
    models.filter(({ takes }) => takes(fit)).map((model) => ({ fit, model })),
  );
  const total = jobs.reduce((sum, { fit }) => sum + fit.testedOn.length, 0);
  const cells: StyleCell[] = [];
  for (const { fit, model } of jobs) {
    let testOn: TestOn | undefined;
    for (const testedOn of fit.testedOn) {
      const { protocol, seed, fittedOn } = fit;
      const id = { protocol, model: model.name, seed, fittedOn, testedOn };
      const key = sha256OfBytes(JSON.stringify([id, model.version, digestOf(fit, testedOn)]));
      const { paired, grid } = await kept<CellFigures>(join(dir, `${key.slice(0, 32)}.json`), async () => {
        testOn ??= await model.fit(fit);
        return { ...id, ...(await testOn(testedOn)) };
      });
      cells.push({ ...id, paired, ...(grid && { grid }) });
      onCell?.(cells.length, total);
    }
  }
  return cells;
}
