import type { DataSource, RunConfig } from './run-config.js';

type Data = Pick<RunConfig['data'], 'source' | 'further' | 'encoderOnly'>;

/** Every data set that a run trains on: its own first, then what G sees too, then what the encoder alone sees. */
export function trainingSources({ source, further = [], encoderOnly }: Data): readonly DataSource[] {
  return [source, ...further, ...encoderOnly];
}
