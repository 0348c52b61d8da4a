// The Weaviate server for the cluster test: what is installed, or built by Go and kept.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { weaviateServer } from '../../loadtest/index.js';

const SOURCE = 'github.com/weaviate/weaviate/cmd/weaviate-server@v1.35.2';

/** Builds it, in some minutes, where it is not installed. Throws what keeps it from being built. */
export async function installedServer(): Promise<string> {
  const there = weaviateServer();
  if (there !== undefined) return there;
  console.log(`go install ${SOURCE}`);
  const build = spawn('go', ['install', SOURCE], { stdio: ['ignore', 'inherit', 'inherit'] });
  const [code] = await once(build, 'exit').catch((error: Error) => {
    throw new Error(`Weaviate is not installed, and Go cannot be run to build it (${error.message})`);
  });
  const built = weaviateServer();
  if (code === 0 && built !== undefined) return built;
  throw new Error(`"go install ${SOURCE}" ended with ${code}`);
}
