// Convolution and its gradient for the images, NHWC, as products without a copy of patches: of a padded image, the k·Cin
// values under one row of the filter lie next to each other.
#include "conv.h"

#include "kernels.h"
#include "products.h"
#include "workers.h"

namespace skyfix {

const float* padImages(const float* x, const Geometry& g, std::vector<float>& buffer, int64_t slack) {
  if (g.pad == 0 && slack == 0) return x;
  const int64_t rowFloats = g.paddedWidth() * g.in;
  buffer.resize(g.batch * g.paddedHeight() * rowFloats + slack);
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
          Wide sum[M][NV] = {};
          for (int64_t k = 0; k < g.side; k++) {
            const float* rows[M];
            for (int m = 0; m < M; m++) rows[m] = source + (top + k) * rowFloats + (j + m) * g.stride * g.in;
            multiplyAdd<M, NV>(rows, 1, g.run(), panel + k * g.run() * kLanes * NV, kLanes * NV, sum);
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
    std::vector<float> sum(g.paddedWidth() * g.in + 2 * kLanes);  // one padded row, and room for a panel's empty columns
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
              Wide product[M][NV] = {};
              const float* rows[M];
              for (int m = 0; m < M; m++) rows[m] = in + (j + m) * g.out;
              multiplyAdd<M, NV>(rows, 1, g.out, panel, kLanes * NV, product);
              for (int m = 0; m < M; m++) {
                float* at = sum.data() + (j + m) * g.stride * g.in + first;
                for (int v = 0; v < NV; v++) store(at + kLanes * v, load<Wide>(at + kLanes * v) + product[m][v]);
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

}  // namespace skyfix
