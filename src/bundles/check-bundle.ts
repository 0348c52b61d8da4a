// A bundle's own networks, held against the contract as those of an import are.
import { readFile } from 'node:fs/promises';
import { messageOf } from '../errors/index.js';
import { externalTensors } from '../onnx/index.js';
import { checkNetwork, type NetworkReport } from './check-network.js';
import { encoderContract, generatorContract, type NetworkContract } from './contract.js';
import type { Bundle } from './load.js';
import { type Invalid, invalidNetwork } from './signature.js';

export interface CheckedNetworks {
  readonly encoder: NetworkReport;
  /** Absent where the BEV goes straight into the encoder. */
  readonly generator?: NetworkReport;
}

/** Runs a loaded bundle's networks. `threads` are their compute threads. Throws NETWORK_INVALID (see checkNetwork). */
export async function checkNetworks(
  { dir, manifest, encoderPath, generatorPath }: Bundle,
  options: { readonly threads: number },
): Promise<CheckedNetworks> {
  const { geometry, files } = manifest;
  const check = async (file: string, contract: NetworkContract) => {
    const bytes = await readFile(file);
    const invalid = invalidNetwork(file);
    const unknown = weightFiles(bytes, invalid).filter((name) => !(name in files));
    if (unknown.length > 0) {
      throw invalid(
        `weights lie in ${unknown.join(', ')}, which ${dir}/bundle.json has no checksum of: import ` +
          'the network, which takes them in',
      );
    }
    return checkNetwork({ file, bytes }, contract, options);
  };
  const encoder = await check(encoderPath, encoderContract(manifest));
  if (!generatorPath) return { encoder };
  return { encoder, generator: await check(generatorPath, generatorContract(geometry)) };
}

function weightFiles(bytes: Uint8Array, invalid: Invalid): string[] {
  try {
    return [...new Set(externalTensors(bytes).map(({ location }) => location))];
  } catch (error) {
    throw invalid(`no ONNX file (${messageOf(error)})`);
  }
}
