// Where signals are handled.
#pragma once

namespace skyfix {

/**
 * Gives signals a thread of their own and keeps them off this one and those that it starts from now on. oneDNN's code
 * for some matrix products keeps values below the stack pointer, where a handler on the same thread writes.
 */
void keepSignalsAway();

}  // namespace skyfix
