#include "actors/replica/local_phase.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "kernels/data/random.hpp"

namespace sounder::actors {

namespace {

/// Tells what layers draw from other uses of the seed.
constexpr std::uint64_t drawing = 0x6472617765727321ULL;

}  // namespace

local_phase::local_phase(std::shared_ptr<const replica_setup> setup,
                         std::shared_ptr<replica_state> state, way along,
                         phase_schedule schedule)
    : setup_(std::move(setup)),
      state_(std::move(state)),
      along_(std::move(along)),
      objective_(along_.setup->objective_at(schedule.first)),
      schedule_(std::move(schedule)),
      close_turns_(setup_->stop, closing{turns_}) {
  std::size_t batches = 0;
  for (std::size_t c = schedule_.first; c < schedule_.last; ++c) {
    const auto [epoch, within] = along_.setup->cut.chunks().place_of(c);
    const epoch_cut& cut = along_.setup->cut.epoch(epoch);
    first_batch_.push_back(batches);
    batches += cut.batches(cut.chunks[within]);
  }
  first_batch_.push_back(batches);
}

bool local_phase::work(worker_slot& slot) {
  if (slot.working_on != this) {
    arrive(slot);
  }
  return std::holds_alternative<topology::cyclic_turns>(setup_->sharing) &&
                 !stops_at_gradient()
             ? walk_in_turn(slot)
             : walk_chunk(slot);
}

void local_phase::arrive(worker_slot& slot) {
  slot.working_on = this;
  slot.chunk = schedule_.last;
  slot.batch = slot.index;
  slot.looked = false;
  slot.since_exchange = 0;
  if (setup_->head > 0 && !slot.view) {
    slot.viewed = state_;
    slot.view =
        std::make_unique<kernels::private_head>(state_->vector, setup_->head);
  }
  const auto started = clock::now();
  if (slot.view) {
    slot.view->reload();
  }
  const std::scoped_lock lock(times_lock_);
  begin_ = std::min(begin_, started);
}

bool local_phase::leave(worker_slot& slot) {
  if (slot.view) {
    slot.view->exchange(slot.index * (setup_->head / setup_->workers));
  }
  slot.working_on = nullptr;
  const std::scoped_lock lock(times_lock_);
  end_ = std::max(end_, clock::now());
  return false;
}

bool local_phase::should_stop() {
  if (setup_->is_to_stop()) {
    stopped_.store(true, std::memory_order_relaxed);
    turns_.close();
  }
  return stopped_.load(std::memory_order_relaxed);
}

double local_phase::scale() const noexcept {
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

float* local_phase::weights_of(worker_slot& slot) const noexcept {
  return slot.view ? slot.view->data() : state_->vector.data();
}

kernels::sgd_chunk local_phase::open_chunk(worker_slot& slot,
                                           std::size_t chunk) {
  const replica_setup& along = *along_.setup;
  const auto [epoch, within] =
      along.cut.chunks().place_of(schedule_.first + chunk);
  const epoch_cut& cut = along.cut.epoch(epoch);
  const chunk_range& range = cut.chunks[within];
  if (slot.chunk != chunk) {
    slot.chunk = chunk;
    slot.rows.resize(range.last - range.first);
    along_.order->fill(static_cast<unsigned>(epoch), range.first, slot.rows);
    if (!along.rows.is_whole()) {
      for (std::uint32_t& row : slot.rows) {
        row = along.rows.row(row);
      }
    }
  }
  kernels::sgd_chunk opened;
  opened.data = &along.data;
  opened.rows = slot.rows;
  opened.weights = weights_of(slot);
  opened.optimizer = &state_->optimizer;
  opened.batch_size = cut.batch_size;
  opened.step_size = schedule_.starts[chunk].step_size;
  opened.scale = schedule_.starts[chunk].scale;
  opened.seed = kernels::random_stream(setup_->plan->seed ^ drawing,
                                       schedule_.first + chunk)
                    .next();
  return opened;
}

bool local_phase::walk_chunk(worker_slot& slot) {
  // A stop that comes when all chunks are taken stops nothing.
  if (next_chunk_.load() >= schedule_.starts.size() || should_stop()) {
    return leave(slot);
  }
  const std::size_t chunk = next_chunk_.fetch_add(1);
  if (chunk >= schedule_.starts.size()) {
    return leave(slot);
  }
  const kernels::sgd_chunk opened = open_chunk(slot, chunk);
  if (stops_at_gradient()) {
    static_cast<void>(objective_.look(opened, state_->stopped_at));
  } else if (std::holds_alternative<topology::lock_free>(setup_->sharing)) {
    step_lock_free(slot, opened);
  } else {
    step_guarded(slot, opened);
  }
  count(opened.rows.size());
  return true;
}

std::span<float> local_phase::gradient(double step_size) {
  std::vector<float>& found = state_->stopped_at.pending;
  if (schedule_.starts.empty()) {
    found.assign(state_->vector.size(), 0.0F);
  }
  found.push_back(static_cast<float>(step_size));
  return found;
}

void local_phase::step() {
  kernels::sgd_chunk batch;
  batch.weights = state_->vector.data();
  batch.step_size = static_cast<double>(state_->stopped_at.pending.back());
  batch.optimizer = &state_->optimizer;
  objective_.write(batch, state_->stopped_at);
}

void local_phase::count(std::size_t samples) noexcept {
  samples_.fetch_add(samples, std::memory_order_relaxed);
  state_->samples.fetch_add(samples, std::memory_order_relaxed);
}

void local_phase::step_lock_free(worker_slot& slot, kernels::sgd_chunk chunk) {
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

void local_phase::step_guarded(worker_slot& slot, kernels::sgd_chunk chunk) {
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

void local_phase::write_guarded(worker_slot& slot,
                                const kernels::sgd_chunk& batch) {
  if (std::holds_alternative<topology::write_lock>(setup_->sharing)) {
    const std::scoped_lock lock(state_->write_lock);
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
  state_->coordinate_lock.lock(slot.locked);
  objective_.write(batch, slot.scratch);
  state_->coordinate_lock.unlock(slot.locked);
}

kernels::sgd_chunk local_phase::open_batch(worker_slot& slot,
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
bool local_phase::walk_in_turn(worker_slot& slot) {
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
    if (setup_->plan->deterministic && !turns_.is_at(slot.batch)) {
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
