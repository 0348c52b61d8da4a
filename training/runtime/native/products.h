// The inner loop of the convolutions: M rows times a panel of NV·16 columns, in registers.
#pragma once
#include <vector>

#include "lanes.h"

namespace skyfix {

/** sum[m][…] += Σ_k rows[m][k·step]·panel[k][…], with `stride` floats from one row of the panel to the next. */
template <int M, int NV>
inline void multiplyAdd(const float* const (&rows)[M], int64_t step, int64_t count, const float* panel, int64_t stride,
                        V16 (&sum)[M][NV]) {
  V16 local[M][NV];
#pragma GCC unroll 16
  for (int m = 0; m < M; m++)
    for (int v = 0; v < NV; v++) local[m][v] = sum[m][v];
  for (int64_t k = 0; k < count; k++) {
    V16 columns[NV];
    for (int v = 0; v < NV; v++) columns[v] = load<V16>(panel + k * stride + 16 * v);
#pragma GCC unroll 16
    for (int m = 0; m < M; m++) {
      const float a = rows[m][k * step];
#pragma GCC unroll 4
      for (int v = 0; v < NV; v++) local[m][v] += a * columns[v];
    }
  }
#pragma GCC unroll 16
  for (int m = 0; m < M; m++)
    for (int v = 0; v < NV; v++) sum[m][v] = local[m][v];
}

/** Calls body.operator()<M>(first) for groups of 8, then 4, 2 and 1 of `count`. */
template <class Body> inline void inGroups(int64_t count, Body body) {
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) body.template operator()<8>(i);
  for (; i + 4 <= count; i += 4) body.template operator()<4>(i);
  for (; i + 2 <= count; i += 2) body.template operator()<2>(i);
  for (; i < count; i++) body.template operator()<1>(i);
}

inline int64_t padded(int64_t columns) { return (columns + 15) / 16 * 16; }

/** A matrix [rows, columns] in panels of 32 columns (the last may have 16), columns past the end zero. */
class Panels {
 public:
  /** value(row, column) gives the matrix. */
  template <class Value> Panels(int64_t rows, int64_t columns, Value value)
      : rows_(rows), columns_(columns), data_(rows * padded(columns), 0.0f) {
    for (int64_t first = 0; first < columns; first += 32) {
      const int64_t width = std::min<int64_t>(32, padded(columns) - first);
      float* panel = data_.data() + first * rows;
      const int64_t used = std::min(width, columns - first);
      for (int64_t row = 0; row < rows; row++)
        for (int64_t c = 0; c < used; c++) panel[row * width + c] = value(row, first + c);
    }
  }

  /** Calls body.operator()<NV>(first column, panel). */
  template <class Body> void each(Body body) const {
    for (int64_t first = 0; first < columns_; first += 32) {
      const float* panel = data_.data() + first * rows_;
      if (columns_ - first > 16) body.template operator()<2>(first, panel);
      else body.template operator()<1>(first, panel);
    }
  }

 private:
  int64_t rows_, columns_;
  std::vector<float> data_;
};

/** Loads the first `columns` of NV·16 values. */
template <int NV> inline void loadColumns(const float* from, V16 (&values)[NV], int64_t columns) {
  if (columns >= 16 * NV) {
    for (int v = 0; v < NV; v++) values[v] = load<V16>(from + 16 * v);
  } else {
    for (int64_t c = 0; c < columns; c++) values[c / 16][c % 16] = from[c];
  }
}

/** Stores the first `columns` of NV·16 values. */
template <int NV> inline void storeColumns(float* to, const V16 (&values)[NV], int64_t columns) {
  if (columns >= 16 * NV) {
    for (int v = 0; v < NV; v++) store(to + 16 * v, values[v]);
  } else {
    for (int64_t c = 0; c < columns; c++) to[c] = values[c / 16][c % 16];
  }
}

}  // namespace skyfix
