// The middle of a ConvNeXt block's MLP: g = GELU(h + b), with h the first matrix product and b its bias.
// GELU(z) = z·Φ(z), exact; GELU'(z) = Φ(z) + z·φ(z).
#include "kernels.h"
#include "lanes.h"
#include "workers.h"

namespace skyfix {
namespace {

template <class V> V cumulative(V z) { return 0.5f * (1.0f + errorFunction<V>(z * 0.70710678118654752f)); }

constexpr int64_t kFloatsAPiece = 1 << 15;

int64_t rowsAPiece(int64_t channels) { return std::max<int64_t>(1, kFloatsAPiece / channels); }

}  // namespace

/** h [..., C], b [C] → GELU(h + b) */
void biasGelu(Call& call) {
  const int64_t channels = call.channels(0);
  if (call.channels(1) != channels) return call.refuse("bias and channels differ");
  const float* h = call.input(0);
  const float* bias = call.input(1);
  float* g = call.output(0, call.shape(0));
  if (!g) return;
  inPieces(call.rows(0), rowsAPiece(channels), [&](int64_t from, int64_t to) {
    for (int64_t row = from; row < to; row++) {
      overChannels(channels, [&]<class V>(int64_t c) {
        const V z = load<V>(h + row * channels + c) + load<V>(bias + c);
        store(g + row * channels + c, z * cumulative(z));
      });
    }
  });
}

/** dg [..., C], h, b → dh [..., C], db [C] */
void biasGeluGrad(Call& call) {
  const int64_t channels = call.channels(0);
  const int64_t rows = call.rows(0);
  if (call.channels(2) != channels || call.rows(1) != rows) return call.refuse("shapes differ");
  const float* dg = call.input(0);
  const float* h = call.input(1);
  const float* bias = call.input(2);
  float* dh = call.output(0, call.shape(0));
  float* db = call.output(1, {channels});
  if (!dh || !db) return;
  const int64_t grain = rowsAPiece(channels);
  const int64_t pieces = (rows + grain - 1) / grain;
  std::vector<float> sums(pieces * channels, 0.0f);
  inPieces(rows, grain, [&](int64_t from, int64_t to) {
    float* sum = sums.data() + from / grain * channels;
    for (int64_t row = from; row < to; row++) {
      const int64_t at = row * channels;
      overChannels(channels, [&]<class V>(int64_t c) {
        const V z = load<V>(h + at + c) + load<V>(bias + c);
        const V density = 0.3989422804014327f * exponential<V>(-0.5f * z * z);
        const V d = load<V>(dg + at + c) * (cumulative(z) + z * density);
        store(dh + at + c, d);
        store(sum + c, load<V>(sum + c) + d);
      });
    }
  });
  addRows(sums.data(), pieces, channels, db);
}

}  // namespace skyfix
