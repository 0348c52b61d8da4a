// One step of Adam or AdamW over a network's flat vector, in one pass.
#include "kernels.h"
#include "lanes.h"
#include "workers.h"

namespace skyfix {

/**
 * p, m, v, gradient [N], factor [1] of the gradient, decay [N] (1 where the weight decays) or [0], numbers [7]: β1, β2, ε,
 * 1 − β1ᵗ, 1 − β2ᵗ, rate, rate·weight decay. Moves p, m and v where they lie, so that a large network's step takes no new
 * memory, which the system would have to clear first; nobody else may look at their memory:
 * m ← β1·m + (1 − β1)·g, v ← β2·v + (1 − β2)·g², p ← p − rate·m̂/(√v̂ + ε) − rate·weight decay·p
 */
void adam(Call& call) {
  const int64_t count = call.channels(0);
  const bool decays = call.channels(5) == count;
  if (call.channels(1) != count || call.channels(2) != count || call.channels(3) != count || call.channels(4) != 1 ||
      call.channels(6) != 7)
    return call.refuse("vectors of different length");
  float *__restrict p = call.inPlace(0), *__restrict m = call.inPlace(1), *__restrict v = call.inPlace(2);
  const float *gradient = call.input(3), *decay = call.input(5), *numbers = call.input(6);
  const float factor = call.input(4)[0], beta1 = numbers[0], beta2 = numbers[1], epsilon = numbers[2];
  const float rate = numbers[5] / numbers[3], inverse2 = 1.0f / numbers[4], shrink = numbers[6];
  inPieces(count, 1 << 14, [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; i++) {
      const float g = factor * gradient[i];
      const float first = beta1 * m[i] + (1.0f - beta1) * g;
      const float second = beta2 * v[i] + (1.0f - beta2) * g * g;
      m[i] = first;
      v[i] = second;
      const float kept = decays ? p[i] - shrink * decay[i] * p[i] : p[i];
      p[i] = kept - rate * first / (std::sqrt(second * inverse2) + epsilon);
    }
  });
}

}  // namespace skyfix
