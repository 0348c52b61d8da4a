// The engine that a command runs networks with: the server's settings, SKYFIX_ENGINE and its neighbours, hold for it too.
import { loadConfig } from '../../src/config/index.js';
import { chooseEngine, type EngineChoice } from '../../src/engines/index.js';

/** Throws CONFIG_INVALID, and ENGINE_UNAVAILABLE where what is named is not to be had. */
export function engineOfEnvironment(): Promise<EngineChoice> {
  return chooseEngine(loadConfig(process.env));
}
