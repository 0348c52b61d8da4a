// Layer norm over the channels of one pixel: n = (v − mean)·r, r = 1/√(variance + ε), y = n·weight + bias.
#pragma once
#include "lanes.h"

namespace skyfix {

constexpr float kLayerNormEpsilon = 1e-6f;

/** v [C] → n [C] and y [C]; gives r. */
inline float normPixel(const float* v, int64_t channels, const float* weight, const float* bias, float* n, float* y) {
  float sum = 0;
  overChannels(channels, [&]<class V>(int64_t c) { sum += sumOf(load<V>(v + c)); });
  const float mean = sum / channels;
  float squares = 0;
  overChannels(channels, [&]<class V>(int64_t c) {
    const V centred = load<V>(v + c) - mean;
    squares += sumOf(centred * centred);
  });
  const float r = 1.0f / std::sqrt(squares / channels + kLayerNormEpsilon);
  overChannels(channels, [&]<class V>(int64_t c) {
    const V normal = (load<V>(v + c) - mean) * r;
    store(n + c, normal);
    store(y + c, normal * load<V>(weight + c) + load<V>(bias + c));
  });
  return r;
}

/** dy [C] → dv [C] = r·(dn − mean(dn) − n·mean(dn·n)), dn = dy·weight; dWeight += dy·n, dBias += dy. */
inline void normPixelGrad(const float* dy, const float* n, float r, int64_t channels, const float* weight, float* dv,
                          float* dWeight, float* dBias) {
  float sum = 0, product = 0;
  overChannels(channels, [&]<class V>(int64_t c) {
    const V d = load<V>(dy + c), normal = load<V>(n + c);
    const V dn = d * load<V>(weight + c);
    sum += sumOf(dn);
    product += sumOf(dn * normal);
    store(dWeight + c, load<V>(dWeight + c) + d * normal);
    store(dBias + c, load<V>(dBias + c) + d);
  });
  const float mean = sum / channels, along = product / channels;
  overChannels(channels, [&]<class V>(int64_t c) {
    const V dn = load<V>(dy + c) * load<V>(weight + c);
    store(dv + c, r * (dn - mean - load<V>(n + c) * along));
  });
}

}  // namespace skyfix
