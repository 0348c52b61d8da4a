#include "signals.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <thread>

namespace skyfix {

void keepSignalsAway() {
  std::thread([] {
    while (true) pause();
  }).detach();
  sigset_t away;
  sigfillset(&away);
  // Faults belong to the instruction that makes them, and a profiler asks for this thread's stack.
  for (int own : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS, SIGPROF}) sigdelset(&away, own);
  pthread_sigmask(SIG_BLOCK, &away, nullptr);
}

}  // namespace skyfix
