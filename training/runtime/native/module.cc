// Loading this file as a Node addon announces the kernels to TensorFlow, before any thread of TensorFlow's is there.
#include "kernels.h"
#include "signals.h"

namespace skyfix {
namespace {

const Operation kBiasGelu = {"SkyfixBiasGelu", {"h", "bias"}, {"g"}};
const Operation kBiasGeluGrad = {"SkyfixBiasGeluGrad", {"dg", "h", "bias"}, {"dh", "dbias"}};
const Operation kLayerScale = {"SkyfixLayerScale", {"x", "z", "bias", "gamma", "samples"}, {"y"}};
const Operation kLayerScaleGrad = {
    "SkyfixLayerScaleGrad", {"dy", "z", "bias", "gamma", "samples"}, {"dz", "dbias", "dgamma"}};
const Operation kDepthwiseNorm = {
    "SkyfixDepthwiseNorm", {"x", "filter", "bias", "weight", "shift"}, {"y", "n", "r"}};
const Operation kDepthwiseNormGrad = {"SkyfixDepthwiseNormGrad",
                                      {"dy", "skip", "n", "r", "x", "filter", "weight"},
                                      {"dx", "dfilter", "dbias", "dweight", "dshift"}};
const Operation kLayerNorm = {"SkyfixLayerNorm", {"x", "weight", "bias"}, {"y", "n", "r"}};
const Operation kLayerNormGrad = {"SkyfixLayerNormGrad", {"dy", "n", "r", "weight"}, {"dx", "dweight", "dbias"}};
const Operation kAdam = {"SkyfixAdam", {"p", "m", "v", "gradient", "factor", "decay", "numbers"}, {}};
const Operation kInstanceNorm = {"SkyfixInstanceNorm", {"x"}, {"y", "mean", "r"}, {"slope"}};
const Operation kInstanceNormGrad = {"SkyfixInstanceNormGrad", {"dy", "x", "mean", "r"}, {"dx"}, {"slope"}};
const Operation kConv = {"SkyfixConv", {"x", "filter"}, {"y"}, {"stride", "pad", "reflect"}};
const Operation kConvGradInput = {
    "SkyfixConvGradInput", {"dy", "filter"}, {"dx"}, {"stride", "pad", "reflect", "height", "width"}};
const Operation kConvGradFilter = {
    "SkyfixConvGradFilter", {"x", "dy"}, {"dfilter"}, {"stride", "pad", "reflect", "side"}};
const Operation kMatMul = {"SkyfixMatMul", {"a", "b"}, {"y"}, {"transpose_a", "transpose_b"}};

void registerAll() {
  registerKernel<biasGelu, kBiasGelu>();
  registerKernel<biasGeluGrad, kBiasGeluGrad>();
  registerKernel<layerScale, kLayerScale>();
  registerKernel<layerScaleGrad, kLayerScaleGrad>();
  registerKernel<depthwiseNorm, kDepthwiseNorm>();
  registerKernel<depthwiseNormGrad, kDepthwiseNormGrad>();
  registerKernel<layerNorm, kLayerNorm>();
  registerKernel<layerNormGrad, kLayerNormGrad>();
  registerKernel<adam, kAdam>();
  registerKernel<instanceNorm, kInstanceNorm>();
  registerKernel<instanceNormGrad, kInstanceNormGrad>();
  registerKernel<conv, kConv>();
  registerKernel<convGradInput, kConvGradInput>();
  registerKernel<convGradFilter, kConvGradFilter>();
  registerKernel<matmul, kMatMul>();
}

}  // namespace
}  // namespace skyfix

/** Node calls this once; the module exports nothing. */
extern "C" __attribute__((visibility("default"))) void* napi_register_module_v1(void*, void* exports) {
  skyfix::keepSignalsAway();
  skyfix::registerAll();
  return exports;
}
