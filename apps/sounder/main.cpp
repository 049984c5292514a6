// sounder: finds the command, runs it, turns what goes wrong into one line on
// stderr and an exit code.

#include <exception>
#include <new>
#include <string>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "actors/node/network.hpp"
#include "apps/sounder/commands.hpp"
#include "apps/sounder/progress.hpp"
#include "apps/sounder/signals.hpp"
#include "apps/sounder/training_run.hpp"
#include "kernels/data/data_error.hpp"
#include "kernels/nearest.hpp"

namespace sounder::app {

namespace {

enum exit_codes { done = 0, failed = 1, usage = 2, data = 3, peer = 4 };

std::vector<command> commands() {
  return {train_command(),    evaluate_command(), predict_command(),
          compare_command(),  model_command(),    topology_command(),
          node_command(),     status_command(),   info_command(),
          generate_command(), convert_command(),  split_command()};
}

std::string overview(const std::vector<command>& all) {
  std::string text =
      "sounder: asynchronous SGD, an actor runtime\n\n"
      "  sounder COMMAND [--option value ...]\n\n";
  for (const command& c : all) {
    text += fmt::format("  {:<15} {}\n", c.name, c.summary);
  }
  text += fmt::format("  {:<15} {}\n", "launch",
                      "starts nodes, trains over them, and ends them");
  return text +
         "\nsounder COMMAND --help explains a command, with examples.\n"
         "sounder --version prints the version.\n";
}

/// The words that may name a command: two for "data info".
std::string first_words(const std::vector<std::string>& words, bool two) {
  return words[0] + (two && words.size() > 1 ? " " + words[1] : "");
}

bool is_of_data(const command& c) { return c.name.starts_with("data "); }

/// A line for each command of data.
std::string data_commands(const std::vector<command>& all) {
  std::string text;
  for (const command& c : all) {
    text +=
        is_of_data(c) ? fmt::format("  {:<15} {}\n", c.name, c.summary) : "";
  }
  return text;
}

[[noreturn]] void refuse(const std::vector<command>& all,
                         const std::vector<std::string>& words) {
  const std::string word = first_words(words, words[0] == "data");
  std::vector<std::string> names = {"launch", "help"};
  std::string like;
  for (const command& c : all) {
    names.push_back(c.name);
    like = c.name == "data " + word ? c.name : like;  // "info"
  }
  like = like.empty() ? kernels::nearest(word, names) : like;
  throw usage_error(fmt::format(
      "'{}' is not a command; {}", word,
      !like.empty()        ? "did you mean " + like + "?"
      : words[0] == "data" ? "data has info, generate, convert and split"
                           : "see sounder --help"));
}

/// The command that the first words name; takes these words away.
const command& find(const std::vector<command>& all,
                    std::vector<std::string>& words) {
  for (const command& c : all) {
    const std::size_t count = is_of_data(c) ? 2 : 1;
    if (words.size() >= count && first_words(words, count == 2) == c.name) {
      words.erase(words.begin(),
                  words.begin() + static_cast<std::ptrdiff_t>(count));
      return c;
    }
  }
  refuse(all, words);
}

bool asks_for_help(const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    if (word == "--help" || word == "-h") {
      return true;
    }
  }
  return false;
}

int dump(const command& c, const invocation& given) {
  std::string text = given.values.as_config(c.groups);
  for (const experiment& e : given.experiments) {
    text += fmt::format("\n[{}]\n", e.name) + e.values.as_config(c.groups);
  }
  print(text);
  return done;
}

int dispatch(std::vector<std::string> words) {
  const std::vector<command> all = commands();
  if (words.empty()) {
    throw usage_error("no command; see sounder --help");
  }
  if (words[0] == "--version") {
    print("sounder " SOUNDER_VERSION "\n");
    return done;
  }
  if (words[0] == "--help" || words[0] == "-h" || words[0] == "help" ||
      (words[0] == "data" && words.size() == 2 && asks_for_help(words))) {
    print(overview(all));
    return done;
  }
  if (words == std::vector<std::string>{"data"}) {
    print(data_commands(all));
    return done;
  }
  if (words[0] == "launch") {
    if (asks_for_help(words)) {
      print(launch_help());
      return done;
    }
    return launch(words);
  }
  const command& chosen = find(all, words);
  if (asks_for_help(words)) {
    print(help(chosen));
    return done;
  }
  const invocation given = parse(chosen, words);
  return given.values.flag("dump-config") ? dump(chosen, given)
                                          : chosen.run(given);
}

int fail(const std::string& what, int code) {
  complain(what);
  return code;
}

/// Gives closed standard streams a place, lest the next file opened take it
/// and receive what was meant for people.
void open_standard_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(stream, F_GETFD) < 0) {
      static_cast<void>(open("/dev/null", O_RDWR));  // the lowest free number
    }
  }
}

}  // namespace

int run_main(std::vector<std::string> words) {
  open_standard_streams();
  set_up_signals();
  try {
    return dispatch(std::move(words));
  } catch (const usage_error& e) {
    return fail(e.what(), usage);
  } catch (const actors::peer_error& e) {
    return fail(e.what(), peer);
  } catch (const kernels::data_error& e) {
    return fail(e.what(), data);
  } catch (const std::bad_alloc&) {
    return fail("out of memory; use fewer samples or features", failed);
  } catch (const std::system_error& e) {
    return fail(e.what(), data);
  } catch (const std::exception& e) {
    return fail(e.what(), failed);
  }
}

}  // namespace sounder::app

int main(int count, char** words) {
  return sounder::app::run_main({words + 1, words + count});
}
