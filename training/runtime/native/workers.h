// The threads of the kernels. Work is cut into parts by the caller, never by the number of threads, so that sums
// which parts leave behind are added in the same order on any number of threads.
#pragma once
#include <cstdint>
#include <functional>

namespace skyfix {

/** Runs body(part) for 0 ≤ part < parts on all threads; returns when all are done. */
void inParallel(int64_t parts, const std::function<void(int64_t)>& body);

/** Runs body(from, to) over [0, count) in pieces of `grain`; on the calling thread alone where there is one piece. */
void inPieces(int64_t count, int64_t grain, const std::function<void(int64_t, int64_t)>& body);

}  // namespace skyfix
