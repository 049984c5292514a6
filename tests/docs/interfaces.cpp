// Prints what each actor takes in and answers, as docs/reference/protocol.md
// has it: "| actor | `message`, what it carries | answer |". From the types
// that the compiler checks actors against, so it cannot say anything else.

#include <cstdio>
#include <string>

#include "actors/messages.hpp"

namespace {

using namespace sounder::actors;

template <class T>
struct word;  // of a type, on the page; every type has one

#define SOUNDER_WORD(type, text)             \
  template <>                                \
  struct word<type> {                        \
    static std::string of() { return text; } \
  }

SOUNDER_WORD(bool, "bool");
SOUNDER_WORD(std::uint16_t, "u16");
SOUNDER_WORD(std::uint32_t, "u32");
SOUNDER_WORD(std::uint64_t, "u64");
SOUNDER_WORD(std::string, "text");
SOUNDER_WORD(std::vector<char>, "bytes");
SOUNDER_WORD(parameters, "`parameters`");
SOUNDER_WORD(assignment, "`assignment`");
SOUNDER_WORD(phase_result, "`phase_result`");
SOUNDER_WORD(progress_report, "`progress_report`");
SOUNDER_WORD(samples_held, "`samples_held`");
SOUNDER_WORD(opened_ports, "`opened_ports`");
SOUNDER_WORD(replica_list, "`replica_list`");
SOUNDER_WORD(leader_actor, "leader");
SOUNDER_WORD(job_ptr, "`job`");
SOUNDER_WORD(blocking_work, "what to do");
SOUNDER_WORD(evaluation_ptr, "`evaluation`");
SOUNDER_WORD(epoch_record_ptr, "`epoch_record`");
SOUNDER_WORD(run_report_ptr, "`run_report`");

template <caf::atom_value Name>
struct word<caf::atom_constant<Name>> {
  static std::string of() { return "`" + caf::to_string(Name) + "`"; }
};

template <>
struct word<void> {
  static std::string of() { return "-"; }
};

template <class... Types>
std::string words() {
  std::string text;
  ((text += (text.empty() ? "" : ", ") + word<Types>::of()), ...);
  return text;
}

template <class... In, class... Out>
void print(
    const char* actor,
    caf::typed_mpi<caf::detail::type_list<In...>, caf::output_tuple<Out...>>) {
  std::printf("| %s | %s | %s |\n", actor, words<In...>().c_str(),
              words<Out...>().c_str());
}

template <class... Signatures>
void print_all(const char* actor, caf::detail::type_list<Signatures...>) {
  (print(actor, Signatures()), ...);
}

template <class Actor>
void print(const char* name) {
  print_all(name, typename Actor::signatures());
}

}  // namespace

int main() {
  print<hub_actor>("hub");
  print<token_actor>("token");
  print<evaluator_actor>("evaluator");
  print<whole_replica>("replica");
  print<worker_actor>("worker");
  print<recorder_actor>("recorder");
  print<whole_run>("run");
  print<offload_actor>("offload");
  print<leader_actor>("leader");
  print<whole_node>("node");
}
