#include <algorithm>
#include <array>
#include <utility>

#include "actors/sync/all_reduce_meeting.hpp"
#include "actors/sync/group_payload.hpp"
#include "actors/wire/transfer.hpp"

namespace sounder::actors {

namespace {

using bytes = std::size_t;

/// Floats that are added up at a time.
constexpr std::size_t block = std::size_t{1} << 14U;

/// What comes in, added up onto `sum`, a piece at a time.
class adding {
 public:
  /// sum[0, n) = (sum + what comes) * scale.
  void start(float* sum, std::size_t n, float scale) {
    sum_ = sum;
    n_ = n;
    scale_ = scale;
    done_ = 0;
    got_ = 0;
  }
  bool is_over() const noexcept { return done_ == n_; }
  /// Floats added up so far.
  std::size_t done() const noexcept { return done_; }

  bool receive_on(stream& from) {
    bool moved = false;
    while (!is_over()) {
      auto* const into = reinterpret_cast<char*>(buffer_.data());
      const std::size_t most =
          std::min(block, n_ - done_) * sizeof(float) - got_;
      const std::size_t n = from.read_some(into + got_, most);
      if (n == 0) {
        break;
      }
      got_ += n;
      moved = true;
      add_whole();
    }
    return moved;
  }

 private:
  void add_whole() {
    const std::size_t whole = got_ / sizeof(float);
    float* const sum = sum_ + done_;
    const float* const more = buffer_.data();
    const float scale = scale_;
#pragma omp simd
    for (std::size_t j = 0; j < whole; ++j) {
      sum[j] = (sum[j] + more[j]) * scale;
    }
    const std::size_t rest = got_ % sizeof(float);
    auto* const start = reinterpret_cast<char*>(buffer_.data());
    std::copy_n(start + whole * sizeof(float), rest, start);
    done_ += whole;
    got_ = rest;
  }

  float* sum_ = nullptr;
  std::size_t n_ = 0;
  float scale_ = 1.0F;
  std::size_t done_ = 0;
  bytes got_ = 0;  // in the buffer
  std::array<float, block> buffer_;
};

/// One round:
///
///   member: giving --sent--> taking --received--> over
///   leader: gathering --all members--> circling --2 (L - 1) segments-->
///           spreading --all members--> over
class wire_meeting : public meeting {
 public:
  wire_meeting(reduce_ways ways, std::shared_ptr<link_meter> meter)
      : ways_(std::move(ways)), spread_(ways_.group.size()) {
    meters_.push_back(std::move(meter));
  }

  bool attend(local_end& own, const step_context& /*now*/) override {
    if (!is_joined() || (stage_ == stage::away && !begin(own)) ||
        !(ways_.leader ? follow() : lead()) || !payload_.take(own, w_)) {
      return false;
    }
    finish();
    return true;
  }

  void wait() override {
    constexpr std::chrono::milliseconds longest(5);
    std::vector<stream::interest> all;
    const auto add = [&](const std::shared_ptr<pending_stream>& to, bool read,
                         bool write) {
      if (to && to->get() != nullptr && (read || write)) {
        all.push_back({to->get(), read, write});
      }
    };
    add(ways_.leader, stage_ == stage::taking, stage_ == stage::giving);
    if (stage_ == stage::gathering) {
      add(ways_.group[gathered_], true, false);
    } else if (stage_ == stage::circling) {
      add(ways_.previous, true, false);
      add(ways_.next, false, may_send() > out_.done);
    } else if (stage_ == stage::spreading) {
      for (std::size_t k = 0; k < spread_.size(); ++k) {
        add(ways_.group[k], false, !spread_[k].is_over());
      }
    }
    if (all.empty()) {
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    } else {
      stream::wait(all, longest);
    }
  }

  std::string waits_for() const override {
    return meters_.front()->from + " waits for the others of its all-reduce";
  }

 private:
  enum class stage { away, giving, taking, gathering, circling, spreading };
  using clock = std::chrono::steady_clock;

  bool is_joined() const {
    const auto is_up = [](const std::shared_ptr<pending_stream>& to) {
      return !to || to->get() != nullptr;
    };
    return is_up(ways_.previous) && is_up(ways_.next) && is_up(ways_.leader) &&
           std::all_of(ways_.group.begin(), ways_.group.end(), is_up);
  }

  /// In place.
  bool begin(local_end& own) {
    if (!payload_.bring(own)) {
      return false;
    }
    w_ = payload_.values().data();
    size_ = payload_.values().size();
    since_ = clock::now();
    if (ways_.leader) {
      whole_.start(w_, size_);
      stage_ = stage::giving;
    } else {
      gathered_ = 0;
      stage_ = stage::gathering;
      gather_next();
    }
    return true;
  }

  bool follow() {
    stream& leader = *ways_.leader->get();
    if (stage_ == stage::giving) {
      whole_.send_on(leader, whole_.size);
      if (!whole_.is_over()) {
        return false;
      }
      count(whole_.size);
      whole_.start(w_, size_);
      stage_ = stage::taking;
    }
    whole_.receive_on(leader);
    return whole_.is_over();
  }

  bool lead() {
    while (stage_ == stage::gathering) {
      in_.receive_on(*ways_.group[gathered_]->get());
      if (!in_.is_over()) {
        return false;
      }
      ++gathered_;
      gather_next();
    }
    if (stage_ == stage::circling && !circle()) {
      return false;
    }
    if (stage_ == stage::circling) {
      stage_ = stage::spreading;
      for (transfer& to : spread_) {
        to.start(w_, size_);
      }
    }
    bool is_over = true;
    for (std::size_t k = 0; k < spread_.size(); ++k) {
      spread_[k].send_on(*ways_.group[k]->get(), spread_[k].size);
      is_over = is_over && spread_[k].is_over();
    }
    if (is_over) {
      count(size_ * sizeof(float) * spread_.size());
    }
    return is_over;
  }

  /// The scale of the last sum of all.
  float share() const noexcept {
    return 1.0F / static_cast<float>(ways_.members);
  }

  void gather_next() {
    if (gathered_ < ways_.group.size()) {
      const bool is_last =
          ways_.leaders == 1 && gathered_ + 1 == ways_.group.size();
      in_.start(w_, size_, is_last ? share() : 1.0F);
      return;
    }
    stage_ = stage::circling;
    sent_ = received_ = 0;
    if (turns() > 0) {
      const kernels::segment first = part(1);
      out_.start(w_ + first.first, first.last - first.first);
      next_in();
    }
  }

  // The ring. Segment `position - offset` comes in turn offset - 1: L - 1 of
  // them are added up, the others, now complete, replace one's own. Each goes
  // on to the next as it comes in.
  std::size_t turns() const noexcept { return 2 * (ways_.leaders - 1); }

  kernels::segment part(std::size_t offset) const {
    const std::size_t n = ways_.leaders;
    return kernels::segment_of((ways_.position + 2 * n - offset) % n, n, size_);
  }
  bool is_added(std::size_t turn) const noexcept {
    return turn < ways_.leaders - 1;
  }
  kernels::segment part_in(std::size_t turn) const { return part(turn + 2); }

  void next_in() {
    const kernels::segment s = part_in(received_);
    if (is_added(received_)) {
      in_.start(w_ + s.first, s.last - s.first,
                received_ + 2 == ways_.leaders ? share() : 1.0F);
    } else {
      replaced_.start(w_ + s.first, s.last - s.first);
    }
  }

  /// Bytes of the segment that goes out that are there to be sent.
  bytes may_send() const noexcept {
    if (sent_ == 0 || sent_ <= received_) {
      return out_.size;
    }
    return is_added(received_) ? in_.done() * sizeof(float) : replaced_.done;
  }

  bool receive_on() {
    if (received_ == turns()) {
      return false;
    }
    stream& from = *ways_.previous->get();
    const bool added = is_added(received_);
    const bool moved =
        added ? in_.receive_on(from) : replaced_.receive_on(from);
    if (added ? in_.is_over() : replaced_.is_over()) {
      if (++received_ < turns()) {
        next_in();
      }
      return true;
    }
    return moved;
  }

  bool send_on() {
    // Segments of tiny vectors may be empty, and over before they came in.
    if (sent_ == turns() || sent_ > received_ + 1) {
      return false;
    }
    const bool moved = out_.send_on(*ways_.next->get(), may_send());
    if (!out_.is_over()) {
      return moved;
    }
    count(out_.size);
    if (++sent_ < turns()) {
      const kernels::segment s = part_in(sent_ - 1);
      out_.start(w_ + s.first, s.last - s.first);
    }
    return true;
  }

  bool circle() {
    for (;;) {
      const bool received = receive_on();
      if (!send_on() && !received) {
        return received_ == turns() && sent_ == turns();
      }
    }
  }

  void count(bytes n) { meters_.front()->bytes.fetch_add(n); }

  void finish() {
    meters_.front()->latency_ns.add(
        static_cast<std::uint64_t>((clock::now() - since_).count()));
    stage_ = stage::away;
  }

  reduce_ways ways_;
  stage stage_ = stage::away;
  float* w_ = nullptr;
  std::size_t size_ = 0;
  group_payload payload_;
  transfer whole_;            // member: up, then down
  std::size_t gathered_ = 0;  // members' vectors
  adding in_;
  transfer replaced_;  // coming in complete
  transfer out_;
  std::size_t sent_ = 0;  // segments
  std::size_t received_ = 0;
  std::vector<transfer> spread_;
  clock::time_point since_;
};

}  // namespace

std::unique_ptr<meeting> reduce_by_wire(reduce_ways ways,
                                        std::shared_ptr<link_meter> meter) {
  return std::make_unique<wire_meeting>(std::move(ways), std::move(meter));
}

}  // namespace sounder::actors
