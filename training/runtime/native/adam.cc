// One step of Adam or AdamW over a network's flat vector, in one pass.
#include "kernels.h"
#include "lanes.h"
#include "workers.h"

namespace skyfix {

/**
 * p, m, v, gradient [N], decay [N] (1 where the weight decays) or [0], numbers [7]: β1, β2, ε, 1 − β1ᵗ, 1 − β2ᵗ, rate,
 * rate·weight decay → the new p, m, v [N]:
 * m ← β1·m + (1 − β1)·g, v ← β2·v + (1 − β2)·g², p ← p − rate·m̂/(√v̂ + ε) − rate·weight decay·p
 */
void adam(Call& call) {
  const int64_t count = call.channels(0);
  const bool decays = call.channels(4) == count;
  if (call.channels(1) != count || call.channels(2) != count || call.channels(3) != count || call.channels(5) != 7)
    return call.refuse("vectors of different length");
  const float *p = call.input(0), *m = call.input(1), *v = call.input(2), *gradient = call.input(3);
  const float *decay = call.input(4), *numbers = call.input(5);
  float *newP = call.output(0, {count}), *newM = call.output(1, {count}), *newV = call.output(2, {count});
  if (!newP || !newM || !newV) return;
  const float beta1 = numbers[0], beta2 = numbers[1], epsilon = numbers[2];
  const float rate = numbers[5] / numbers[3], inverse2 = 1.0f / numbers[4], shrink = numbers[6];
  inPieces(count, 1 << 14, [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; i++) {
      const float g = gradient[i];
      const float first = beta1 * m[i] + (1.0f - beta1) * g;
      const float second = beta2 * v[i] + (1.0f - beta2) * g * g;
      newM[i] = first;
      newV[i] = second;
      const float kept = decays ? p[i] - shrink * decay[i] * p[i] : p[i];
      newP[i] = kept - rate * first / (std::sqrt(second * inverse2) + epsilon);
    }
  });
}

}  // namespace skyfix
