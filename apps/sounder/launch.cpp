// sounder launch: node processes here or on other hosts, a run over them, and
// their end.

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "actors/network.hpp"
#include "apps/sounder/commands.hpp"
#include "apps/sounder/network_options.hpp"
#include "apps/sounder/options.hpp"
#include "apps/sounder/progress.hpp"
#include "kernels/nearest.hpp"

extern char** environ;

namespace sounder::app {

namespace {

using namespace std::chrono_literals;

/// A process that prints the address it listens on; ended with the object.
class child {
 public:
  explicit child(const std::vector<std::string>& words) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
      throw std::system_error(errno, std::generic_category(), "pipe");
    }
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    std::vector<char*> arguments;
    for (const std::string& word : words) {
      arguments.push_back(const_cast<char*>(word.c_str()));
    }
    arguments.push_back(nullptr);
    const int problem = posix_spawnp(&id_, arguments[0], &actions, nullptr,
                                     arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    output_ = ends[0];
    if (problem != 0) {
      close(output_);
      throw std::system_error(problem, std::generic_category(), words[0]);
    }
  }
  child(child&& other) noexcept
      : id_(std::exchange(other.id_, -1)),
        output_(std::exchange(other.output_, -1)) {}
  child& operator=(child&&) = delete;

  ~child() {
    if (id_ > 0) {
      end();
    }
    if (output_ >= 0) {
      close(output_);
    }
  }

  /// The address that it prints. Throws peer_error after the deadline.
  std::string address(std::chrono::milliseconds deadline) {
    const std::string words = "listening on ";
    const auto until = std::chrono::steady_clock::now() + deadline;
    std::string line;
    while (line.find('\n') == line.npos) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
          until - std::chrono::steady_clock::now());
      pollfd waiting = {output_, POLLIN, 0};
      char text[256];
      const ssize_t n =
          poll(&waiting, 1, static_cast<int>(std::max<long>(left.count(), 0))) >
                  0
              ? read(output_, text, sizeof text)
              : 0;
      if (n <= 0) {
        throw actors::peer_error("a node did not start; see its message");
      }
      line.append(text, static_cast<std::size_t>(n));
    }
    if (line.rfind(words, 0) != 0) {
      throw actors::peer_error("a node did not start: " + line);
    }
    return line.substr(words.size(), line.find('\n') - words.size());
  }

 private:
  void end() const {
    kill(id_, SIGTERM);
    const auto until = std::chrono::steady_clock::now() + 3s;
    while (waitpid(id_, nullptr, WNOHANG) == 0) {
      if (std::chrono::steady_clock::now() > until) {
        kill(id_, SIGKILL);
        waitpid(id_, nullptr, 0);
        return;
      }
      std::this_thread::sleep_for(5ms);
    }
  }

  pid_t id_ = -1;
  int output_ = -1;
};

/// launch's own words, and train's.
struct request {
  unsigned local = 0;
  std::vector<std::string> hosts;
  std::string port = "4711";
  std::string program = "sounder";
  std::vector<std::string> train;
};

std::vector<std::string> cut(const std::string& list) {
  std::vector<std::string> items;
  std::size_t first = 0;
  while (first <= list.size()) {
    const std::size_t comma = std::min(list.find(',', first), list.size());
    items.push_back(list.substr(first, comma - first));
    first = comma + 1;
  }
  return items;
}

/// A word that is like one of launch's own.
void refuse_slips(const std::vector<std::string>& train) {
  constexpr std::array<std::string_view, 4> own = {"local", "ssh", "port",
                                                   "program"};
  for (const std::string& word : train) {
    if (!word.starts_with("--")) {
      continue;
    }
    const std::string name = word.substr(2, word.find('=') - 2);
    if (const std::string like = kernels::nearest(name, own); !like.empty()) {
      throw usage_error("unknown option --" + name + "; did you mean --" +
                        like + "?");
    }
  }
}

request read(const std::vector<std::string>& words) {
  request r;
  for (std::size_t k = 1; k < words.size(); ++k) {
    std::string name = words[k];
    std::string value;
    const std::size_t equals = name.find('=');
    const bool has_value = equals != name.npos;
    if (has_value) {
      value = name.substr(equals + 1);
      name = name.substr(0, equals);
    }
    if (name != "--local" && name != "--ssh" && name != "--port" &&
        name != "--program") {
      r.train.push_back(words[k]);
      continue;
    }
    if (!has_value && ++k < words.size()) {
      value = words[k];
    }
    if (value.empty()) {
      throw usage_error(name + " needs a value");
    }
    if (name == "--local") {
      char* end = nullptr;
      const unsigned long n = std::strtoul(value.c_str(), &end, 10);
      if (*end != '\0' || n < 1 || n > 256) {
        throw usage_error("--local: '" + value +
                          "' is not a number of nodes in 1 ... 256");
      }
      r.local = static_cast<unsigned>(n);
    } else if (name == "--ssh") {
      r.hosts = cut(value);
    } else {
      (name == "--port" ? r.port : r.program) = value;
    }
  }
  if (r.local == 0 && r.hosts.empty()) {
    refuse_slips(r.train);
  }
  if ((r.local == 0) == r.hosts.empty()) {
    throw usage_error(
        "launch needs --local N, for N nodes here, or --ssh HOST,HOST,..");
  }
  return r;
}

/// What a node needs of train's options, wherever they were given.
std::vector<std::string> for_nodes(const settings& train) {
  std::vector<std::string> words;
  for (const option& o : tls_options().options) {
    if (o.argument.empty() ? train.flag(o.name) : train.has(o.name)) {
      words.push_back("--" + o.name +
                      (o.argument.empty() ? "" : "=" + train.text(o.name)));
    }
  }
  return words;
}

/// "me@host" logs in there as me.
std::string without_user(const std::string& host) {
  return host.substr(host.find('@') + 1);
}

void check_hosts(const request& r) {
  for (const std::string& host : r.hosts) {
    if (without_user(host).empty() || host.front() == '-') {
      throw usage_error("--ssh: '" + host + "' is no host");
    }
  }
  const std::string at = "x:" + r.port;
  try {
    static_cast<void>(actors::parse_address(at));
  } catch (const std::invalid_argument&) {
    throw usage_error("--port: '" + r.port + "' is no port, 1 to 65535");
  }
}

}  // namespace

int launch(const std::vector<std::string>& words) {
  request r = read(words);
  check_hosts(r);
  const command train = train_command();
  const settings asked = parse(train, r.train).values;
  const std::size_t count = r.local > 0 ? r.local : r.hosts.size();
  if (!asked.has("wiring") && !asked.has("replicas") &&
      asked.text("topology") == "auto") {
    r.train.push_back("--replicas=" + std::to_string(count));
  }
  std::vector<child> nodes;
  std::string addresses;
  for (std::size_t k = 0; k < count; ++k) {
    std::vector<std::string> node;
    if (r.local > 0) {
      node = {"/proc/self/exe", "node", "--ends-with-parent", "--quiet"};
    } else {
      // A terminal of its own ends the node when the connection goes.
      node = {"ssh",      "-tt",
              r.hosts[k], r.program,
              "node",     "--quiet",
              "--listen", without_user(r.hosts[k]) + ":" + r.port};
    }
    const std::vector<std::string> own = for_nodes(asked);
    node.insert(node.end(), own.begin(), own.end());
    nodes.emplace_back(node);
  }
  for (child& node : nodes) {
    addresses += (addresses.empty() ? "" : ",") + node.address(30s);
  }
  r.train.push_back("--nodes=" + addresses);
  return train.run(parse(train, r.train));
}

std::string launch_help() {
  return "Usage: sounder launch --local N [options of train]\n"
         "       sounder launch --ssh HOST,HOST,.. [options of train]\n"
         "\n"
         "Starts nodes, trains over them, and ends them.\n"
         "\n"
         "  sounder launch --local 2 --generate p1 --topology star\n"
         "  sounder launch --ssh a,b --data train.svm.xz --topology easgd \\\n"
         "    --tls-cert me.pem --tls-key me.key --tls-ca ca.pem\n"
         "\n"
         "  --local N        so many node processes on this machine\n"
         "  --ssh A,B,..     a node on each of these hosts, by ssh\n"
         "  --port N         where they listen there [4711]\n"
         "  --program PATH   the program there [sounder]\n"
         "\n"
         "All other options are those of sounder train. Without a --topology "
         "it is a star\nwith a replica on each node.\n";
}

}  // namespace sounder::app
