// The kernels, by file. Each stands under its shapes in its own file.
#pragma once
#include <algorithm>
#include <vector>

#include "op.h"

namespace skyfix {

void biasGelu(Call& call);
void biasGeluGrad(Call& call);
void layerScale(Call& call);
void layerScaleGrad(Call& call);
void depthwiseNorm(Call& call);
void depthwiseNormGrad(Call& call);
void layerNorm(Call& call);
void layerNormGrad(Call& call);
void adam(Call& call);
void instanceNorm(Call& call);
void instanceNormGrad(Call& call);
void conv(Call& call);
void convGradInput(Call& call);
void convGradFilter(Call& call);
void matmul(Call& call);

/** sums [rows, columns] → their sum over the rows [columns], in order. */
inline void addRows(const float* sums, int64_t rows, int64_t columns, float* total) {
  std::fill(total, total + columns, 0.0f);
  for (int64_t row = 0; row < rows; row++)
    for (int64_t c = 0; c < columns; c++) total[c] += sums[row * columns + c];
}

}  // namespace skyfix
