// The 7×7 depthwise convolution ("same", stride 1) of one image's rows, NHWC, and its filter gradient.
// A strip of output pixels lives in registers; each input pixel that it needs is loaded once a filter row.
#pragma once
#include <algorithm>

#include "lanes.h"

namespace skyfix {

constexpr int kSide = 7;
constexpr int kReach = 3;

/** out[j] += Σ_k filter[k]·in[j + k − 3] for a strip of J pixels that starts at column `first` of [width, channels]. */
template <class V, int J>
inline void addFilterRow(const float* in, int64_t width, int64_t channels, int64_t first, const float* filter,
                         V (&sum)[J]) {
  V weight[kSide];
  for (int k = 0; k < kSide; k++) weight[k] = load<V>(filter + k * channels);
#pragma GCC unroll 16
  for (int m = 0; m < J + kSide - 1; m++) {
    const int64_t column = first + m - kReach;
    if (column < 0 || column >= width) continue;
    const V value = load<V>(in + column * channels);
#pragma GCC unroll 16
    for (int j = 0; j < J; j++) {
      const int k = m - j;
      if (k >= 0 && k < kSide) sum[j] += value * weight[k];
    }
  }
}

/** One strip of one output row i: in [height, width, channels] at channel 0 of the vector, start value from `bias`. */
template <class V, int J>
inline void strip(const float* in, int64_t height, int64_t width, int64_t channels, int64_t i, int64_t first,
                  const float* filter, const float* bias, float* out) {
  V sum[J];
  const V start = bias ? load<V>(bias) : V{};
  for (int j = 0; j < J; j++) sum[j] = start;
  const int64_t low = std::max<int64_t>(0, i - kReach), high = std::min(height - 1, i + kReach);
  for (int64_t row = low; row <= high; row++) {
    const float* weights = filter + (row - i + kReach) * kSide * channels;
    addFilterRow<V, J>(in + row * width * channels, width, channels, first, weights, sum);
  }
  for (int j = 0; j < J; j++) store(out + j * channels, sum[j]);
}

/** Output row i [width, channels] of in [height, width, channels]; filter [7, 7, channels]; bias [channels] or null. */
inline void depthwiseRow(const float* in, int64_t height, int64_t width, int64_t channels, int64_t i,
                         const float* filter, const float* bias, float* out) {
  overChannels(channels, [&]<class V>(int64_t c) {
    const float* offset = bias ? bias + c : nullptr;
    const auto at = [&](int64_t first) { return out + first * channels + c; };
    inGroups(width, [&]<int J>(int64_t j) {
      strip<V, J>(in + c, height, width, channels, i, j, filter + c, offset, at(j));
    });
  });
}

/** grad[k] += Σ_j d[j]·in[j + k − 3] over a strip of J pixels. */
template <class V, int J>
inline void addFilterGradient(const float* in, int64_t width, int64_t channels, int64_t first, const float* d,
                              V (&grad)[kSide]) {
  V strip[J];
  for (int j = 0; j < J; j++) strip[j] = load<V>(d + (first + j) * channels);
#pragma GCC unroll 16
  for (int m = 0; m < J + kSide - 1; m++) {
    const int64_t column = first + m - kReach;
    if (column < 0 || column >= width) continue;
    const V value = load<V>(in + column * channels);
#pragma GCC unroll 16
    for (int j = 0; j < J; j++) {
      const int k = m - j;
      if (k >= 0 && k < kSide) grad[k] += value * strip[j];
    }
  }
}

/** gradient [7, 7, channels] += the filter gradient of one image: in and d [height, width, channels]. */
inline void addDepthwiseFilterGradient(const float* in, const float* d, int64_t height, int64_t width,
                                       int64_t channels, float* gradient) {
  overChannels(channels, [&]<class V>(int64_t c) {
    for (int64_t k = 0; k < kSide; k++) {
      V grad[kSide] = {};
      const int64_t low = std::max<int64_t>(0, kReach - k), high = std::min(height, height + kReach - k);
      for (int64_t i = low; i < high; i++) {
        const float* row = in + (i + k - kReach) * width * channels + c;
        const float* dRow = d + i * width * channels + c;
        inGroups(width, [&]<int J>(int64_t j) { addFilterGradient<V, J>(row, width, channels, j, dRow, grad); });
      }
      for (int m = 0; m < kSide; m++) {
        float* at = gradient + (k * kSide + m) * channels + c;
        store(at, load<V>(at) + grad[m]);
      }
    }
  });
}

}  // namespace skyfix
