// The end of a ConvNeXt block: y = x + γ·(z + b), with z the second matrix product and b its bias.
#include "kernels.h"
#include "lanes.h"
#include "workers.h"

namespace skyfix {
namespace {
constexpr int64_t kFloatsAPiece = 1 << 15;
int64_t rowsAPiece(int64_t channels) { return std::max<int64_t>(1, kFloatsAPiece / channels); }
}  // namespace

/** x [..., C], z [rows, C], b [C], γ [C] → y [..., C] */
void layerScale(Call& call) {
  const int64_t channels = call.channels(0);
  const int64_t rows = call.rows(0);
  if (call.rows(1) != rows || call.channels(3) != channels) return call.refuse("shapes differ");
  const float *x = call.input(0), *z = call.input(1), *bias = call.input(2), *gamma = call.input(3);
  float* y = call.output(0, call.shape(0));
  if (!y) return;
  inPieces(rows, rowsAPiece(channels), [&](int64_t from, int64_t to) {
    for (int64_t row = from; row < to; row++) {
      const int64_t at = row * channels;
      overChannels(channels, [&]<class V>(int64_t c) {
        const V branch = load<V>(gamma + c) * (load<V>(z + at + c) + load<V>(bias + c));
        store(y + at + c, load<V>(x + at + c) + branch);
      });
    }
  });
}

/** dy [..., C], z, b, γ → dz [..., C], db [C], dγ [C]; dx is dy itself. */
void layerScaleGrad(Call& call) {
  const int64_t channels = call.channels(0);
  const int64_t rows = call.rows(0);
  if (call.rows(1) != rows || call.channels(3) != channels) return call.refuse("shapes differ");
  const float *dy = call.input(0), *z = call.input(1), *bias = call.input(2), *gamma = call.input(3);
  float* dz = call.output(0, call.shape(1));
  float* db = call.output(1, {channels});
  float* dgamma = call.output(2, {channels});
  if (!dz || !db || !dgamma) return;
  const int64_t grain = rowsAPiece(channels);
  const int64_t pieces = (rows + grain - 1) / grain;
  std::vector<float> sums(pieces * channels * 2, 0.0f);
  inPieces(rows, grain, [&](int64_t from, int64_t to) {
    float* sum = sums.data() + from / grain * channels * 2;
    for (int64_t row = from; row < to; row++) {
      const int64_t at = row * channels;
      overChannels(channels, [&]<class V>(int64_t c) {
        const V d = load<V>(dy + at + c);
        const V scaled = d * load<V>(gamma + c);
        store(dz + at + c, scaled);
        store(sum + c, load<V>(sum + c) + scaled);
        const V product = d * (load<V>(z + at + c) + load<V>(bias + c));
        store(sum + channels + c, load<V>(sum + channels + c) + product);
      });
    }
  });
  std::vector<float> both(2 * channels);
  addRows(sums.data(), pieces, 2 * channels, both.data());
  std::copy(both.begin(), both.begin() + channels, db);
  std::copy(both.begin() + channels, both.end(), dgamma);
}

}  // namespace skyfix
