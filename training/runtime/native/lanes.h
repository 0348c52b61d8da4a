// Vectors of floats. Kernels walk the channels (the last axis of NHWC) in vectors of 16, then 8, then 1, so that
// every number of channels works; the compiler splits a vector where the processor's are shorter.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>

namespace skyfix {

typedef float V16 __attribute__((vector_size(64)));
typedef float V8 __attribute__((vector_size(32)));
typedef float V1 __attribute__((vector_size(4)));

template <class V> constexpr int lanes = sizeof(V) / sizeof(float);

template <class V> inline V load(const float* from) {
  V v;
  std::memcpy(&v, from, sizeof v);
  return v;
}

template <class V> inline void store(float* to, V v) { std::memcpy(to, &v, sizeof v); }

template <class V> inline V all(float value) { return V{} + value; }

/** The sum over a vector's lanes, always in the same order. */
template <class V> inline float sumOf(V v) {
  float sum = 0;
  for (int i = 0; i < lanes<V>; i++) sum += v[i];
  return sum;
}

/** Calls body.operator()<V>(channel) for channels 0, 16, 32, …, then 8 and 1 at a time. */
template <class Body> inline void overChannels(int64_t channels, Body body) {
  int64_t c = 0;
  for (; c + 16 <= channels; c += 16) body.template operator()<V16>(c);
  for (; c + 8 <= channels; c += 8) body.template operator()<V8>(c);
  for (; c < channels; c++) body.template operator()<V1>(c);
}

template <class V> inline V smaller(V a, V b) { return a < b ? a : b; }
template <class V> inline V larger(V a, V b) { return a > b ? a : b; }

/** e^x for x in [−87, 87], relative error below 2e-7 (Cephes' expf). */
template <class V> inline V exponential(V x) {
  typedef int32_t I __attribute__((vector_size(sizeof(V))));
  x = larger(smaller(x, all<V>(87.0f)), all<V>(-87.0f));
  const V shifted = x * 1.44269504088896341f + 12582912.0f;  // 1.5·2²³: the sum's last bits are the rounded integer
  const V n = shifted - 12582912.0f;
  const V r = (x - n * 0.693359375f) - n * -2.12194440e-4f;
  V p = all<V>(1.9875691500e-4f);
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  I power;
  std::memcpy(&power, &shifted, sizeof power);
  power = (power - 0x4B400000 + 127) << 23;
  V scale;
  std::memcpy(&scale, &power, sizeof scale);
  return p * scale;
}

/** erf(x), absolute error below 1e-6: the rational approximation that XLA and Eigen use. */
template <class V> inline V errorFunction(V x) {
  x = larger(smaller(x, all<V>(3.7439f)), all<V>(-3.7439f));
  const V s = x * x;
  V p = all<V>(2.2905065861350646e-4f);
  p = p * s + 3.4082910107109506e-3f;
  p = p * s + 5.0955695062380861e-2f;
  p = p * s + 1.8520832239976145e-1f;
  p = p * s + 1.128379143519084f;
  V q = all<V>(-1.1791602954361697e-7f);
  q = q * s + 2.3547966471313185e-5f;
  q = q * s + 1.0179625278914885e-3f;
  q = q * s + 1.4070470171167667e-2f;
  q = q * s + 1.1098505178285362e-1f;
  q = q * s + 4.9746925110067538e-1f;
  q = q * s + 1.0f;
  return x * p / q;
}

}  // namespace skyfix
