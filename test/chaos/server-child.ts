// A server in a process of its own whose threads can be ended from outside: configured by its environment; over IPC
// "crash" and a number between 0 and 1 ends one of its threads. Says { url } when it is ready.
import { loadConfig } from '../../src/config/index.js';
import { startServer } from '../../src/server.js';
import { watchThreads } from '../support/threads.js';

const threads = watchThreads();
const { url } = await startServer(loadConfig(process.env));

process.on('message', (message: { crash: number }) => {
  const { alive } = threads;
  const victim = alive[Math.floor(message.crash * alive.length)];
  // No message that its script knows: reading it throws, and nobody catches that.
  victim?.postMessage(null);
  process.send?.({ crashed: victim !== undefined });
});
// Whoever started it is gone.
process.on('disconnect', () => process.exit());
process.send?.({ url });
