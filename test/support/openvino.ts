// OpenVINO where this machine has it; tests that need it are skipped elsewhere, with this reason.
import { chooseEngine, type EngineChoice } from '../../src/engines/index.js';

export const NO_OPENVINO = 'OpenVINO is not installed ("npm run setup:openvino")';

/** As `SKYFIX_ENGINE=openvino` chooses it, or undefined. One that is there and does not work fails. */
export async function installedOpenVino(
  precision: 'auto' | 'f32' = 'f32',
): Promise<EngineChoice | undefined> {
  const openvinoDir = process.env.SKYFIX_OPENVINO_DIR;
  const chosen = await chooseEngine({ engine: 'auto', precision, openvinoDir });
  if (chosen.kind === 'openvino') return chosen;
  if (chosen.notes.some((note) => note.includes('cannot be used'))) throw new Error(chosen.notes.join(' '));
  return undefined;
}
