#include <algorithm>
#include <utility>

#include "actors/sync/group_exchange.hpp"

namespace sounder::actors {

group_memory::group_memory(kernels::reduce_groups of, std::size_t members,
                           std::size_t size)
    : groups(std::move(of)), vectors(members) {
  for (auto& buffer : result) {
    buffer.resize(size + 1);  // a gradient brings its step size
  }
}

namespace {

/// A round:
///
///   away --has come--> here --all have--> its segment --all have--> away
///
/// Who is in the next round writes into the other result, and the one after
/// that begins when all have come to the next.
class group_in_memory : public group_exchange {
 public:
  group_in_memory(std::shared_ptr<group_memory> shared, std::size_t own_rank)
      : group_exchange(own_rank, shared->vectors.size()),
        group_(std::move(shared)) {}

  const float* reduce(std::span<float> w) override {
    if (stage_ == stage::away) {
      group_->vectors[rank] = w.data();
      arrive(group_->came, 1);
      stage_ = stage::here;
    }
    if (stage_ == stage::here && everyone(group_->came)) {
      kernels::mean_of_segment(group_->vectors, group_->groups, rank,
                               kernels::segment_of(rank, members, w.size()),
                               result().data());
      arrive(group_->reduced, 1);
      stage_ = stage::reduced;
    }
    if (stage_ != stage::reduced || !everyone(group_->reduced)) {
      return nullptr;
    }
    bytes_ += 2 * (members - 1) * w.size() * sizeof(float) / members;
    return finish();
  }

  /// A round in which one member does everybody's part.
  const float* hand_on(std::span<float> w, std::size_t from) override {
    if (from == rank) {
      std::copy(w.begin(), w.end(), result().begin());
      arrive(group_->came, members);
      arrive(group_->reduced, members);
      bytes_ += (members - 1) * w.size() * sizeof(float);
      finish();
      return w.data();
    }
    stage_ = stage::reduced;
    return everyone(group_->reduced) ? finish() : nullptr;
  }

  void wait() override {
    static_cast<void>(group_->changed.wait([this] {
      return everyone(stage_ == stage::here ? group_->came : group_->reduced);
    }));
  }

 private:
  enum class stage { away, here, reduced };

  void arrive(std::atomic<std::uint64_t>& counter, std::uint64_t count) {
    counter.fetch_add(count);
    group_->changed.notify();
  }
  bool everyone(const std::atomic<std::uint64_t>& counter) const {
    return counter.load() >= (round_ + 1) * members;
  }
  std::vector<float>& result() { return group_->result[round_ % 2]; }
  const float* finish() {
    const float* const found = result().data();
    stage_ = stage::away;
    ++round_;
    return found;
  }

  std::shared_ptr<group_memory> group_;
  stage stage_ = stage::away;
  std::uint64_t round_ = 0;
};

}  // namespace

std::shared_ptr<group_exchange> exchange_in_memory(
    std::shared_ptr<group_memory> shared, std::size_t rank) {
  return std::make_shared<group_in_memory>(std::move(shared), rank);
}

}  // namespace sounder::actors
