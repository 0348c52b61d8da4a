// The inner loop of the convolutions: M rows times a panel of NV·kLanes columns, in registers.
#pragma once
#include <vector>

#include "lanes.h"

namespace skyfix {

/** sum[m][…] += Σ_k rows[m][k·step]·panel[k][…], with `stride` floats from one row of the panel to the next. */
template <int M, int NV>
inline void multiplyAdd(const float* const (&rows)[M], int64_t step, int64_t count, const float* panel, int64_t stride,
                        Wide (&sum)[M][NV]) {
  Wide local[M][NV];
#pragma GCC unroll 16
  for (int m = 0; m < M; m++)
    for (int v = 0; v < NV; v++) local[m][v] = sum[m][v];
  for (int64_t k = 0; k < count; k++) {
    Wide columns[NV];
    for (int v = 0; v < NV; v++) columns[v] = load<Wide>(panel + k * stride + kLanes * v);
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

inline int64_t padded(int64_t columns) { return (columns + kLanes - 1) / kLanes * kLanes; }

/** A matrix [rows, columns] in panels of 2·kLanes columns (the last may have kLanes), columns past the end zero. */
class Panels {
 public:
  /** value(row, column) gives the matrix. */
  template <class Value> Panels(int64_t rows, int64_t columns, Value value)
      : rows_(rows), columns_(columns), data_(rows * padded(columns), 0.0f) {
    for (int64_t first = 0; first < columns; first += 2 * kLanes) {
      const int64_t width = std::min<int64_t>(2 * kLanes, padded(columns) - first);
      float* panel = data_.data() + first * rows;
      const int64_t used = std::min(width, columns - first);
      for (int64_t row = 0; row < rows; row++)
        for (int64_t c = 0; c < used; c++) panel[row * width + c] = value(row, first + c);
    }
  }

  /** Calls body.operator()<NV>(first column, panel). */
  template <class Body> void each(Body body) const {
    for (int64_t first = 0; first < columns_; first += 2 * kLanes) {
      const float* panel = data_.data() + first * rows_;
      if (columns_ - first > kLanes) body.template operator()<2>(first, panel);
      else body.template operator()<1>(first, panel);
    }
  }

 private:
  int64_t rows_, columns_;
  std::vector<float> data_;
};

/** Loads the first `columns` of NV·kLanes values. */
template <int NV> inline void loadColumns(const float* from, Wide (&values)[NV], int64_t columns) {
  if (columns >= kLanes * NV) {
    for (int v = 0; v < NV; v++) values[v] = load<Wide>(from + kLanes * v);
  } else {
    for (int64_t c = 0; c < columns; c++) values[c / kLanes][c % kLanes] = from[c];
  }
}

/** Stores the first `columns` of NV·kLanes values. */
template <int NV> inline void storeColumns(float* to, const Wide (&values)[NV], int64_t columns) {
  if (columns >= kLanes * NV) {
    for (int v = 0; v < NV; v++) store(to + kLanes * v, values[v]);
  } else {
    for (int64_t c = 0; c < columns; c++) to[c] = values[c / kLanes][c % kLanes];
  }
}

}  // namespace skyfix
