// sounder launch: node processes here or on other hosts, a run over them, and
// their end.

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <set>
#include <thread>

#include <fmt/format.h>

#include "actors/node/network.hpp"
#include "apps/sounder/child_process.hpp"
#include "apps/sounder/commands.hpp"
#include "apps/sounder/network_options.hpp"
#include "apps/sounder/options.hpp"
#include "apps/sounder/progress.hpp"
#include "apps/sounder/wiring_options.hpp"
#include "kernels/nearest.hpp"
#include "topology/graph.hpp"

namespace sounder::app {

namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

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

/// "me@host" logs in there as me; an IPv6 address may stand in brackets.
std::string without_user(const std::string& host) {
  const std::string name = host.substr(host.find('@') + 1);
  const bool has_brackets =
      name.size() > 2 && name.front() == '[' && name.back() == ']';
  return has_brackets ? name.substr(1, name.size() - 2) : name;
}

/// The same as ssh knows it.
std::string with_user(const std::string& host) {
  return host.substr(0, host.find('@') + 1) + without_user(host);
}

void check_hosts(const request& r) {
  std::set<std::string> known;
  for (const std::string& host : r.hosts) {
    if (without_user(host).empty() || host.front() == '-') {
      throw usage_error("--ssh: '" + host + "' is no host");
    }
    if (!known.insert(without_user(host)).second) {
      throw usage_error("--ssh: '" + without_user(host) +
                        "' is there twice; a host has one node");
    }
  }
  try {
    static_cast<void>(actors::parse_address("x:" + r.port));
  } catch (const std::invalid_argument&) {
    throw usage_error("--port: '" + r.port + "' is no port, 1 to 65535");
  }
}

/// Names of places in the wiring file, in the order in which they appear; a
/// place that is an address is where it is.
std::vector<std::string> places_to_deal(const settings& asked) {
  std::vector<std::string> places;
  if (!asked.has("wiring")) {
    return places;
  }
  for (const topology::replica& r : read_wiring_file(asked).graph.replicas) {
    const bool is_name =
        !r.place.empty() && r.place.find(':') == std::string::npos;
    if (is_name &&
        std::find(places.begin(), places.end(), r.place) == places.end()) {
      places.push_back(r.place);
    }
  }
  return places;
}

void check_places(const std::vector<std::string>& places, std::size_t nodes) {
  if (places.size() > nodes) {
    throw usage_error(fmt::format(
        "--wiring: {} places ({}) for {} node{}; start as many", places.size(),
        fmt::join(places, ", "), nodes, nodes == 1 ? "" : "s"));
  }
}

/// A word that the shell at the other end takes for one.
std::string quoted(const std::string& word) {
  std::string text = "'";
  for (const char c : word) {
    text += c == '\'' ? "'\\''" : std::string(1, c);
  }
  return text + "'";
}

/// The command line of node number `k`, on its port or the one that it had. It
/// takes its options from here alone, and ends when its input does: over ssh,
/// with the connection.
std::vector<std::string> node_words(const request& r, const settings& asked,
                                    std::size_t k, const std::string& address) {
  std::vector<std::string> own = {"--ignore-environment", "--ends-with-input",
                                  "--quiet"};
  const std::vector<std::string> of_train = for_nodes(asked);
  own.insert(own.end(), of_train.begin(), of_train.end());
  std::vector<std::string> words;
  if (r.local > 0) {
    words = {"/proc/self/exe", "node"};
    if (!address.empty()) {
      own.push_back("--listen=" + address);
    }
    words.insert(words.end(), own.begin(), own.end());
    return words;
  }
  const std::string& host = r.hosts[k];
  actors::node_address at = actors::parse_address("x:" + r.port);
  at.host = without_user(host);
  own.push_back("--listen=" + at.text());
  words = {"ssh", with_user(host), r.program, "node"};
  std::transform(own.begin(), own.end(), std::back_inserter(words), quoted);
  return words;
}

/// The address in what a node prints; nothing in what others do, such as a
/// login shell that greets.
std::string address_in(std::string line) {
  const std::string mark = "listening on ";
  line.erase(line.find_last_not_of(" \r\t") + 1);
  const std::size_t at = line.rfind(mark);
  if (at == line.npos) {
    return "";
  }
  try {
    return actors::parse_address(line.substr(at + mark.size())).text();
  } catch (const std::invalid_argument&) {
    return "";
  }
}

/// Throws peer_error when it does not come to that.
std::string address_of(child_process& node, const std::string& name,
                       clock::time_point until) {
  std::string last;
  while (const auto line = node.read_line(until)) {
    std::string address = address_in(*line);
    if (!address.empty()) {
      return address;
    }
    last = line->empty() ? last : *line;
  }
  // What has ended it may be a signal to us all: let ours come first.
  std::this_thread::sleep_for(300ms);
  throw actors::peer_error(fmt::format(
      "{} did not start; {}", name,
      last.empty() ? "see its message" : fmt::format("it said '{}'", last)));
}

/// Nodes here or on other hosts, which live as long as this.
class started_nodes {
 public:
  started_nodes(const request& r, const settings& asked)
      : r_(r),
        asked_(asked),
        all_(r.local > 0 ? r.local : r.hosts.size()),
        addresses_(all_.size()) {
    for (std::size_t k = 0; k < all_.size(); ++k) {
      start(k);
    }
    for (std::size_t k = 0; k < all_.size(); ++k) {
      hear_from(k);
    }
  }
  started_nodes(const started_nodes&) = delete;
  started_nodes& operator=(const started_nodes&) = delete;
  /// Ends them all at once.
  ~started_nodes() {
    for (const auto& node : all_) {
      node->close_input();
    }
  }

  const std::vector<std::string>& addresses() const { return addresses_; }

  /// Starts those anew that have ended, where they were.
  void revive() {
    for (std::size_t k = 0; k < all_.size(); ++k) {
      if (all_[k]->has_ended()) {
        start(k);
        hear_from(k);
      }
    }
  }

 private:
  void start(std::size_t k) {
    all_[k] = std::make_unique<child_process>(
        node_words(r_, asked_, k, addresses_[k]),
        r_.local > 0 ? child_process::group_signals::blocked
                     : child_process::group_signals::ignored);
  }

  void hear_from(std::size_t k) {
    const std::string name =
        r_.local > 0 ? "a node" : "the node on " + r_.hosts[k];
    addresses_[k] = address_of(*all_[k], name, clock::now() + 30s);
  }

  const request& r_;
  const settings& asked_;
  std::vector<std::unique_ptr<child_process>> all_;
  std::vector<std::string> addresses_;
};

}  // namespace

int launch(const std::vector<std::string>& words) {
  request r = read(words);
  check_hosts(r);
  const command train = train_command();
  const settings asked = parse(train, r.train).values;
  if (asked.has("nodes")) {
    asked.fail("nodes", "launch starts the nodes; leave it out");
  }
  if (asked.flag("all-here")) {
    asked.fail("all-here", "is for sounder train; launch is for nodes");
  }
  const std::size_t count = r.local > 0 ? r.local : r.hosts.size();
  const std::vector<std::string> places = places_to_deal(asked);
  check_places(places, count);
  started_nodes nodes(r, asked);
  std::string list;
  for (std::size_t k = 0; k < count; ++k) {
    list += (k > 0 ? "," : "") +
            (k < places.size() ? places[k] + "=" : std::string()) +
            nodes.addresses()[k];
  }
  r.train.push_back("--nodes=" + list);
  return app::train(parse(train, r.train), [&] { nodes.revive(); });
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
         "it is a star,\nwithout --replicas there is one on each node; places "
         "that a --wiring names go\nto the nodes in the order of their "
         "appearance.\n";
}

}  // namespace sounder::app
