// The thread that holds an index: loading and searching block it and nothing else.
import { serveRequests } from '../threads/index.js';
import { HeldIndex } from './held-index.js';
import { indexAnswers } from './index-answers.js';
import type { IndexRequests, IndexSetup } from './index-requests.js';
import { queryReader } from './projection.js';

await serveRequests<IndexRequests, IndexSetup>((setup) => ({
  answers: indexAnswers(new HeldIndex(setup), queryReader(setup)),
}));
