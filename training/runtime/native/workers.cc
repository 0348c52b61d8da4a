#include "workers.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <vector>

namespace skyfix {
namespace {

int threadCount() {
  const char* text = std::getenv("TF_NUM_INTRAOP_THREADS");
  const int wanted = text ? std::atoi(text) : 0;
  return wanted > 0 ? wanted : std::max(1u, std::thread::hardware_concurrency());
}

class Workers {
 public:
  Workers() {
    for (int i = 1; i < threadCount(); i++) std::thread([this] { serve(); }).detach();
  }

  void run(int64_t parts, const std::function<void(int64_t)>& body) {
    std::lock_guard<std::mutex> one(calls_);
    body_ = &body;
    parts_ = parts;
    next_.store(0);
    {
      std::lock_guard<std::mutex> lock(mutex_);
      open_ = true;
      round_++;
    }
    wake_.notify_all();
    work();
    std::unique_lock<std::mutex> lock(mutex_);
    open_ = false;  // a worker that wakes up only now stays out
    idle_.wait(lock, [this] { return busy_ == 0; });
  }

 private:
  void work() {
    for (int64_t part = next_++; part < parts_; part = next_++) (*body_)(part);
  }

  void serve() {
    uint64_t seen = 0;
    std::unique_lock<std::mutex> lock(mutex_);
    while (true) {
      wake_.wait(lock, [&] { return open_ && round_ != seen; });
      seen = round_;
      busy_++;
      lock.unlock();
      work();
      lock.lock();
      if (--busy_ == 0) idle_.notify_one();
    }
  }

  std::mutex calls_, mutex_;
  std::condition_variable wake_, idle_;
  const std::function<void(int64_t)>* body_ = nullptr;
  std::atomic<int64_t> next_{0};
  int64_t parts_ = 0;
  uint64_t round_ = 0;
  int busy_ = 0;
  bool open_ = false;
};

Workers& workers() {
  static Workers* shared = new Workers;  // never destroyed: its threads may outlive main
  return *shared;
}

}  // namespace

void inParallel(int64_t parts, const std::function<void(int64_t)>& body) {
  static const bool alone = threadCount() == 1;
  if (alone || parts <= 1) {
    for (int64_t part = 0; part < parts; part++) body(part);
  } else {
    workers().run(parts, body);
  }
}

void inPieces(int64_t count, int64_t grain, const std::function<void(int64_t, int64_t)>& body) {
  inParallel((count + grain - 1) / grain,
             [&](int64_t part) { body(part * grain, std::min(count, (part + 1) * grain)); });
}

}  // namespace skyfix
