// Stage 3: the encoder learns to give a query (generated view, BEV or raw panorama) and its tile the same descriptor, from
// labelled pairs and, with self-training, from pairs that it finds itself (Algorithm 1).
import { Ema, type Encoder } from '../../networks/index.js';
import { type BestStep, loadParts, type StageHooks, trainSteps, waitFor } from '../common/loop.js';
import { EncoderBatches } from './encoder-batches.js';
import type { EncoderData } from './encoder-data.js';
import { createTrainee, disposeTrainee, encoderStep } from './encoder-step.js';
import type { EncoderOptions } from './options.js';
import type { SelfTrainingReport } from './self-training.js';

export interface EncoderHooks extends StageHooks {
  onSelfTraining?(report: SelfTrainingReport): void;
}

/** Trains the encoder in place. `hooks` says where checkpoints go and who hears of progress. */
export async function trainEncoder(
  encoder: Encoder,
  data: EncoderData,
  options: EncoderOptions,
  hooks: EncoderHooks,
): Promise<BestStep | undefined> {
  const trainee = createTrainee(encoder, options);
  const batches = new EncoderBatches(encoder, data, options, hooks.onSelfTraining);
  const { adam, scale, scaleAdam, average } = trainee;
  try {
    const best = await trainSteps({
      steps: options.steps,
      parts: {
        encoder: encoder.params,
        adam,
        ...batches.parts,
        ...(average && { average }),
        ...(scale && scaleAdam && { scale: scale.params, scaleAdam }),
      },
      hooks: average ? validatingBy(average, hooks) : hooks,
      step: async (index) => {
        const { pairs, crops } = await batches.at(index);
        const pixels = await waitFor(crops, hooks);
        return encoderStep(trainee, { pairs, pixels, excluded: batches.exclusion(pairs) }, index, options);
      },
    });
    // What goes on from here is the average, where there is one.
    if (average) encoder.params.load(await average.use(() => encoder.params.toArrays()));
    return best;
  } finally {
    await batches.close();
    disposeTrainee(trainee);
  }
}

/** Validation of the average instead of the last step's weights. */
function validatingBy(average: Ema, hooks: StageHooks): StageHooks {
  const { validation } = hooks;
  if (!validation) return hooks;
  const measure = async (step: number) => average.use(() => validation.measure(step));
  return { ...hooks, validation: { ...validation, measure } };
}

/** Loads the weights that a checkpoint stands for: the average, where the run keeps one. Throws DATASET_INVALID. */
export async function loadEncoder(
  path: string,
  key: string | readonly string[] | undefined,
  encoder: Encoder,
  emaDecay: number,
): Promise<void> {
  if (emaDecay === 0) {
    await loadParts(path, key, { encoder: encoder.params });
    return;
  }
  const average = new Ema(encoder.params, { decay: emaDecay });
  try {
    await loadParts(path, key, { average });
    encoder.params.load(await average.use(() => encoder.params.toArrays()));
  } finally {
    average.dispose();
  }
}
