#pragma once

// Why actors end, and who may end them: from exceptions to reasons, and from
// reasons to words.

#include <exception>
#include <string>

#include <caf/all.hpp>

namespace sounder::actors {

/// For set_exception_handler: ends the actor with what the exception says, and
/// through links the run. Code of users (objectives, rules) may throw.
inline caf::error as_exit_reason(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& problem) {
    return caf::make_error(caf::sec::runtime_error, problem.what());
  } catch (...) {
    return caf::make_error(caf::sec::runtime_error, "an unknown exception");
  }
}

/// Whether an actor ended like that: others were told to, or have lost their
/// connection.
inline bool is_failure(const caf::error& reason) {
  return reason && (reason.category() != caf::atom("exit") ||
                    reason == caf::exit_reason::unhandled_exception);
}

/// Whether somebody of that process has sent the message at hand.
template <class Self>
bool is_from(Self* self, const caf::node_id& process) {
  const caf::strong_actor_ptr& sender = self->current_sender();
  return sender && sender->node() == process;
}
template <class Self>
bool is_from_own_process(Self* self) {
  return is_from(self, self->node());
}

/// Has an actor end by exit messages of its own process alone: CAF delivers
/// those of anybody who connects. None without a sender, which CAF says are of
/// the actor itself: they may come from anywhere.
template <class Self, class Otherwise>
void end_by_own_process(Self* self, Otherwise otherwise) {
  self->set_exit_handler([=](const caf::exit_msg& told) {
    const bool has_no_name = !told.source || told.source == self->address();
    if (has_no_name || told.source.node() != self->node()) {
      otherwise();
    } else if (told.reason) {
      self->quit(told.reason);
    }
  });
}
template <class Self>
void end_by_own_process(Self* self) {
  end_by_own_process(self, [] {});
}

/// What an error says, for people.
inline std::string words_of(const caf::actor_system& system,
                            const caf::error& problem) {
  if (problem.context().match_elements<std::string>()) {
    return problem.context().get_as<std::string>(0);
  }
  return problem == caf::exit_reason::user_shutdown ? "it was told to end"
                                                    : system.render(problem);
}

}  // namespace sounder::actors
