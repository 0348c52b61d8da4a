// Instance norm and the (leaky) ReLU behind it: y = f(n), n = (x − mean)·r per image and channel, r = 1/√(variance + ε),
// f(n) = n for n > 0 and slope·n otherwise; slope 0 is ReLU, slope 1 no activation at all.
#include "kernels.h"
#include "lanes.h"
#include "workers.h"

namespace skyfix {
namespace {

constexpr float kEpsilon = 1e-5f;
constexpr int64_t kChannelsAPart = 16;

/** Calls body.operator()<V>(offset of the first pixel, channel's place in [B, C]) for every image and channels. */
template <class Body> void overImages(const Shape& shape, Body body) {
  const int64_t pixels = shape[1] * shape[2], channels = shape[3];
  const int64_t parts = (channels + kChannelsAPart - 1) / kChannelsAPart;
  inParallel(shape[0] * parts, [&](int64_t part) {
    const int64_t image = part / parts, first = part % parts * kChannelsAPart;
    overChannels(std::min(kChannelsAPart, channels - first), [&]<class V>(int64_t c) {
      body.template operator()<V>(image * pixels * channels + first + c, image * channels + first + c);
    });
  });
}

/** Σ term(pixel) over [height, width], row by row so that rounding stays small. */
template <class V, class Term> V total(int64_t height, int64_t width, Term term) {
  V sum{};
  for (int64_t i = 0; i < height; i++) {
    V row{};
    for (int64_t j = 0; j < width; j++) row += term(i * width + j);
    sum += row;
  }
  return sum;
}

}  // namespace

/** x [B, H, W, C] → y [B, H, W, C], mean [B, C], r [B, C] */
void instanceNorm(Call& call) {
  const Shape shape = call.shape(0);
  if (shape.size() != 4) return call.refuse("needs x [B, H, W, C]");
  const int64_t height = shape[1], width = shape[2], channels = shape[3];
  const float slope = call.attribute("slope");
  float* y = call.output(0, shape);
  float* means = call.output(1, {shape[0], channels});
  float* rs = call.output(2, {shape[0], channels});
  if (!y || !means || !rs) return;
  const float* input = call.input(0);
  const float share = 1.0f / (height * width);
  overImages(shape, [&]<class V>(int64_t at, int64_t statistic) {
    const float* x = input + at;
    const V mean = total<V>(height, width, [&](int64_t p) { return load<V>(x + p * channels); }) * share;
    const V variance = total<V>(height, width, [&](int64_t p) {
      const V centred = load<V>(x + p * channels) - mean;
      return centred * centred;
    }) * share;
    V r;
    for (int i = 0; i < lanes<V>; i++) r[i] = 1.0f / std::sqrt(variance[i] + kEpsilon);
    for (int64_t p = 0; p < height * width; p++) {
      const V n = (load<V>(x + p * channels) - mean) * r;
      store(y + at + p * channels, n > 0.0f ? n : n * slope);
    }
    store(means + statistic, mean);
    store(rs + statistic, r);
  });
}

/** dy [B, H, W, C], x, mean, r → dx = r·(dn − mean(dn) − n·mean(dn·n)), dn = dy·f'(n) */
void instanceNormGrad(Call& call) {
  const Shape shape = call.shape(1);
  if (shape.size() != 4 || sizeOf(call.shape(0)) != sizeOf(shape)) return call.refuse("needs dy and x [B, H, W, C]");
  const int64_t height = shape[1], width = shape[2], channels = shape[3];
  const float slope = call.attribute("slope");
  float* dx = call.output(0, shape);
  if (!dx) return;
  const float *gradient = call.input(0), *input = call.input(1), *means = call.input(2), *rs = call.input(3);
  const float share = 1.0f / (height * width);
  overImages(shape, [&]<class V>(int64_t at, int64_t statistic) {
    const float *x = input + at, *dy = gradient + at;
    const V mean = load<V>(means + statistic), r = load<V>(rs + statistic);
    const auto normal = [&](int64_t p) { return (load<V>(x + p * channels) - mean) * r; };
    const auto through = [&](int64_t p, V n) {
      const V d = load<V>(dy + p * channels);
      return n > 0.0f ? d : d * slope;
    };
    const V level = total<V>(height, width, [&](int64_t p) { return through(p, normal(p)); }) * share;
    const V along = total<V>(height, width, [&](int64_t p) {
      const V n = normal(p);
      return through(p, n) * n;
    }) * share;
    for (int64_t p = 0; p < height * width; p++) {
      const V n = normal(p);
      store(dx + at + p * channels, r * (through(p, n) - level - n * along));
    }
  });
}

}  // namespace skyfix
