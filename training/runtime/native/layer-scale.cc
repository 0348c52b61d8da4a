// The end of a ConvNeXt block: y = x + s·γ·(z + b), with z the second matrix product, b its bias and s a number per
// sample (stochastic depth), 1 where none is given.
#include "kernels.h"
#include "lanes.h"
#include "workers.h"

namespace skyfix {
namespace {
constexpr int64_t kFloatsAPiece = 1 << 15;
int64_t rowsAPiece(int64_t channels) { return std::max<int64_t>(1, kFloatsAPiece / channels); }

const char* fault(const Call& call) {
  const int64_t samples = call.channels(4);
  if (call.rows(1) != call.rows(0) || call.channels(3) != call.channels(0)) return "shapes differ";
  if (samples > 0 && call.rows(0) % samples != 0) return "the samples' numbers do not go into the rows";
  return nullptr;
}

/** s of a row. */
struct Samples {
  explicit Samples(const Call& call)
      : scale(call.channels(4) > 0 ? call.input(4) : nullptr),
        rows(scale ? call.rows(0) / call.channels(4) : 0) {}
  float of(int64_t row) const { return scale ? scale[row / rows] : 1.0f; }
  const float* scale;
  int64_t rows;
};
}  // namespace

/** x [B, ..., C], z [rows, C], b [C], γ [C], s [B] or [0] → y [B, ..., C] */
void layerScale(Call& call) {
  const int64_t channels = call.channels(0);
  const int64_t rows = call.rows(0);
  if (fault(call)) return call.refuse(fault(call));
  const Samples samples(call);
  const float *x = call.input(0), *z = call.input(1), *bias = call.input(2), *gamma = call.input(3);
  float* y = call.output(0, call.shape(0));
  if (!y) return;
  inPieces(rows, rowsAPiece(channels), [&](int64_t from, int64_t to) {
    for (int64_t row = from; row < to; row++) {
      const int64_t at = row * channels;
      const float scale = samples.of(row);
      overChannels(channels, [&]<class V>(int64_t c) {
        const V branch = scale * load<V>(gamma + c) * (load<V>(z + at + c) + load<V>(bias + c));
        store(y + at + c, load<V>(x + at + c) + branch);
      });
    }
  });
}

/** dy [B, ..., C], z, b, γ, s → dz [rows, C], db [C], dγ [C]; dx is dy itself. */
void layerScaleGrad(Call& call) {
  const int64_t channels = call.channels(0);
  const int64_t rows = call.rows(0);
  if (fault(call)) return call.refuse(fault(call));
  const Samples samples(call);
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
      const float scale = samples.of(row);
      overChannels(channels, [&]<class V>(int64_t c) {
        const V d = scale * load<V>(dy + at + c);
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
