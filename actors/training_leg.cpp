#include "actors/training_leg.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "kernels/data/parallel.hpp"
#include "kernels/data/random.hpp"

namespace sounder::actors {

namespace {

/// Tells what layers draw from other uses of the seed.
constexpr std::uint64_t drawing = 0x6472617765727321ULL;

/// Samples between two exchanges of a private head: so many that their steps
/// touch ten times the floats that the exchange does, and no more than keeps
/// the workers' differences small against an epoch.
std::size_t default_head_every(const data_shape& data, std::size_t head,
                               unsigned workers) {
  const std::uint64_t values = std::max<std::uint64_t>(data.nonzeros, 1);
  const std::uint64_t cheap = 10 * std::uint64_t{head} * data.rows / values;
  const std::size_t most =
      std::clamp<std::size_t>(data.rows / (8UL * workers), 1, 2048);
  return std::clamp<std::size_t>(cheap, 1, most);
}

/// Samples a chunk may have so that its scale stays good for floats and, with
/// several workers, near to that of the chunks others are at: what one writes
/// with its scale, the others read with theirs.
std::size_t most_chunk_rows(const training_plan& plan, unsigned workers,
                            std::size_t batch_size) {
  const double least = workers > 1 ? 0.5 : least_scale;
  double shrink = 1.0;
  for_each_checked_step(plan, [&](double, double step) {
    shrink = std::min(shrink, plan.objective->shrink(step));
    return true;
  });
  return rows_until_scale(least, shrink, batch_size);
}

std::size_t ratio_up(std::size_t a, std::size_t b) { return (a + b - 1) / b; }

/// How many of an epoch's samples are walked: all but a last batch that is
/// smaller than the objective takes.
std::size_t rows_walked(std::size_t rows, std::size_t batch_size,
                        std::size_t least_batch) {
  const std::size_t left = rows % batch_size;
  return left < least_batch && left < rows ? rows - left : rows;
}

/// An epoch of `rows` samples.
epoch_cut cut_legs(std::size_t rows, std::size_t batch_size,
                   std::size_t chunk_rows, unsigned workers, leg_cut legs) {
  epoch_cut cut;
  cut.batch_size = batch_size;
  const std::size_t own = ratio_up(rows, batch_size);
  const std::size_t most = ratio_up(std::max(rows, legs.rows), batch_size);
  const std::size_t batches = legs.batches == 0 ? most : legs.batches;
  // Who has fewer samples than others takes fewer steps in each leg, lest his
  // samples be done while the others' go on.
  const auto end_of = [&](std::size_t leg) {
    const std::size_t batch =
        ratio_up(own * std::min((leg + 1) * batches, most), most);
    return std::min(batch * batch_size, rows);
  };
  std::size_t last = 0;
  for (std::size_t leg = 0; leg < ratio_up(most, batches); ++leg) {
    const std::size_t first = std::exchange(last, end_of(leg));
    for (const chunk_range& chunk :
         cut_epoch(last - first, batch_size, chunk_rows, workers)) {
      cut.chunks.push_back({first + chunk.first, first + chunk.last});
    }
    cut.leg_ends.push_back(cut.chunks.size());
  }
  return cut;
}

}  // namespace

void replica_setup::adopt(const training_plan& whole) {
  plan = whole;
  plan.objective = kernels::with_step_rule(whole.objective, whole.rule);
  if (plan.gd.epochs > 0) {
    kernels::step_rule plain;
    plain.weight_decay = whole.rule.weight_decay;
    gd_objective = kernels::with_step_rule(whole.objective, plain);
  }
}

kernels::segment segment_held(const training_plan& plan, std::size_t replica) {
  const topology::stretch& holds = plan.graph.replicas.at(replica).holds;
  return kernels::segment_of(holds.part, holds.parts,
                             plan.objective->dimension());
}

replica_setup set_up(const training_plan& plan, const data_shape& shape,
                     std::size_t replica, kernels::shard rows, leg_cut legs) {
  const topology::replica& node = plan.graph.replicas.at(replica);
  replica_setup setup;
  setup.adopt(plan);
  setup.sharing = node.sharing;
  setup.workers = node.workers;
  setup.replica = replica;
  setup.holds = segment_held(plan, replica);
  setup.rows = rows;
  if (node.is_hub()) {
    return setup;
  }
  if (const auto* free = std::get_if<topology::lock_free>(&node.sharing)) {
    const std::size_t head = free->head.value_or(
        node.workers > 1 ? plan.objective->popular_head() : 0);
    setup.head = std::min(head, plan.objective->dimension());
    const std::size_t every = free->head_every.value_or(
        default_head_every(shape, setup.head, node.workers));
    setup.head_every =
        std::max(every / plan.batch_size, std::size_t{1}) * plan.batch_size;
  }
  const std::size_t chunk_rows = plan.chunk_rows.value_or(
      std::min(default_chunk_rows(shape.nonzeros, shape.rows),
               smooth_chunk_rows(rows.rows())));
  std::vector<epoch_cut> epochs;
  for (unsigned e = 0; e <= plan.gd.epochs; ++e) {
    const std::size_t batch = batch_of(plan, e);
    const std::size_t most =
        std::min(chunk_rows, most_chunk_rows(plan, node.workers, batch));
    const auto walked = [&](std::size_t n) {
      return rows_walked(n, batch, plan.objective->least_batch());
    };
    epochs.push_back(cut_legs(walked(rows.rows()), batch, most, node.workers,
                              {legs.batches, walked(legs.rows)}));
  }
  setup.cut = run_cut(std::move(epochs));
  if (plan.stop.wall_clock) {
    setup.end_by =
        std::chrono::steady_clock::now() +
        std::chrono::duration_cast<std::chrono::steady_clock::duration>(
            *plan.stop.wall_clock);
  }
  return setup;
}

replica_setup set_up(const training_plan& plan, const kernels::dataset& data,
                     std::size_t replica) {
  replica_setup setup = set_up(plan, data_shape::of(data), replica,
                               kernels::shard(data.rows(), 0, 1), {});
  setup.data = data;
  return setup;
}

replica_memory::replica_memory(const replica_setup& setup)
    : vector(setup.holds.last - setup.holds.first),
      order(setup.rows.rows(),
            {setup.plan.order.kind, setup.plan.order.block_rows,
             setup.plan.seed + setup.replica * 0x9E3779B97F4A7C15ULL}),
      coordinate_lock(
          std::holds_alternative<topology::coordinate_lock>(setup.sharing)
              ? setup.data.features()
              : 0) {}

training_leg::training_leg(std::shared_ptr<const replica_setup> setup,
                           std::shared_ptr<replica_memory> memory,
                           leg_schedule schedule)
    : setup_(std::move(setup)),
      memory_(std::move(memory)),
      objective_(setup_->objective_at(schedule.first)),
      schedule_(std::move(schedule)),
      close_turns_(setup_->stop, closing{turns_}) {
  std::size_t batches = 0;
  for (std::size_t c = schedule_.first; c < schedule_.last; ++c) {
    const auto [epoch, within] = setup_->cut.chunks().place_of(c);
    const epoch_cut& cut = setup_->cut.epoch(epoch);
    first_batch_.push_back(batches);
    batches += cut.batches(cut.chunks[within]);
  }
  first_batch_.push_back(batches);
}

bool training_leg::work(worker_slot& slot) {
  if (slot.working_on != this) {
    arrive(slot);
  }
  return std::holds_alternative<topology::cyclic_turns>(setup_->sharing)
             ? walk_in_turn(slot)
             : walk_chunk(slot);
}

/// The start line: workers that were woken one after the other start
/// together, if all can be here within a moment.
void training_leg::arrive(worker_slot& slot) {
  constexpr auto moment = std::chrono::microseconds(200);
  slot.working_on = this;
  slot.chunk = schedule_.last;
  slot.batch = slot.index;
  slot.looked = false;
  slot.since_exchange = 0;
  if (setup_->head > 0 && !slot.view) {
    slot.viewed = memory_;
    slot.view =
        std::make_unique<kernels::private_head>(memory_->vector, setup_->head);
  }
  arrived_.fetch_add(1, std::memory_order_acq_rel);
  const auto came = clock::now();
  const bool everyone_fits = setup_->workers <= kernels::thread_count(0);
  if (everyone_fits && !setup_->plan.deterministic) {
    while (arrived_.load(std::memory_order_acquire) < setup_->workers &&
           clock::now() - came < moment) {
    }
  }
  const auto started = clock::now();
  if (slot.view) {
    slot.view->reload();
  }
  const std::scoped_lock lock(times_lock_);
  begin_ = std::min(begin_, started);
}

bool training_leg::leave(worker_slot& slot) {
  if (slot.view) {
    slot.view->exchange(slot.index * (setup_->head / setup_->workers));
  }
  slot.working_on = nullptr;
  const std::scoped_lock lock(times_lock_);
  end_ = std::max(end_, clock::now());
  return false;
}

bool training_leg::should_stop() {
  if (setup_->plan.interrupt.stop_requested() ||
      setup_->stop.stop_requested() ||
      (setup_->end_by && clock::now() >= *setup_->end_by)) {
    stopped_.store(true, std::memory_order_relaxed);
    turns_.close();
  }
  return stopped_.load(std::memory_order_relaxed);
}

double training_leg::scale() const noexcept {
  if (!std::holds_alternative<topology::cyclic_turns>(setup_->sharing)) {
    return schedule_.scale_after(next_chunk_.load());
  }
  const std::size_t written = turns_.written();
  const auto after =
      std::upper_bound(first_batch_.begin(), first_batch_.end(), written);
  if (after == first_batch_.end()) {
    return schedule_.end_scale;
  }
  const auto chunk = static_cast<std::size_t>(after - first_batch_.begin()) - 1;
  const chunk_start& start = schedule_.starts[chunk];
  return start.scale *
         std::pow(objective_.shrink(start.step_size),
                  static_cast<double>(written - first_batch_[chunk]));
}

float* training_leg::weights_of(worker_slot& slot) const noexcept {
  return slot.view ? slot.view->data() : memory_->vector.data();
}

kernels::sgd_chunk training_leg::open_chunk(worker_slot& slot,
                                            std::size_t chunk) {
  const auto [epoch, within] =
      setup_->cut.chunks().place_of(schedule_.first + chunk);
  const epoch_cut& cut = setup_->cut.epoch(epoch);
  const chunk_range& range = cut.chunks[within];
  if (slot.chunk != chunk) {
    slot.chunk = chunk;
    slot.rows.resize(range.last - range.first);
    memory_->order.fill(static_cast<unsigned>(epoch), range.first, slot.rows);
    if (!setup_->rows.is_whole()) {
      for (std::uint32_t& row : slot.rows) {
        row = setup_->rows.row(row);
      }
    }
  }
  kernels::sgd_chunk opened;
  opened.data = &setup_->data;
  opened.rows = slot.rows;
  opened.weights = weights_of(slot);
  opened.batch_size = cut.batch_size;
  opened.step_size = schedule_.starts[chunk].step_size;
  opened.scale = schedule_.starts[chunk].scale;
  opened.seed = kernels::random_stream(setup_->plan.seed ^ drawing,
                                       schedule_.first + chunk)
                    .next();
  return opened;
}

bool training_leg::walk_chunk(worker_slot& slot) {
  // A stop that comes when all chunks are taken stops nothing.
  if (next_chunk_.load() >= schedule_.starts.size() || should_stop()) {
    return leave(slot);
  }
  const std::size_t chunk = next_chunk_.fetch_add(1);
  if (chunk >= schedule_.starts.size()) {
    return leave(slot);
  }
  const kernels::sgd_chunk opened = open_chunk(slot, chunk);
  if (std::holds_alternative<topology::lock_free>(setup_->sharing)) {
    step_lock_free(slot, opened);
  } else {
    step_guarded(slot, opened);
  }
  count(opened.rows.size());
  return true;
}

void training_leg::count(std::size_t samples) noexcept {
  samples_.fetch_add(samples, std::memory_order_relaxed);
  memory_->samples.fetch_add(samples, std::memory_order_relaxed);
}

void training_leg::step_lock_free(worker_slot& slot, kernels::sgd_chunk chunk) {
  if (!slot.view) {
    objective_.steps(chunk, slot.scratch);
    return;
  }
  const auto rows = chunk.rows;
  const double shrink = objective_.shrink(chunk.step_size);
  for (std::size_t k = 0; k < rows.size();) {
    // In whole batches, whatever they were in the epoch before.
    const std::size_t until_exchange =
        ratio_up(setup_->head_every - slot.since_exchange, chunk.batch_size) *
        chunk.batch_size;
    chunk.rows = rows.subspan(k, std::min(until_exchange, rows.size() - k));
    objective_.steps(chunk, slot.scratch);
    // An epoch may end on part of a batch; it counts as a whole one, or the
    // next epoch's batches would be cut in two.
    const std::size_t batches = ratio_up(chunk.rows.size(), chunk.batch_size);
    chunk.scale *= std::pow(shrink, static_cast<double>(batches));
    k += chunk.rows.size();
    slot.since_exchange += batches * chunk.batch_size;
    if (slot.since_exchange >= setup_->head_every) {
      slot.view->exchange(slot.index * (setup_->head / setup_->workers));
      slot.since_exchange = 0;
    }
  }
}

void training_leg::step_guarded(worker_slot& slot, kernels::sgd_chunk chunk) {
  const auto rows = chunk.rows;
  const double shrink = objective_.shrink(chunk.step_size);
  for (std::size_t k = 0; k < rows.size(); k += chunk.batch_size) {
    chunk.rows = rows.subspan(k, std::min(chunk.batch_size, rows.size() - k));
    if (objective_.look(chunk, slot.scratch)) {
      write_guarded(slot, chunk);
    }
    chunk.scale *= shrink;
  }
}

void training_leg::write_guarded(worker_slot& slot,
                                 const kernels::sgd_chunk& batch) {
  if (std::holds_alternative<topology::write_lock>(setup_->sharing)) {
    const std::scoped_lock lock(memory_->write_lock);
    objective_.write(batch, slot.scratch);
    return;
  }
  slot.locked.clear();
  if (batch.data->is_sparse() && objective_.writes_sparsely()) {
    const kernels::sparse_rows rows = batch.data->sparse();
    for (const std::uint32_t i : batch.rows) {
      slot.locked.insert(slot.locked.end(), rows.index + rows.start[i],
                         rows.index + rows.start[i + 1]);
    }
  } else {
    slot.locked.resize(batch.data->features());
    std::iota(slot.locked.begin(), slot.locked.end(), 0U);
  }
  memory_->coordinate_lock.lock(slot.locked);
  objective_.write(batch, slot.scratch);
  memory_->coordinate_lock.unlock(slot.locked);
}

kernels::sgd_chunk training_leg::open_batch(worker_slot& slot,
                                            std::size_t batch) {
  const auto after =
      std::upper_bound(first_batch_.begin(), first_batch_.end(), batch);
  const auto chunk = static_cast<std::size_t>(after - first_batch_.begin()) - 1;
  kernels::sgd_chunk opened = open_chunk(slot, chunk);
  const std::size_t within = batch - first_batch_[chunk];
  const std::size_t first = within * opened.batch_size;
  opened.rows = opened.rows.subspan(
      first, std::min(opened.batch_size, opened.rows.size() - first));
  opened.scale *= std::pow(objective_.shrink(opened.step_size),
                           static_cast<double>(within));
  return opened;
}

/// Batch b belongs to worker b mod N. Its gradient is computed as soon as
/// batch b - N is written, and written when its turn comes: N - 1 updates
/// late.
bool training_leg::walk_in_turn(worker_slot& slot) {
  const std::size_t batches = first_batch_.back();
  for (std::size_t written = 0; written < 64; ++written) {
    if (slot.batch >= batches || should_stop()) {
      return leave(slot);
    }
    const kernels::sgd_chunk batch = open_batch(slot, slot.batch);
    if (!slot.looked) {
      slot.moves = objective_.look(batch, slot.scratch);
      slot.looked = true;
    }
    if (setup_->plan.deterministic && !turns_.is_at(slot.batch)) {
      return true;  // one thread: the others must come to theirs
    }
    if (!turns_.wait_for(slot.batch)) {
      static_cast<void>(should_stop());
      return leave(slot);
    }
    if (slot.moves) {
      objective_.write(batch, slot.scratch);
    }
    turns_.pass();
    count(batch.rows.size());
    slot.batch += setup_->workers;
    slot.looked = false;
  }
  return true;
}

}  // namespace sounder::actors
