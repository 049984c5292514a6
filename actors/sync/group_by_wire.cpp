// A group over streams. An all-reduce of two groups, three and two members:
//
//   member a --w--+                                 +--w-- member c
//                 v          segments               v
//              leader 0 -----------------------> leader 1
//                 ^   <-----------------------      |
//   member b --w--+          (the ring)             +--mean--> member c
//
//   1 gather   Leaders add up what their members send onto their own vector,
//              one member after the other.
//   2 circle   Reduce-scatter, then all-gather: 2 (L - 1) turns of L leaders.
//              In each turn everybody sends one segment of L to the next and
//              receives another from the previous. Of leader p, where L = 3:
//
//                turn   sends   receives
//                 0     p - 1   p - 2    onto its own: a sum of two
//                 1     p - 2   p        likewise, of all: times 1 / members
//                 2     p       p - 1    in place of its own: the mean
//                 3     p - 1   p - 2    likewise
//
//              What is received in a turn is what is sent in the next one, byte
//              by byte as it comes: turns are a matter of counting, no barrier.
//   3 spread   Leaders send the mean to their members.
//
// In place: a segment comes back for the second time only after its first form
// has gone out, byte by byte, for what comes back is made from that. So there
// is no other copy of the vector than the one that is reduced.
//
// No deadlock: whoever cannot send goes on receiving, and the other way round,
// for both are polled. On the ring everybody can send its first segment without
// having received anything, so something always moves. Members only send, then
// only receive; a leader that still gathers leaves the bytes of the ring in its
// socket, where they hold up who sends them and nobody else.
//
// To hand on a vector takes the same streams: up from a member to its leader,
// round the ring to the last one, and down to all other members.

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "actors/sync/group_exchange.hpp"
#include "actors/wire/transfer.hpp"

namespace sounder::actors {

namespace {

using way = std::shared_ptr<pending_stream>;
using interests = std::vector<stream::interest>;

/// A vector that comes in from one side, unless it is here, and goes on to
/// others as it comes.
class passing {
 public:
  /// The bytes that will go out.
  std::size_t start(std::span<float> w, way source, std::vector<way> targets) {
    source_ = std::move(source);
    targets_ = std::move(targets);
    in_.start(source_ ? w : std::span<float>());
    out_.assign(targets_.size(), {});
    for (sending& to : out_) {
      to.start(w);
    }
    return w.size_bytes() * out_.size();
  }

  /// True when it is over.
  bool go_on() {
    if (source_) {
      in_.receive_on(*source_->get());
    }
    bool is_over = in_.is_over();
    for (std::size_t k = 0; k < out_.size(); ++k) {
      out_[k].send_on(*targets_[k]->get(), may_send(out_[k]));
      is_over = is_over && out_[k].is_over();
    }
    return is_over;
  }

  void add_to(interests& all) const {
    if (!in_.is_over()) {
      all.push_back({source_->get(), true, false});
    }
    for (std::size_t k = 0; k < out_.size(); ++k) {
      if (out_[k].done < may_send(out_[k])) {
        all.push_back({targets_[k]->get(), false, true});
      }
    }
  }

 private:
  std::size_t may_send(const sending& to) const noexcept {
    return source_ ? in_.done() : to.size;
  }

  way source_;
  receiving in_;
  std::vector<way> targets_;
  std::vector<sending> out_;
};

/// Of one leader on the ring: what it sends to the next and receives from the
/// previous, at the same time.
class ring {
 public:
  ring(way previous, way next, std::size_t leaders, std::size_t position)
      : previous_(std::move(previous)),
        next_(std::move(next)),
        leaders_(leaders),
        position_(position) {}

  /// `scale` of sums of all.
  void start(std::span<float> w, float scale) {
    w_ = w;
    scale_ = scale;
    sent_ = received_ = 0;
    bytes_ = 0;
    next_out();
    next_in();
  }

  /// True when it is over.
  bool go_on() {
    for (;;) {
      const bool received = receive_on();
      if (!send_on() && !received) {
        return received_ == turns() && sent_ == turns();
      }
    }
  }

  std::size_t bytes() const noexcept { return bytes_; }

  void add_to(interests& all) const {
    if (received_ < turns()) {
      all.push_back({previous_->get(), true, false});
    }
    if (sent_ < turns() && may_send() > out_.done) {
      all.push_back({next_->get(), false, true});
    }
  }

 private:
  std::size_t turns() const noexcept { return 2 * (leaders_ - 1); }

  /// What goes out in a turn comes in at the next one in the same turn, and
  /// goes on from there in the one after.
  std::span<float> segment_out(std::size_t turn) const {
    const std::size_t back = (turn + 1) % leaders_;
    const kernels::segment s = kernels::segment_of(
        (position_ + leaders_ - back) % leaders_, leaders_, w_.size());
    return w_.subspan(s.first, s.last - s.first);
  }
  std::span<float> segment_in(std::size_t turn) const {
    return segment_out(turn + 1);
  }

  void next_out() {
    if (sent_ < turns()) {
      out_.start(segment_out(sent_));
      bytes_ += out_.size;
    }
  }
  /// The first L - 1 are added up, the last of them to the sum of all.
  void next_in() {
    if (received_ + 1 < leaders_) {
      const bool is_whole = received_ + 2 == leaders_;
      in_.start(segment_in(received_), is_whole ? scale_ : 1.0F);
    } else if (received_ < turns()) {
      in_.start(segment_in(received_));
    }
  }

  /// Bytes of the segment that goes out that are there to be sent.
  std::size_t may_send() const noexcept {
    return sent_ <= received_ ? out_.size : in_.done();
  }

  bool receive_on() {
    if (received_ == turns()) {
      return false;
    }
    const bool moved = in_.receive_on(*previous_->get());
    if (!in_.is_over()) {
      return moved;
    }
    ++received_;
    next_in();
    return true;
  }

  bool send_on() {
    // Segments of tiny vectors may be empty, and over before they came in.
    if (sent_ == turns() || sent_ > received_ + 1) {
      return false;
    }
    const bool moved = out_.send_on(*next_->get(), may_send());
    if (!out_.is_over()) {
      return moved;
    }
    ++sent_;
    next_out();
    return true;
  }

  way previous_;
  way next_;
  std::size_t leaders_;
  std::size_t position_;

  std::span<float> w_;
  float scale_ = 1.0F;
  std::size_t sent_ = 0;  // segments, as many as turns
  std::size_t received_ = 0;
  std::size_t bytes_ = 0;  // sent
  sending out_;
  receiving in_;
};

/// A round:
///
///   member: away --> giving --> passing: the mean comes --> away
///   leader: away --> gathering --> circling --> passing: it goes --> away
class group_by_wire : public group_exchange {
 public:
  group_by_wire(group_streams ways, std::vector<group_place> places,
                std::size_t leaders, std::size_t own_rank)
      : group_exchange(own_rank, places.size()),
        ways_(std::move(ways)),
        places_(std::move(places)),
        leaders_(leaders),
        ring_(ways_.previous, ways_.next, leaders, places_[rank].position) {}

  const float* reduce(std::span<float> w) override {
    if (stage_ == stage::away && !begin(w)) {
      return nullptr;
    }
    if (stage_ == stage::giving && pass_.go_on()) {
      pass(w, ways_.leader, {});
    }
    if (stage_ == stage::gathering && gather(w)) {
      ring_.start(w, share());
      stage_ = stage::circling;
    }
    if (stage_ == stage::circling && ring_.go_on()) {
      bytes_ += ring_.bytes();
      pass(w, nullptr, ways_.group);
    }
    return finish(w);
  }

  const float* hand_on(std::span<float> w, std::size_t from) override {
    if (stage_ == stage::away) {
      if (!is_joined()) {
        return nullptr;
      }
      pass(w, source_of(from), targets_of(from));
    }
    return finish(w);
  }

  void wait() override {
    interests all;
    if (stage_ == stage::gathering) {
      all.push_back({ways_.group[gathered_]->get(), true, false});
    } else if (stage_ == stage::circling) {
      ring_.add_to(all);
    } else if (stage_ != stage::away) {
      pass_.add_to(all);
    }
    if (all.empty()) {
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    } else {
      stream::wait(all, std::chrono::milliseconds(5));
    }
  }

 private:
  enum class stage { away, giving, gathering, circling, passing };

  bool is_joined() const {
    const auto is_up = [](const way& to) {
      return !to || to->get() != nullptr;
    };
    return is_up(ways_.previous) && is_up(ways_.next) && is_up(ways_.leader) &&
           std::all_of(ways_.group.begin(), ways_.group.end(), is_up);
  }

  bool begin(std::span<float> w) {
    if (!is_joined()) {
      return false;
    }
    if (ways_.leader) {
      pass(w, nullptr, {ways_.leader});
      stage_ = stage::giving;
    } else {
      gathered_ = 0;
      gather_next(w);
      stage_ = stage::gathering;
    }
    return true;
  }

  float share() const noexcept { return 1.0F / static_cast<float>(members); }

  /// True when all members' vectors are in.
  bool gather(std::span<float> w) {
    for (; gathered_ < ways_.group.size(); gather_next(w)) {
      in_.receive_on(*ways_.group[gathered_]->get());
      if (!in_.is_over()) {
        return false;
      }
      ++gathered_;
    }
    return true;
  }

  /// Without a ring the last one makes it the mean.
  void gather_next(std::span<float> w) {
    const bool is_last = gathered_ + 1 == ways_.group.size();
    in_.start(w, leaders_ == 1 && is_last ? share() : 1.0F);
  }

  void pass(std::span<float> w, way source, std::vector<way> targets) {
    bytes_ += pass_.start(w, std::move(source), std::move(targets));
    stage_ = stage::passing;
  }

  const float* finish(std::span<float> w) {
    if (stage_ != stage::passing || !pass_.go_on()) {
      return nullptr;
    }
    stage_ = stage::away;
    return w.data();
  }

  /// Where the vector of `from` comes from; nowhere for itself.
  way source_of(std::size_t from) const {
    const group_place mine = places_[rank];
    const group_place first = places_[from];
    if (from == rank) {
      return nullptr;
    }
    if (mine.member > 0) {
      return ways_.leader;
    }
    return first.position == mine.position ? ways_.group[first.member - 1]
                                           : ways_.previous;
  }

  std::vector<way> targets_of(std::size_t from) const {
    const group_place mine = places_[rank];
    const group_place first = places_[from];
    if (mine.member > 0) {
      return from == rank ? std::vector<way>{ways_.leader} : std::vector<way>();
    }
    std::vector<way> targets = ways_.group;
    if (first.position == mine.position && first.member > 0) {
      targets.erase(targets.begin() +
                    static_cast<std::ptrdiff_t>(first.member - 1));
    }
    if ((mine.position + 1) % leaders_ != first.position) {
      targets.push_back(ways_.next);
    }
    return targets;
  }

  group_streams ways_;
  std::vector<group_place> places_;  // by rank
  std::size_t leaders_;              // on the ring

  // Of this round.
  stage stage_ = stage::away;
  std::size_t gathered_ = 0;  // members' vectors
  receiving in_;
  ring ring_;
  passing pass_;
};

}  // namespace

std::shared_ptr<group_exchange> exchange_by_wire(
    group_streams ways, std::vector<group_place> places, std::size_t leaders,
    std::size_t rank) {
  return std::make_shared<group_by_wire>(std::move(ways), std::move(places),
                                         leaders, rank);
}

}  // namespace sounder::actors
