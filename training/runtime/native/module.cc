// Loading this file as a Node addon announces the kernels to the TensorFlow that is already in the process.
#include "kernels.h"

namespace {

void registerAll() {
  using namespace skyfix;
  registerOperation("SkyfixBiasGelu", {"h", "bias"}, {"g"}, run<biasGelu>);
  registerOperation("SkyfixBiasGeluGrad", {"dg", "h", "bias"}, {"dh", "dbias"}, run<biasGeluGrad>);
  registerOperation("SkyfixLayerScale", {"x", "z", "bias", "gamma"}, {"y"}, run<layerScale>);
  registerOperation("SkyfixLayerScaleGrad", {"dy", "z", "bias", "gamma"}, {"dz", "dbias", "dgamma"},
                    run<layerScaleGrad>);
  registerOperation("SkyfixDepthwiseNorm", {"x", "filter", "bias", "weight", "shift"}, {"y", "n", "r"},
                    run<depthwiseNorm>);
  registerOperation("SkyfixDepthwiseNormGrad", {"dy", "skip", "n", "r", "x", "filter", "weight"},
                    {"dx", "dfilter", "dbias", "dweight", "dshift"}, run<depthwiseNormGrad>);
  registerOperation("SkyfixLayerNorm", {"x", "weight", "bias"}, {"y", "n", "r"}, run<layerNorm>);
  registerOperation("SkyfixLayerNormGrad", {"dy", "n", "r", "weight"}, {"dx", "dweight", "dbias"},
                    run<layerNormGrad>);
  registerOperation("SkyfixAdam", {"p", "m", "v", "gradient", "decay", "numbers"}, {"newp", "newm", "newv"},
                    run<adam>);
}

}  // namespace

/** Node calls this once; the module exports nothing. */
extern "C" __attribute__((visibility("default"))) void* napi_register_module_v1(void*, void* exports) {
  registerAll();
  return exports;
}
