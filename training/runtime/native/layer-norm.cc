// Layer norm over the last axis.
#include "layer-norm.h"

#include "kernels.h"
#include "workers.h"

namespace skyfix {
namespace {
constexpr int64_t kFloatsAPiece = 1 << 14;
int64_t rowsAPiece(int64_t channels) { return std::max<int64_t>(1, kFloatsAPiece / channels); }
}  // namespace

/** x [..., C], weight [C], bias [C] → y, n [..., C], r [rows] */
void layerNorm(Call& call) {
  const int64_t channels = call.channels(0), rows = call.rows(0);
  if (call.channels(1) != channels || call.channels(2) != channels) return call.refuse("weight or bias has another size");
  const float *x = call.input(0), *weight = call.input(1), *bias = call.input(2);
  float* y = call.output(0, call.shape(0));
  float* n = call.output(1, call.shape(0));
  float* r = call.output(2, {rows});
  if (!y || !n || !r) return;
  inPieces(rows, rowsAPiece(channels), [&](int64_t from, int64_t to) {
    for (int64_t row = from; row < to; row++) {
      const int64_t at = row * channels;
      r[row] = normPixel(x + at, channels, weight, bias, n + at, y + at);
    }
  });
}

/** dy [..., C], n, r, weight [C] → dx [..., C], dWeight [C], dBias [C] */
void layerNormGrad(Call& call) {
  const int64_t channels = call.channels(0), rows = call.rows(0);
  if (call.rows(1) != rows || call.channels(3) != channels) return call.refuse("shapes differ");
  const float *dy = call.input(0), *n = call.input(1), *r = call.input(2), *weight = call.input(3);
  float* dx = call.output(0, call.shape(0));
  float* dWeight = call.output(1, {channels});
  float* dBias = call.output(2, {channels});
  if (!dx || !dWeight || !dBias) return;
  const int64_t grain = rowsAPiece(channels), pieces = (rows + grain - 1) / grain;
  std::vector<float> sums(pieces * channels * 2, 0.0f);
  inPieces(rows, grain, [&](int64_t from, int64_t to) {
    float* sum = sums.data() + from / grain * channels * 2;
    for (int64_t row = from; row < to; row++) {
      const int64_t at = row * channels;
      normPixelGrad(dy + at, n + at, r[row], channels, weight, dx + at, sum, sum + channels);
    }
  });
  std::vector<float> total(2 * channels);
  addRows(sums.data(), pieces, 2 * channels, total.data());
  std::copy_n(total.data(), channels, dWeight);
  std::copy_n(total.data() + channels, channels, dBias);
}

}  // namespace skyfix
