// JSON schema of a run's configuration, after its preset is filled in, with a sentence a field; the types are in run-config.ts.
import { CONVNEXT_SIZES, EFFICIENTNET_LITES } from '../networks/index.js';
import { RUN_SCHEMA } from './run-config.js';
import { data, evaluation, geometry, publish } from './schema-data.js';
import {
  belowOne,
  between,
  count,
  listOf,
  matching,
  nonNegative,
  object,
  oneOf,
  other,
  positive,
  seed,
  share,
  someShare,
  text,
  whole,
  yes,
} from './schema-fields.js';

const flip = oneOf(['horizontal', 'dihedral', 'none']);

const networks = object('Sizes of the networks, and weights to start from.', {
  generator: object('G and F, BEV to view and back.', {
    baseFilters: count('Filters of the first convolution; 64 in the paper.'),
    blocks: count('Residual blocks; 9 in the paper.'),
    '?learnResidual': yes('The view is the BEV plus what G adds.', false),
    '?weights': text(
      "safetensors that G starts from (pretrained weights): the names of CycleGAN's reference, " +
        "or a bundle's generator.safetensors or generator.onnx.",
    ),
  }),
  discriminator: object('The PatchGANs.', {
    filters: count('Filters of the first convolution; 64 in the paper.'),
  }),
  contrast: object('Heads of the patch contrast.', {
    projection: count('Dimensions of a patch; 64 in the paper.'),
  }),
  encoder: object('The encoder: a trunk, and a head that makes descriptors of its features.', {
    '?trunk': oneOf(['convnext', ...Object.keys(EFFICIENTNET_LITES)])(
      "What makes the features. EfficientNet-Lite has ImageNet's weights (npm run setup:trunks).",
      'convnext',
    ),
    '?upTo': listOf(
      { type: 'integer', minimum: 0 },
      { minItems: 1, uniqueItems: true },
    )(
      'Blocks of the trunk whose features are used, from 0: [8, 15] of efficientnet-lite2 when absent, [6, 11] of ' +
        'efficientnet-lite0, the last of a ConvNeXt.',
    ),
    '?pooling': oneOf(['mean', 'grid'])(
      'mean: the mean of the features; grid: those of all cells of 32 pixels, which keeps where they are.',
      'mean',
    ),
    '?projection': count('Dimensions of the descriptor; all that pooling gives when absent.'),
    '?frozen': yes(
      'The trunk keeps its weights and the head alone is trained; true when absent of an EfficientNet-Lite, else false.',
    ),
    size: oneOf(Object.keys(CONVNEXT_SIZES))('Size of a ConvNeXt; base in the paper.'),
    layerScale: positive('First value of the layer scale; 1e-6 in ConvNeXt, 1 suits short schedules.'),
    dropPath: belowOne('ConvNeXt: rate of stochastic depth in the last block; rises linearly from 0.'),
    '?weights': text(
      "safetensors that the encoder starts from (pretrained weights, e.g. ImageNet's): timm's " +
        "or torchvision's names, a trunk's, or a bundle's encoder.safetensors; of ConvNeXt also its encoder.onnx.",
    ),
  }),
});

const stage1 = object('Generation: BEV-CycleGAN with patch contrast, equations (4) and (5).', {
  input: oneOf(['bev', 'panorama'])('What G translates; panorama is CycleGAN without the geometry.'),
  pairs: oneOf(['labelled', 'all'])(
    'Which pairs the contrast may use: the labelled ones, or all, as the paper does.',
  ),
  '?steps': count('Steps; either these or epochs. May grow when a run is continued.'),
  '?epochs': count('Instead of steps: passes over as many pairs as the training split has, labelled or not.'),
  batch: count('Images in a batch.'),
  learningRate: positive('Adam; constant for half of the steps, then falls to 0.'),
  lambdaCycle: nonNegative('Weight of the cycle loss; 10 in the paper.'),
  lambdaContrast: nonNegative('Weight of the patch contrast; 2 in the paper.'),
  lambdaIdentity: nonNegative("Weight of CycleGAN's identity loss; 0: none, as in the paper."),
  lambdaPaired: nonNegative(
    'Weight of |G(x) - y| on pairs (pix2pix); 0 in the paper. Short schedules need it.',
  ),
  pairedWarmupSteps: whole(
    'First steps, in which G and F learn from |G(x) - y| and |F(y) - x| alone; 0 in the paper.',
  ),
  pairedWarmupRate: positive('Learning rate of these.'),
  contrast: object('The patch contrast, equation (4).', {
    '?features': oneOf(['generator', 'trunk'])(
      "Whose features are compared: those of G's own encoder, or those of a frozen pretrained trunk, which the search sees: " +
        "networks.encoder's where it is an EfficientNet-Lite, else efficientnet-lite2 (npm run setup:trunks).",
      'generator',
    ),
    positive: oneOf(['paired', 'input'])(
      'paired: equation (4), against the real tile; input: equation (2), against the input.',
    ),
    layers: listOf(
      { type: 'integer', minimum: 0, maximum: 2 },
      { uniqueItems: true },
    )('Scales that are compared.'),
    temperature: positive('Temperature; 0.07 in the paper.'),
    positions: count('Patches drawn from a layer; 256 in the paper.'),
  }),
  historyPool: whole('Generated images that the discriminators see again; 0: none.'),
  flip: flip('Which symmetries of the ground both images share.'),
});

const head = object(
  "A grid encoder's head in closed form, instead of steps: what the features of views and their tiles have in common.",
  {
    channels: count("Numbers a cell that are kept of the trunk's channels."),
    regularisation: positive("Share of the mean variance that is added to every direction's own."),
    '?falloff': nonNegative(
      'Cells of a window weigh 1 / (1 + their distance from its middle, in cells) to this power; 1 when absent.',
    ),
    turned: between(0, 7, 'integer')('Further copies of all pairs, mirrored and turned by right angles.'),
    changed: between(
      0,
      16,
      'integer',
    )(
      'Further copies of all pairs with another camera height (30 %), heading (10 degrees), tilt (3 degrees), hole below the ' +
        'camera and overhead sensor.',
    ),
    '?priorPairs': positive(
      "Pairs that the fit in networks.encoder.weights counts for beside the run's own: the more, the less a head is moved.",
      60,
    ),
    '?tune': object(
      'Steps of descent from the fit: headings known, known to within 45 degrees and unknown are learned together, with turned ' +
        'copies of the same view as negatives, and with views that show a part of the circle. None when absent.',
      {
        '?from': oneOf(['fit', 'weights'])(
          "Where the steps begin: at the fit to the run's own pairs, or at the head that networks.encoder.weights has.",
          'fit',
        ),
        steps: count('Steps.'),
        batch: other({ type: 'integer', minimum: 2 })(
          'Views in a batch; each comes with all of its turned copies.',
        ),
        learningRate: positive('Adam; rises over a twentieth of the steps, then falls along a cosine.'),
        scale: positive('1 / temperature of the similarities.'),
        labelSmoothing: belowOne('Share of the target that is spread over all that competes.'),
        turns: between(
          1,
          24,
          'integer',
        )(
          'Copies of each view under false headings; the first third of them within 45 degrees of the true one.',
        ),
        narrowShare: between(0, 1)('Share of views that show a sector of 180 or 90 degrees alone.'),
        hold: nonNegative(
          "Weight of the squared distance from the fit, in shares of its arrays' squared lengths: holds the head near it.",
        ),
      },
    ),
  },
);

const stage3 = object('Localisation: the encoder.', {
  '?head': head,
  '?steps': count('Steps; either these or epochs. May grow when a run is continued.'),
  '?epochs': count(
    'Instead of steps: an epoch is as many batches as all pairs of the data fill, labelled or not.',
  ),
  batch: other({ type: 'integer', minimum: 2 })('Pairs in a batch.'),
  learningRate: positive('AdamW; rises over warmupSteps, then falls along a cosine.'),
  weightDecay: nonNegative('Weight decay; 0: Adam.'),
  warmupSteps: whole('Steps over which the learning rate rises.'),
  clipNorm: positive("The gradient's length is cut to this."),
  infoNce: object('Symmetric InfoNCE.', {
    weight: nonNegative('Its weight in the loss.'),
    scale: other({ anyOf: [{ type: 'number', exclusiveMinimum: 0 }, { const: 'learnable' }] })(
      '1 / temperature: a number, or learnable from ln(1/0.07).',
    ),
    labelSmoothing: belowOne('Label smoothing.'),
  }),
  triplet: object('Hard-sample triplet loss, equation (8).', {
    weight: nonNegative('Its weight in the loss.'),
    fromShare: share('Share of the steps before it is added.'),
    weights: oneOf(['dynamic', 'none'])('dynamic: equation (8); none: the plain hard triplet.'),
    margin: nonNegative('Margin; 0.2 in the paper.'),
    weightTemperature: positive('Temperature of the dynamic weights; 0.2 in the paper.'),
  }),
  sampling: object('Which pairs share a batch.', {
    negatives: oneOf(['near', 'mined', 'none'])(
      'Hard negatives that share a batch: places near by, similar ones (mined each epoch), or none.',
    ),
    groupSize: count('Places that are drawn together.'),
    minedFromShare: share('With mined: near ones until this share of the steps.'),
  }),
  emaDecay: belowOne('Decay of the moving average of the weights that is exported; 0: none.'),
  augment: object('Random changes of both images of a pair.', {
    flip: flip('Which symmetries of the ground both images share.'),
    turnDeg: between(0, 180)('Both turn by a random angle up to so many degrees.'),
    offsetPx: whole('Largest random offset of a tile from its query, input pixels.'),
    jitter: object('Largest random changes of colour, as shares.', {
      brightness: share('Brightness.'),
      contrast: share('Contrast.'),
      saturation: share('Saturation.'),
      hue: share('Hue, of the full circle.'),
    }),
  }),
  validateEvery: whole(
    'Steps between two validations on the validation split, the best of which is exported; 0: none, and the last weights are.',
  ),
});

const selfTraining = object('Pseudo-labels: Algorithm 1 and its baselines.', {
  strategy: oneOf(['none', 'dynamic', 'fixed', 'margin', 'ucvgl'])(
    'dynamic: Algorithm 1; fixed: a threshold on the top score; margin: top1 - top2; ucvgl: mutual nearest neighbours.',
  ),
  warmupShare: share('Share of the steps before the first update; 0.2 in the paper.'),
  every: count('Steps between two updates; 50 in the paper.'),
  sample: count('Unlabelled tiles and views that an update looks at, at most.'),
  candidates: oneOf(['views', 'all'])('Whether labelled tiles count for the confidence too.'),
  '?mix': oneOf(['half', 'proportional'])(
    'Selected pairs in a batch: half of it (Algorithm 1), or as many as their number beside the labelled ones.',
    'half',
  ),
  unique: yes('A view is the pair of one tile at most.'),
  bins: count('Bins of the histogram of confidence; 10 in the paper.'),
  cap: someShare('Largest candidate of the threshold.'),
  lambda0: share('First weight of the old threshold; 0.5 in the paper.'),
  gamma: someShare('Decay of that weight; 0.9 in the paper.'),
  decayShare: positive('T_d / T; 1 is the literal formula.'),
  '?threshold': share("fixed, margin, ucvgl: the rule's constant; its published value when absent."),
});

export const RUN_CONFIG_SCHEMA = object('A training run of skyfix.', {
  schema: other({ const: RUN_SCHEMA })('Version of this form.'),
  name: matching('^[A-Za-z0-9][A-Za-z0-9._-]*$')(
    'Name of the run and of its folder. May change when a run is continued.',
  ),
  group: text(
    "Runs that differ by their seed only have the same group in reports; the run's name when " +
      'absent. May change when a run is continued.',
  ),
  seed: seed('Seed of every random choice.'),
  data,
  geometry,
  tileMarginM: nonNegative('Ground beyond a tile, metres, from which offsets are cropped.'),
  '?shiftM': nonNegative(
    'Both images of a training pair are cut up to so far off the camera, metres, as the looks ' +
      'of a search are; a multiple of 2 input pixels.',
    0,
  ),
  networks,
  queries: oneOf(['views', 'bev', 'panorama'])(
    'What the encoder sees of the ground: generated views, BEVs, or panoramas.',
  ),
  labels: object('Which pairs are known.', {
    fraction: someShare(
      'Share of the training pairs that are labelled; the other labels are out of reach of both stages.',
    ),
  }),
  stage1,
  stage3,
  selfTraining,
  evaluation,
  runtime: object('What computes.', {
    device: oneOf(['cpu', 'cuda'])('cuda needs the CUDA build: npm run setup:training -- --cuda.'),
    threads: count('Threads of an operation; another number gives other roundings.'),
    math: oneOf(['float32', 'bf16'])("bf16: oneDNN's BF16 mode (AMX, AVX512-BF16)."),
    loaderThreads: count('Threads that crop batches ahead of the step. May change when a run is continued.'),
  }),
  checkpointEvery: count('Steps between two checkpoints. May change when a run is continued.'),
  bundle: object('What is exported. May change when a run is continued.', {
    name: text("Name of the bundle; the run's name when absent."),
    version: text('Version of the bundle.'),
    safetensors: yes("Also writes the weights as safetensors, the encoder's with timm's names."),
    '?half': yes(
      "Large constants of the graphs are stored as float16: half the bytes. A grid encoder's always are.",
      false,
    ),
  }),
  '?publish': publish,
});
