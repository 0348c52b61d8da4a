// Vectors of floats. Kernels walk the channels (the last axis of NHWC) in the widest vectors that the processor has, then
// in shorter ones, so that every number of channels works. (A vector wider than a register would live in memory.)
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>

namespace skyfix {

#ifdef __AVX512F__
/** Floats in the widest vector; AVX-512 has 32 registers of them. */
constexpr int kLanes = 16;
/** Rows that are summed up at once, so that the sums of two vectors a row fit into the registers. */
constexpr int kRowsAtOnce = 8;
#else
constexpr int kLanes = 8;
constexpr int kRowsAtOnce = 4;
#endif

typedef float Wide __attribute__((vector_size(4 * kLanes)));
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

/** Calls body.operator()<V>(channel) for the first channel of every widest vector, then of 8 and 1 at a time. */
template <class Body> inline void overChannels(int64_t channels, Body body) {
  int64_t c = 0;
  for (; c + kLanes <= channels; c += kLanes) body.template operator()<Wide>(c);
  for (; c + 8 <= channels; c += 8) body.template operator()<V8>(c);
  for (; c < channels; c++) body.template operator()<V1>(c);
}

/** Calls body.operator()<M>(first) for groups of up to kRowsAtOnce of `count`: 8, then 4, 2 and 1. */
template <class Body> inline void inGroups(int64_t count, Body body) {
  int64_t i = 0;
  if constexpr (kRowsAtOnce >= 8)
    for (; i + 8 <= count; i += 8) body.template operator()<8>(i);
  for (; i + 4 <= count; i += 4) body.template operator()<4>(i);
  for (; i + 2 <= count; i += 2) body.template operator()<2>(i);
  for (; i < count; i++) body.template operator()<1>(i);
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
