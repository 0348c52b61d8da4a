// Matrix products whose factors are rounded to bfloat16 and whose sums stay in float32, with the instruction that adds
// two products at a time (AVX512-BF16): twice the rate of float32. TensorFlow's own bf16 mode wants AMX.
#include "kernels.h"
#include "products.h"
#include "workers.h"

#ifdef __AVX512BF16__
#include <immintrin.h>

#include <memory>

namespace skyfix {
namespace {

constexpr int64_t kRows = 8;
constexpr int64_t kColumns = 32;

/** Two numbers as bfloat16 (round to nearest even) in one word, the first in its low half. */
template <class V> inline auto pair(V first, V second) {
  typedef uint32_t U __attribute__((vector_size(sizeof(V))));
  U a, b;
  std::memcpy(&a, &first, sizeof a);
  std::memcpy(&b, &second, sizeof b);
  a += 0x7FFF + ((a >> 16) & 1);
  b += 0x7FFF + ((b >> 16) & 1);
  return U{(a >> 16) | (b & 0xFFFF0000u)};
}

/** `count` words of pairs. */
inline void storePairs(const float* first, const float* second, int64_t count, uint32_t* to) {
  overChannels(count, [&]<class V>(int64_t c) {
    const auto packed = pair<V>(load<V>(first + c), load<V>(second + c));
    std::memcpy(to + c, &packed, sizeof packed);
  });
}

inline uint32_t pair(float first, float second) { return pair<V1>(V1{first}, V1{second})[0]; }

/** Room for `count` words, not cleared. */
inline std::unique_ptr<uint32_t[]> room(int64_t count) { return std::make_unique_for_overwrite<uint32_t[]>(count); }

inline int64_t wordsOf(int64_t depth) { return (depth + 1) / 2; }
inline int64_t panelsOf(int64_t columns) { return (columns + kColumns - 1) / kColumns; }

/** sum[m][…] += Σ over words of rows[m·rowStride + word·step]·panel[word][…], both pairs. */
inline void multiplyAddPairs(const uint32_t* rows, int64_t rowStride, int64_t step, int64_t words,
                             const uint32_t* panel, Wide (&sum)[kRows][2]) {
  __m512 local[kRows][2];
#pragma GCC unroll 8
  for (int m = 0; m < kRows; m++)
    for (int v = 0; v < 2; v++) local[m][v] = (__m512)sum[m][v];
  for (int64_t k = 0; k < words; k++) {
    const __m512bh left = (__m512bh)_mm512_loadu_si512(panel + k * kColumns);
    const __m512bh right = (__m512bh)_mm512_loadu_si512(panel + k * kColumns + 16);
#pragma GCC unroll 8
    for (int m = 0; m < kRows; m++) {
      const __m512bh value = (__m512bh)_mm512_set1_epi32(rows[m * rowStride + k * step]);
      local[m][0] = _mm512_dpbf16_ps(local[m][0], value, left);
      local[m][1] = _mm512_dpbf16_ps(local[m][1], value, right);
    }
  }
#pragma GCC unroll 8
  for (int m = 0; m < kRows; m++)
    for (int v = 0; v < 2; v++) sum[m][v] = (Wide)local[m][v];
}

/** A row [depth] as words of two neighbours. */
void packRow(const float* from, int64_t depth, uint32_t* to) {
  int64_t k = 0;
  for (; k + 32 <= depth; k += 32) {
    const __m512bh both = _mm512_cvtne2ps_pbh((__m512)load<Wide>(from + k + 16), (__m512)load<Wide>(from + k));
    _mm512_storeu_si512(to + k / 2, (__m512i)both);
  }
  for (; k < depth; k += 2) to[k / 2] = pair(from[k], k + 1 < depth ? from[k + 1] : 0.0f);
}

/** from [rows, …] in words of two rows, in panels of `width` of its `columns`; zeros past the last row. */
void packPairs(const float* from, int64_t rows, int64_t stride, int64_t columns, int64_t width, uint32_t* to) {
  const std::vector<float> nothing(rows % 2 ? columns : 0, 0.0f);
  for (int64_t first = 0; first < columns; first += width) {
    const int64_t used = std::min(width, columns - first);
    for (int64_t row = 0; row < rows; row += 2, to += width) {
      const float* low = from + row * stride + first;
      storePairs(low, row + 1 < rows ? low + stride : nothing.data() + first, used, to);
    }
  }
}

/** b [depth, columns], or [columns, depth] where transposed, in panels of words of two of its depth. */
std::unique_ptr<uint32_t[]> packPanels(const float* b, int64_t depth, int64_t columns, bool transposed) {
  const int64_t words = wordsOf(depth);
  auto packed = room(words * panelsOf(columns) * kColumns);
  inParallel(panelsOf(columns), [&](int64_t panel) {
    const int64_t first = panel * kColumns, used = std::min(kColumns, columns - first);
    uint32_t* to = packed.get() + first * words;
    if (!transposed) return packPairs(b + first, depth, columns, used, kColumns, to);
    const auto row = room(words);
    for (int64_t c = 0; c < used; c++) {
      packRow(b + (first + c) * depth, depth, row.get());
      for (int64_t word = 0; word < words; word++) to[word * kColumns + c] = row[word];
    }
  });
  return packed;
}

/** a [rows, depth] times b in panels → y [rows, columns]. */
void rowsTimesPanels(const float* a, int64_t rows, int64_t depth, const uint32_t* b, int64_t columns, float* y) {
  const int64_t words = wordsOf(depth);
  const int64_t grain = std::max<int64_t>(kRows, (1 << 21) / (depth * columns) / kRows * kRows);
  inPieces(rows, grain, [&](int64_t from, int64_t to) {
    const auto values = room((to - from + kRows) * words);  // rows past the end are multiplied, and left out
    for (int64_t row = from; row < to; row++) packRow(a + row * depth, depth, values.get() + (row - from) * words);
    for (int64_t first = 0; first < columns; first += kColumns) {
      for (int64_t row = from; row < to; row += kRows) {
        Wide sum[kRows][2] = {};
        multiplyAddPairs(values.get() + (row - from) * words, words, 1, words, b + first * words, sum);
        for (int64_t m = 0; m < std::min(kRows, to - row); m++)
          storeColumns<2>(y + (row + m) * columns + first, sum[m], columns - first);
      }
    }
  });
}

/** aᵀ·b: a [depth, rows], b [depth, columns] → y [rows, columns]. */
void transposedTimes(const float* a, const float* b, int64_t depth, int64_t rows, int64_t columns, float* y) {
  constexpr int64_t kBlock = 128;
  // Parts of the depth leave sums of their own where it is long; where it is short, parts take columns.
  const int64_t chunks = std::clamp<int64_t>(depth / 1024, 1, 8);
  const int64_t chunk = ((depth + chunks - 1) / chunks + 1) / 2 * 2;
  const int64_t slices = chunks > 1 ? 1 : std::clamp<int64_t>(columns / 32, 1, 4);
  const int64_t slice = panelsOf((columns + slices - 1) / slices) * kColumns;
  const int64_t groups = (rows + kRows - 1) / kRows;
  std::vector<float> sums(chunks > 1 ? chunks * rows * columns : 0);
  inParallel(chunks * slices, [&](int64_t part) {
    const int64_t begin = part / slices * chunk, end = std::min(depth, begin + chunk);
    const int64_t left = part % slices * slice, width = std::min(slice, columns - left);
    if (width <= 0) return;
    float* to = chunks > 1 ? sums.data() + part * rows * columns : y;
    const auto packedA = room(kBlock / 2 * groups * kRows), packedB = room(kBlock / 2 * panelsOf(width) * kColumns);
    for (int64_t top = begin; top < end; top += kBlock) {
      const int64_t count = std::min(kBlock, end - top), words = wordsOf(count);
      packPairs(a + top * rows, count, rows, rows, kRows, packedA.get());
      packPairs(b + top * columns + left, count, columns, width, kColumns, packedB.get());
      for (int64_t first = 0; first < width; first += kColumns) {
        for (int64_t group = 0; group < groups; group++) {
          const int64_t used = std::min(kRows, rows - group * kRows);
          float* tile = to + group * kRows * columns + left + first;
          Wide sum[kRows][2] = {};
          if (top > begin)
            for (int64_t m = 0; m < used; m++) loadColumns<2>(tile + m * columns, sum[m], width - first);
          multiplyAddPairs(packedA.get() + group * kRows * words, 1, kRows, words, packedB.get() + first * words, sum);
          for (int64_t m = 0; m < used; m++) storeColumns<2>(tile + m * columns, sum[m], width - first);
        }
      }
    }
  });
  if (chunks > 1) addRows(sums.data(), chunks, rows * columns, y);
}

}  // namespace

/** a [rows, depth] (or [depth, rows] with transpose_a), b [depth, columns] (or [columns, depth]) → y [rows, columns] */
void matmul(Call& call) {
  const Shape a = call.shape(0), b = call.shape(1);
  const bool transposeA = call.attribute("transpose_a") != 0, transposeB = call.attribute("transpose_b") != 0;
  if (a.size() != 2 || b.size() != 2 || (transposeA && transposeB))
    return call.refuse("needs two matrices, one transposed at most");
  const int64_t rows = a[transposeA ? 1 : 0], depth = a[transposeA ? 0 : 1], columns = b[transposeB ? 0 : 1];
  if (b[transposeB ? 1 : 0] != depth || depth == 0) return call.refuse("inner sizes differ, or are zero");
  float* y = call.output(0, {rows, columns});
  if (!y) return;
  const float *left = call.input(0), *right = call.input(1);
  if (transposeA) {
    transposedTimes(left, right, depth, rows, columns, y);
  } else {
    rowsTimesPanels(left, rows, depth, packPanels(right, depth, columns, transposeB).get(), columns, y);
  }
}

}  // namespace skyfix

#else

namespace skyfix {
void matmul(Call& call) { call.refuse("this processor has no AVX512-BF16"); }
}  // namespace skyfix

#endif
