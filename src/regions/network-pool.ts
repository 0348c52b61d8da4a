// Running networks, shared: regions whose generator and encoder are the same files use one pair of engines.
import { type Bundle, NETWORK_FILES, QUANTISED_FILES } from '../bundles/index.js';
import { type NetworkOptions, type Networks, openNetworks } from '../describe/index.js';

/** A holder's share of a pair of networks; release() once, when no inference of this holder is under way. */
export interface SharedNetworks {
  readonly networks: Pick<Networks, 'generator' | 'encoder' | 'whole'>;
  release(): Promise<void>;
}

interface Entry {
  readonly opening: Promise<Networks>;
  /** Once they are open. */
  networks?: Networks;
  holders: number;
}

export class NetworkPool {
  readonly #options: NetworkOptions;
  readonly #entries = new Map<string, Entry>();

  constructor(options: NetworkOptions) {
    this.#options = options;
  }

  /** Pairs of networks that new holders would share. */
  get count(): number {
    return this.#entries.size;
  }

  /**
   * The bundle's networks, loaded where no other holder has them or where one of those is not ready: whoever asks gets
   * networks that answer. Throws what openNetworks throws.
   */
  async acquire(bundle: Bundle): Promise<SharedNetworks> {
    const { files, geometry, looks } = bundle.manifest;
    const { inputSizePx, searchMarginPx, searchStepPx } = geometry;
    const networks = NETWORK_FILES.flatMap((file) => [file, QUANTISED_FILES[file]]);
    const sums = networks.map((file) => files[file]?.sha256 ?? 'none').join(' ');
    // Where the looks lie is part of what is run.
    const key = `${sums} ${JSON.stringify([inputSizePx, searchMarginPx, searchStepPx, looks])}`;
    const shared = this.#entries.get(key);
    const held = shared && answers(shared) ? shared : this.#open(key, bundle);
    held.holders++;
    const forget = () => {
      held.holders--;
      if (held.holders === 0 && this.#entries.get(key) === held) this.#entries.delete(key);
    };
    try {
      const networks = await held.opening;
      let released = false;
      const release = async () => {
        if (released) return;
        released = true;
        forget();
        if (held.holders === 0) await networks.close();
      };
      return { networks, release };
    } catch (error) {
      forget();
      throw error;
    }
  }

  #open(key: string, bundle: Bundle): Entry {
    const entry: Entry = { opening: openNetworks(bundle, { ...this.#options, whole: true }), holders: 0 };
    this.#entries.set(key, entry);
    entry.opening.then(
      (networks) => {
        entry.networks = networks;
      },
      () => {
        // Nobody else shall wait for what failed.
        if (this.#entries.get(key) === entry) this.#entries.delete(key);
      },
    );
    return entry;
  }
}

/** Open and ready, or not open yet. */
function answers({ networks }: Entry): boolean {
  if (!networks) return true;
  const { encoder, generator, whole } = networks;
  return [encoder, generator, whole].every((engine) => (engine?.state ?? 'ready') === 'ready');
}
