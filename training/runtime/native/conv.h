// What the convolution and its gradients share: sizes, and the padded image.
#pragma once
#include <algorithm>
#include <vector>

#include "op.h"

namespace skyfix {

/** Of a convolution with zero or reflection padding. */
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

/** A whole number that the call gives. */
inline int64_t whole(const Call& call, const char* name) { return static_cast<int64_t>(call.attribute(name)); }

/** Pieces of about 2 million multiplications. */
inline int64_t rowsAPiece(int64_t multiplicationsARow) {
  return std::max<int64_t>(1, (2 << 20) / std::max<int64_t>(1, multiplicationsARow));
}

/**
 * x with its padding, [B, H + 2p, W + 2p, Cin], with `slack` floats behind it; x itself where there is neither.
 * Otherwise the images are in `buffer`.
 */
const float* padImages(const float* x, const Geometry& g, std::vector<float>& buffer, int64_t slack = 0);

}  // namespace skyfix
