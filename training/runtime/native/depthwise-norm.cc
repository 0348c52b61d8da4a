// The start of a ConvNeXt block: 7×7 depthwise convolution with bias, then layer norm, in one pass.
#include "depthwise.h"
#include "kernels.h"
#include "layer-norm.h"
#include "workers.h"

namespace skyfix {

/** x [B, H, W, C], filter [7, 7, C, 1], bias [C], weight [C], shift [C] → y, n [B·H·W, C], r [B·H·W]: see layer-norm.h */
void depthwiseNorm(Call& call) {
  const Shape shape = call.shape(0);
  if (shape.size() != 4 || sizeOf(call.shape(1)) != kSide * kSide * shape[3])
    return call.refuse("needs x [B, H, W, C] and filter [7, 7, C, 1]");
  const int64_t height = shape[1], width = shape[2], channels = shape[3];
  const float *x = call.input(0), *filter = call.input(1), *bias = call.input(2);
  const float *weight = call.input(3), *shift = call.input(4);
  const int64_t pixels = shape[0] * height * width;
  float* y = call.output(0, {pixels, channels});
  float* n = call.output(1, {pixels, channels});
  float* r = call.output(2, {pixels});
  if (!y || !n || !r) return;
  const int64_t grain = std::max<int64_t>(1, (1 << 14) / (width * channels));
  inPieces(shape[0] * height, grain, [&](int64_t from, int64_t to) {
    std::vector<float> row(width * channels);
    for (int64_t at = from; at < to; at++) {
      const float* image = x + at / height * height * width * channels;
      depthwiseRow(image, height, width, channels, at % height, filter, bias, row.data());
      for (int64_t j = 0; j < width; j++) {
        const int64_t pixel = at * width + j;
        r[pixel] = normPixel(row.data() + j * channels, channels, weight, shift, n + pixel * channels,
                             y + pixel * channels);
      }
    }
  });
}

/**
 * dy [B·H·W, C], skip (added to dx), n, r, x [B, H, W, C], filter [7, 7, C, 1], weight [C]
 * → dx [B, H, W, C], dFilter [7, 7, C, 1], dBias, dWeight, dShift [C]
 */
void depthwiseNormGrad(Call& call) {
  const Shape shape = call.shape(4);
  if (shape.size() != 4 || sizeOf(call.shape(5)) != kSide * kSide * shape[3] || sizeOf(call.shape(0)) != sizeOf(shape))
    return call.refuse("needs x [B, H, W, C], filter [7, 7, C, 1] and dy of x's size");
  const int64_t batch = shape[0], height = shape[1], width = shape[2], channels = shape[3];
  const int64_t pixels = height * width, image = pixels * channels, taps = kSide * kSide * channels;
  const float *dy = call.input(0), *skip = call.input(1), *n = call.input(2), *r = call.input(3);
  const float *x = call.input(4), *filter = call.input(5), *weight = call.input(6);
  float* dx = call.output(0, shape);
  float* dFilter = call.output(1, call.shape(5));
  float* dBias = call.output(2, {channels});
  float* dWeight = call.output(3, {channels});
  float* dShift = call.output(4, {channels});
  if (!dx || !dFilter || !dBias || !dWeight || !dShift) return;
  std::vector<float> turned(taps);  // the filter turned by half a turn carries gradients back
  for (int64_t k = 0; k < kSide * kSide; k++)
    std::copy_n(filter + k * channels, channels, turned.data() + (kSide * kSide - 1 - k) * channels);
  // Each group of images leaves its own sums; at most 16 groups keep them small.
  const int64_t grain = std::max<int64_t>(1, (batch + 15) / 16);
  const int64_t groups = (batch + grain - 1) / grain, columns = taps + 3 * channels;
  std::vector<float> sums(groups * columns, 0.0f);
  inPieces(batch, grain, [&](int64_t from, int64_t to) {
    float* sum = sums.data() + from / grain * columns;
    float *sumBias = sum + taps, *sumWeight = sumBias + channels, *sumShift = sumWeight + channels;
    std::vector<float> dv(image);
    for (int64_t b = from; b < to; b++) {
      for (int64_t p = 0; p < pixels; p++) {
        const int64_t at = b * image + p * channels;
        normPixelGrad(dy + at, n + at, r[b * pixels + p], channels, weight, dv.data() + p * channels, sumWeight,
                      sumShift);
        overChannels(channels, [&]<class V>(int64_t c) {
          store(sumBias + c, load<V>(sumBias + c) + load<V>(dv.data() + p * channels + c));
        });
      }
      addDepthwiseFilterGradient(x + b * image, dv.data(), height, width, channels, sum);
      for (int64_t i = 0; i < height; i++) {
        float* row = dx + b * image + i * width * channels;
        depthwiseRow(dv.data(), height, width, channels, i, turned.data(), nullptr, row);
        const float* added = skip + b * image + i * width * channels;
        for (int64_t k = 0; k < width * channels; k++) row[k] += added[k];
      }
    }
  });
  std::vector<float> total(columns);
  addRows(sums.data(), groups, columns, total.data());
  const float* at = total.data();
  for (auto [to, count] : {std::pair{dFilter, taps}, {dBias, channels}, {dWeight, channels}, {dShift, channels}}) {
    std::copy_n(at, count, to);
    at += count;
  }
}

}  // namespace skyfix
