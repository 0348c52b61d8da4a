// Running networks, shared: regions whose generator and encoder are the same files use one pair of engines.
import type { Bundle } from '../bundles/index.js';
import { type Networks, openNetworks } from '../describe/index.js';
import type { EngineKind } from '../engines/index.js';

/** A holder's share of a pair of networks; release() once, when no inference of this holder is under way. */
export interface SharedNetworks {
  readonly networks: Pick<Networks, 'generator' | 'encoder'>;
  release(): Promise<void>;
}

interface Entry {
  readonly opening: Promise<Networks>;
  holders: number;
}

export interface NetworkOptions {
  readonly threads: number;
  readonly engine?: EngineKind | undefined;
}

export class NetworkPool {
  readonly #options: NetworkOptions;
  readonly #entries = new Map<string, Entry>();

  constructor(options: NetworkOptions) {
    this.#options = options;
  }

  /** Pairs of networks in memory. */
  get count(): number {
    return this.#entries.size;
  }

  /** The bundle's networks, loaded where no other holder has them. Throws what openNetworks throws. */
  async acquire(bundle: Bundle): Promise<SharedNetworks> {
    const key = `${bundle.encoderSha256} ${bundle.manifest.files['generator.onnx']?.sha256 ?? 'none'}`;
    const { threads, engine } = this.#options;
    let entry = this.#entries.get(key);
    if (!entry) {
      entry = { opening: openNetworks(bundle, { threads, ...(engine ? { engine } : {}) }), holders: 0 };
      this.#entries.set(key, entry);
    }
    const held = entry;
    held.holders++;
    let released = false;
    const release = async () => {
      if (released) return;
      released = true;
      held.holders--;
      if (held.holders > 0) return;
      this.#entries.delete(key);
      await (await held.opening).close();
    };
    try {
      return { networks: await held.opening, release };
    } catch (error) {
      held.holders--;
      if (this.#entries.get(key) === held) this.#entries.delete(key);
      throw error;
    }
  }
}
