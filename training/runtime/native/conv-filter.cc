// The gradient of a convolution for its filter: dFilter[k, at, c] = Σ_pixels x[under k, at]·dy[pixel, c], with `at` one of
// the k·Cin places under a row of the filter, which lie next to each other in the padded image. Which side of the product
// is spread over vectors depends on the number of output channels.
#include "conv.h"
#include "kernels.h"
#include "products.h"
#include "workers.h"

namespace skyfix {
namespace {

/** Places that a product makes at once. */
constexpr int64_t kGroup = 8;

struct Sides {
  const Geometry& g;
  const float* source;    // x, padded
  const float* gradient;  // dy
  float* dFilter;
  int64_t rows() const { return g.batch * g.outHeight(); }
  /** The first value under filter row k for the first pixel of output row r. */
  const float* under(int64_t r, int64_t k) const {
    const int64_t row = r / g.outHeight() * g.paddedHeight() + r % g.outHeight() * g.stride + k;
    return source + row * g.paddedWidth() * g.in;
  }
  const float* gradientRow(int64_t r) const { return gradient + r * g.outWidth() * g.out; }
};

/** Output rows whose dy stays in the cache while all of a piece's filter values take it in. */
int64_t rowsABlock(const Geometry& g) {
  const int64_t floats = g.outWidth() * padded(g.out) + g.stride * g.paddedWidth() * g.in;
  return std::clamp<int64_t>((1 << 16) / floats, 1, g.batch * g.outHeight());
}

int64_t groupsAPiece(const Geometry& g, int64_t tasks, int64_t rows) {
  return std::max(rowsAPiece(kGroup * rows * g.outWidth() * padded(g.out)), (tasks + 7) / 8);
}

/** from [rows, columns] in panels of 2·kLanes columns; values past the last column stay as they are. */
void packPanels(const float* from, int64_t rows, int64_t columns, float* to) {
  for (int64_t first = 0; first < columns; first += 2 * kLanes) {
    const int64_t width = std::min<int64_t>(2 * kLanes, padded(columns) - first);
    const int64_t used = std::min(width, columns - first);
    float* panel = to + first * rows;
    for (int64_t row = 0; row < rows; row++) std::copy_n(from + row * columns + first, used, panel + row * width);
  }
}

/** Eight channels or more: output channels in vectors. */
void channelsInVectors(const Sides& sides) {
  const Geometry& g = sides.g;
  const int64_t columns = padded(g.out), groups = (g.run() + kGroup - 1) / kGroup, tasks = g.side * groups;
  const int64_t block = rowsABlock(g), step = g.stride * g.in;
  // With many channels it pays to lay the values of x side by side first.
  const bool gathers = columns >= 128;
  const bool isPanel = g.out == columns && columns <= 2 * kLanes;  // dy as it lies
  inPieces(tasks, groupsAPiece(g, tasks, sides.rows()), [&](int64_t from, int64_t to) {
    std::vector<float> packed(isPanel ? 0 : block * g.outWidth() * columns, 0.0f), values;
    if (gathers) values.assign(block * g.outWidth() * kGroup, 0.0f);
    for (int64_t top = 0; top < sides.rows(); top += block) {
      const int64_t bottom = std::min(sides.rows(), top + block), pixels = (bottom - top) * g.outWidth();
      if (!isPanel) packPanels(sides.gradientRow(top), pixels, g.out, packed.data());
      const float* panels = isPanel ? sides.gradientRow(top) : packed.data();
      for (int64_t task = from; task < to; task++) {
        const int64_t k = task / groups, start = task % groups * kGroup;
        const int64_t used = std::min(kGroup, g.run() - start);
        if (gathers) {
          float* value = values.data();
          for (int64_t r = top; r < bottom; r++) {
            const float* at = sides.under(r, k) + start;
            for (int64_t j = 0; j < g.outWidth(); j++, value += kGroup) std::copy_n(at + j * step, used, value);
          }
        }
        const auto product = [&]<int M, int NV>(int64_t offset, int64_t first) {
          float* filter = sides.dFilter + (k * g.run() + start + offset) * g.out + first;
          const float* panel = panels + first * pixels;
          Wide sum[M][NV] = {};
          if (top > 0)
            for (int m = 0; m < M; m++) loadColumns<NV>(filter + m * g.out, sum[m], g.out - first);
          const float* rows[M];
          if (gathers) {
            for (int m = 0; m < M; m++) rows[m] = values.data() + offset + m;
            multiplyAdd<M, NV>(rows, kGroup, pixels, panel, kLanes * NV, sum);
          } else {
            for (int64_t r = top; r < bottom; r++, panel += g.outWidth() * kLanes * NV) {
              for (int m = 0; m < M; m++) rows[m] = sides.under(r, k) + start + offset + m;
              multiplyAdd<M, NV>(rows, step, g.outWidth(), panel, kLanes * NV, sum);
            }
          }
          for (int m = 0; m < M; m++) storeColumns<NV>(filter + m * g.out, sum[m], g.out - first);
        };
        inGroups(used, [&]<int M>(int64_t offset) {
          for (int64_t first = 0; first < g.out; first += 2 * kLanes) {
            if (g.out - first > kLanes) product.template operator()<M, 2>(offset, first);
            else product.template operator()<M, 1>(offset, first);
          }
        });
      }
    }
  });
}

/** Fewer than eight: places in vectors. Reads up to 63 floats past a run, so the image needs slack behind it. */
void placesInVectors(const Sides& sides) {
  constexpr int NV = kLanes / 4;  // four rows of them fit into the registers
  const Geometry& g = sides.g;
  const int64_t groups = (g.run() + kLanes * NV - 1) / (kLanes * NV), tasks = g.side * groups;
  const int64_t grain = rowsAPiece(kLanes * NV * g.out * sides.rows() * g.outWidth());
  inPieces(tasks, grain, [&](int64_t from, int64_t to) {
    for (int64_t task = from; task < to; task++) {
      const int64_t k = task / groups, start = task % groups * kLanes * NV;
      const int64_t used = std::min<int64_t>(kLanes * NV, g.run() - start);
      inGroups(g.out, [&]<int M>(int64_t first) {
        if constexpr (M <= 4) {  // there are fewer than eight channels
          Wide sum[M][NV] = {};
          for (int64_t r = 0; r < sides.rows(); r++) {
            const float* rows[M];
            for (int m = 0; m < M; m++) rows[m] = sides.gradientRow(r) + first + m;
            multiplyAdd<M, NV>(rows, g.out, g.outWidth(), sides.under(r, k) + start, g.stride * g.in, sum);
          }
          for (int m = 0; m < M; m++) {
            for (int64_t at = 0; at < used; at++)
              sides.dFilter[(k * g.run() + start + at) * g.out + first + m] = sum[m][at / kLanes][at % kLanes];
          }
        }
      });
    }
  });
}

}  // namespace

/** x [B, H, W, Cin], dy [B, H', W', Cout] → dFilter [side, side, Cin, Cout] */
void convGradFilter(Call& call) {
  const Shape x = call.shape(0), dy = call.shape(1);
  if (x.size() != 4 || dy.size() != 4 || x[0] != dy[0]) return call.refuse("needs x and dy [B, H, W, C]");
  const Geometry g = {x[0],  x[1], x[2], x[3], whole(call, "side"), dy[3], whole(call, "stride"), whole(call, "pad"),
                      call.attribute("reflect") != 0};
  if (g.fault()) return call.refuse(g.fault());
  if (g.outHeight() != dy[1] || g.outWidth() != dy[2]) return call.refuse("stride and pad do not lead to dy's size");
  float* dFilter = call.output(0, {g.side, g.side, g.in, g.out});
  if (!dFilter) return;
  const bool few = g.out < kGroup;
  std::vector<float> buffer;
  const float* source = padImages(call.input(0), g, buffer, few ? 64 : 0);
  const Sides sides = {g, source, call.input(1), dFilter};
  if (few) placesInVectors(sides);
  else channelsInVectors(sides);
}

}  // namespace skyfix
