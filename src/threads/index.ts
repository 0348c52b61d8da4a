// Threads: one worker that answers requests, is started again when it dies, and tells its owner so.
export { Pacer, RESTART_PACE, type RestartPace } from './pace.js';
export type { LifeEvents, PartState } from './part.js';
export {
  RequestWorker,
  type RequestWorkerOptions,
  type ThreadState,
} from './request-worker.js';
export { type Handlers, moved, type Report, type Served, serveRequests } from './serve-requests.js';
export type { AskOptions } from './thread.js';
export { ThreadClosed, ThreadDied } from './thread-errors.js';
