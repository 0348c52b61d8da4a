// Convolution with zero or reflection padding and its two gradients, NHWC, as products without a copy of patches: of a
// padded image, the k·Cin values under one row of the filter lie next to each other.
#include "kernels.h"
#include "products.h"
#include "workers.h"

namespace skyfix {
namespace {

struct Geometry {
  int64_t batch, height, width, in;  // of x
  int64_t side, out, stride, pad;    // the filter is [side, side, in, out]
  bool reflect;
  int64_t outHeight() const { return (height + 2 * pad - side) / stride + 1; }
  int64_t outWidth() const { return (width + 2 * pad - side) / stride + 1; }
  int64_t paddedWidth() const { return width + 2 * pad; }
  int64_t paddedHeight() const { return height + 2 * pad; }
  /** Values under one row of the filter. */
  int64_t run() const { return side * in; }
  const char* fault() const {
    if (height + 2 * pad < side || width + 2 * pad < side) return "the filter is larger than the padded image";
    if (reflect && (pad >= height || pad >= width)) return "reflection needs an image larger than its padding";
    return nullptr;
  }
  /** Where padded row or column p comes from, of `size`; −1 for a zero. */
  int64_t source(int64_t p, int64_t size) const {
    const int64_t at = p - pad;
    if (at >= 0 && at < size) return at;
    if (!reflect) return -1;
    return at < 0 ? -at : 2 * (size - 1) - at;
  }
};

int64_t whole(const Call& call, const char* name) { return static_cast<int64_t>(call.attribute(name)); }

/** Pieces of about 2 million multiplications. */
int64_t rowsAPiece(int64_t multiplicationsARow) { return std::max<int64_t>(1, (2 << 20) / multiplicationsARow); }

/** x with its padding, [B, H + 2p, W + 2p, Cin]; x itself where there is none. */
const float* padImages(const float* x, const Geometry& g, std::vector<float>& buffer) {
  if (g.pad == 0) return x;
  const int64_t rowFloats = g.paddedWidth() * g.in;
  buffer.resize(g.batch * g.paddedHeight() * rowFloats);
  inPieces(g.batch * g.paddedHeight(), std::max<int64_t>(1, (1 << 15) / rowFloats), [&](int64_t from, int64_t to) {
    for (int64_t r = from; r < to; r++) {
      float* row = buffer.data() + r * rowFloats;
      const int64_t i = g.source(r % g.paddedHeight(), g.height);
      if (i < 0) {
        std::fill(row, row + rowFloats, 0.0f);
        continue;
      }
      const float* from = x + (r / g.paddedHeight() * g.height + i) * g.width * g.in;
      std::copy_n(from, g.width * g.in, row + g.pad * g.in);
      for (int64_t p = 0; p < g.pad; p++) {
        for (const int64_t column : {p, g.paddedWidth() - 1 - p}) {
          const int64_t j = g.source(column, g.width);
          if (j < 0) std::fill_n(row + column * g.in, g.in, 0.0f);
          else std::copy_n(from + j * g.in, g.in, row + column * g.in);
        }
      }
    }
  });
  return buffer.data();
}

}  // namespace

/** x [B, H, W, Cin], filter [k, k, Cin, Cout] → y [B, H', W', Cout] */
void conv(Call& call) {
  const Shape x = call.shape(0), filter = call.shape(1);
  if (x.size() != 4 || filter.size() != 4 || filter[2] != x[3] || filter[0] != filter[1])
    return call.refuse("needs x [B, H, W, Cin] and filter [k, k, Cin, Cout]");
  const Geometry g = {x[0],      x[1],      x[2], x[3], filter[0], filter[3], whole(call, "stride"), whole(call, "pad"),
                      call.attribute("reflect") != 0};
  if (g.fault()) return call.refuse(g.fault());
  float* y = call.output(0, {g.batch, g.outHeight(), g.outWidth(), g.out});
  if (!y) return;
  std::vector<float> buffer;
  const float* source = padImages(call.input(0), g, buffer);
  const float* weights = call.input(1);
  const Panels panels(g.side * g.run(), g.out, [&](int64_t k, int64_t c) { return weights[k * g.out + c]; });
  const int64_t rowFloats = g.paddedWidth() * g.in;
  const int64_t grain = rowsAPiece(g.outWidth() * g.side * g.run() * padded(g.out));
  inPieces(g.batch * g.outHeight(), grain, [&](int64_t from, int64_t to) {
    panels.each([&]<int NV>(int64_t first, const float* panel) {
      for (int64_t r = from; r < to; r++) {
        const int64_t top = r / g.outHeight() * g.paddedHeight() + r % g.outHeight() * g.stride;
        inGroups(g.outWidth(), [&]<int M>(int64_t j) {
          V16 sum[M][NV] = {};
          for (int64_t k = 0; k < g.side; k++) {
            const float* rows[M];
            for (int m = 0; m < M; m++) rows[m] = source + (top + k) * rowFloats + (j + m) * g.stride * g.in;
            multiplyAdd<M, NV>(rows, 1, g.run(), panel + k * g.run() * 16 * NV, 16 * NV, sum);
          }
          for (int m = 0; m < M; m++)
            storeColumns<NV>(y + (r * g.outWidth() + j + m) * g.out + first, sum[m], g.out - first);
        });
      }
    });
  });
}

/** dy [B, H', W', Cout], filter [k, k, Cin, Cout] → dx [B, height, width, Cin] */
void convGradInput(Call& call) {
  const Shape dy = call.shape(0), filter = call.shape(1);
  if (dy.size() != 4 || filter.size() != 4 || filter[3] != dy[3] || filter[0] != filter[1])
    return call.refuse("needs dy [B, H, W, Cout] and filter [k, k, Cin, Cout]");
  const Geometry g = {dy[0],     whole(call, "height"), whole(call, "width"), filter[2],
                      filter[0], filter[3],             whole(call, "stride"), whole(call, "pad"),
                      call.attribute("reflect") != 0};
  if (g.fault()) return call.refuse(g.fault());
  if (g.outHeight() != dy[1] || g.outWidth() != dy[2]) return call.refuse("height or width do not lead to dy's");
  float* dx = call.output(0, {g.batch, g.height, g.width, g.in});
  if (!dx) return;
  const float *gradient = call.input(0), *weights = call.input(1);
  // One matrix [Cout, k·Cin] a filter row: the filter's row, transposed.
  std::vector<Panels> panels;
  for (int64_t k = 0; k < g.side; k++) {
    const float* row = weights + k * g.run() * g.out;
    panels.emplace_back(g.out, g.run(), [&](int64_t c, int64_t at) { return row[at * g.out + c]; });
  }
  const int64_t grain = rowsAPiece(g.outWidth() * g.side * g.run() * g.out / g.stride);
  inPieces(g.batch * g.height, grain, [&](int64_t from, int64_t to) {
    std::vector<float> sum(g.paddedWidth() * g.in + 32);  // one padded row, and room for a panel's empty columns
    for (int64_t r = from; r < to; r++) {
      const int64_t image = r / g.height, h = r % g.height;
      std::fill(sum.begin(), sum.end(), 0.0f);
      for (int64_t p = 0; p < g.paddedHeight(); p++) {
        if (g.source(p, g.height) != h) continue;
        for (int64_t k = p % g.stride; k < g.side && k <= p; k += g.stride) {
          const int64_t i = (p - k) / g.stride;
          if (i >= g.outHeight()) continue;
          const float* in = gradient + (image * g.outHeight() + i) * g.outWidth() * g.out;
          panels[k].each([&]<int NV>(int64_t first, const float* panel) {
            inGroups(g.outWidth(), [&]<int M>(int64_t j) {
              V16 product[M][NV] = {};
              const float* rows[M];
              for (int m = 0; m < M; m++) rows[m] = in + (j + m) * g.out;
              multiplyAdd<M, NV>(rows, 1, g.out, panel, 16 * NV, product);
              for (int m = 0; m < M; m++) {
                float* at = sum.data() + (j + m) * g.stride * g.in + first;
                for (int v = 0; v < NV; v++) store(at + 16 * v, load<V16>(at + 16 * v) + product[m][v]);
              }
            });
          });
        }
      }
      float* row = dx + r * g.width * g.in;
      std::copy_n(sum.data() + g.pad * g.in, g.width * g.in, row);
      if (!g.reflect) continue;
      for (int64_t p = 0; p < g.pad; p++) {
        for (const int64_t column : {p, g.paddedWidth() - 1 - p}) {
          float* to = row + g.source(column, g.width) * g.in;
          for (int64_t c = 0; c < g.in; c++) to[c] += sum[column * g.in + c];
        }
      }
    }
  });
}

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
  std::vector<float> buffer, wide;
  const float* source = padImages(call.input(0), g, buffer);
  const float* gradient = call.input(1);
  const int64_t columns = padded(g.out);
  if (columns != g.out) {  // so that whole vectors can be read
    const int64_t pixels = g.batch * g.outHeight() * g.outWidth();
    wide.assign(pixels * columns, 0.0f);
    for (int64_t p = 0; p < pixels; p++) std::copy_n(gradient + p * g.out, g.out, wide.data() + p * columns);
    gradient = wide.data();
  }
  const int64_t rowFloats = g.paddedWidth() * g.in, groups = (g.run() + 7) / 8, tasks = g.side * groups;
  const int64_t outRows = g.batch * g.outHeight();
  // Blocks of output rows whose share of x and dy stays in the cache while all of a piece's filter values take it in.
  const int64_t block = std::max<int64_t>(1, (1 << 16) / (g.stride * rowFloats + g.outWidth() * columns));
  const int64_t grain = std::max(rowsAPiece(8 * outRows * g.outWidth() * columns), (tasks + 7) / 8);
  inPieces(tasks, grain, [&](int64_t from, int64_t to) {
    for (int64_t top = 0; top < outRows; top += block) {
      const int64_t bottom = std::min(outRows, top + block);
      for (int64_t task = from; task < to; task++) {
        const int64_t k = task / groups, start = task % groups * 8;
        inGroups(std::min<int64_t>(8, g.run() - start), [&]<int M>(int64_t offset) {
          const int64_t at = start + offset;
          const auto columnsFrom = [&]<int NV>(int64_t first) {
            float* to = dFilter + (k * g.run() + at) * g.out + first;
            V16 sum[M][NV] = {};
            if (top > 0)
              for (int m = 0; m < M; m++) loadColumns<NV>(to + m * g.out, sum[m], g.out - first);
            for (int64_t r = top; r < bottom; r++) {
              const int64_t row = r / g.outHeight() * g.paddedHeight() + r % g.outHeight() * g.stride + k;
              const float* rows[M];
              for (int m = 0; m < M; m++) rows[m] = source + row * rowFloats + at + m;
              multiplyAdd<M, NV>(rows, g.stride * g.in, g.outWidth(), gradient + r * g.outWidth() * columns + first,
                                 columns, sum);
            }
            for (int m = 0; m < M; m++) storeColumns<NV>(to + m * g.out, sum[m], g.out - first);
          };
          for (int64_t first = 0; first < g.out; first += 32) {
            if (g.out - first > 16) columnsFrom.template operator()<2>(first);
            else columnsFrom.template operator()<1>(first);
          }
        });
      }
    }
  });
}

}  // namespace skyfix
