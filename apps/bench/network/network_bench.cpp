// What does it cost to meet over the network?
//
//   network_bench [CERTIFICATE KEY AUTHORITY]
//
// Nodes are processes of this machine, talking over loopback; with files, over
// TLS. Four questions, each as ratios within one run: a star's exchange of 4
// and 40 MB, up and down, against the same bytes over a plain TCP connection;
// an exchange of 16 floats against TCP's round trip; all-reduce against
// OpenMPI over TCP and gloo's ring, where these are installed; what 2 to 16
// nodes really send a step, as the loopback counts it, against the formulas.

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <fmt/core.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "actors/node/node.hpp"
#include "actors/run/train.hpp"
#include "apps/bench/bench_support.hpp"
#include "apps/bench/network/processes.hpp"
#include "kernels/model/linear.hpp"
#include "topology/systems.hpp"
#include "topology/traffic.hpp"

namespace {

using namespace sounder;
using bench::peer_process;

// --- plain TCP ---

void send_all(int to, const char* bytes, std::size_t n) {
  while (n > 0) {
    const ssize_t sent = send(to, bytes, n, MSG_NOSIGNAL);
    if (sent <= 0) {
      throw std::runtime_error("the plain connection broke");
    }
    bytes += sent;
    n -= static_cast<std::size_t>(sent);
  }
}

bool receive_all(int from, char* bytes, std::size_t n) {
  while (n > 0) {
    const ssize_t got = recv(from, bytes, n, 0);
    if (got <= 0) {
      return false;
    }
    bytes += got;
    n -= static_cast<std::size_t>(got);
  }
  return true;
}

int no_delay(int s) {
  const int on = 1;
  setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return s;
}

/// Takes a number and so many bytes, and sends as many back.
void serve_plainly(const std::function<void(int)>& say) {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in at = {};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof at;
  if (bind(listener, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0 ||
      listen(listener, 1) != 0 ||
      getsockname(listener, reinterpret_cast<sockaddr*>(&at), &length) != 0) {
    return;
  }
  say(ntohs(at.sin_port));
  std::vector<char> bytes;
  for (;;) {
    const int peer = no_delay(accept(listener, nullptr, nullptr));
    std::uint64_t n = 0;
    while (receive_all(peer, reinterpret_cast<char*>(&n), sizeof n)) {
      bytes.resize(n);
      if (!receive_all(peer, bytes.data(), n)) {
        break;
      }
      send_all(peer, bytes.data(), n);
    }
    close(peer);
  }
}

/// Median seconds to send n bytes and to get n back.
double plain_exchange(int port, std::size_t n, unsigned rounds) {
  const int s = no_delay(socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in at = {};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  at.sin_port = htons(static_cast<std::uint16_t>(port));
  if (connect(s, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0) {
    throw std::runtime_error("the plain server does not answer");
  }
  std::vector<char> bytes(n, 'x');
  std::vector<double> times;
  const std::uint64_t number = n;
  for (unsigned k = 0; k < rounds; ++k) {
    times.push_back(bench::seconds([&] {
      send_all(s, reinterpret_cast<const char*>(&number), sizeof number);
      send_all(s, bytes.data(), n);
      receive_all(s, bytes.data(), n);
    }));
  }
  close(s);
  std::sort(times.begin(), times.end());
  return bench::median(times);
}

// --- sounder ---

actors::tls_files tls;

void serve_as_node(const std::function<void(int)>& say) {
  actors::node_options options;
  options.tls = tls;
  options.ready = [&](const actors::node_address& at) { say(at.port); };
  actors::serve(options);
}

/// Few samples of few features, so that a step costs nothing next to a
/// meeting of all `features` parameters.
kernels::dataset wide(std::size_t rows, std::size_t features) {
  constexpr std::size_t each = 4;
  kernels::sparse_storage storage;
  storage.start.resize(rows + 1);
  storage.index.resize(rows * each);
  storage.value.resize(rows * each);
  std::vector<float> labels;
  storage.start[0] = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    storage.start[i + 1] = (i + 1) * each;
    for (std::size_t k = 0; k < each; ++k) {
      storage.index[i * each + k] = static_cast<std::uint32_t>(
          k * (features / each) + i % (features / each));
      storage.value[i * each + k] = 1.0F;
    }
    labels.push_back(i % 2 == 0 ? 1.0F : -1.0F);
  }
  return {std::move(storage), std::move(labels), features};
}

/// Samples that have all features: a step takes its time.
kernels::dataset full(std::size_t rows, std::size_t features) {
  kernels::dense_storage storage;
  storage.bytes.resize(rows * features);
  storage.scale = 1e-3F;
  std::vector<float> labels;
  for (std::size_t i = 0; i < rows; ++i) {
    std::fill_n(storage.bytes.data() + i * features, features, i % 2);
    labels.push_back(i % 2 == 0 ? 1.0F : -1.0F);
  }
  return {std::move(storage), std::move(labels), features};
}

actors::training_plan plan_for(const kernels::dataset& data,
                               const std::string& system, unsigned replicas,
                               std::size_t tau = 1) {
  topology::wiring_options options;
  options.replicas = replicas;
  options.tau = tau;
  actors::training_plan plan;
  plan.graph = *topology::by_name(system, options);
  plan.objective = kernels::make_linear(kernels::linear_model::svm, data, 2,
                                        {kernels::penalty_form::l2, 0.0});
  plan.epochs = 1;
  plan.tls = tls;
  return plan;
}

void place(actors::training_plan& plan,
           const std::vector<peer_process>& nodes) {
  std::size_t next = 0;
  for (topology::replica& each : plan.graph.replicas) {
    if (!each.is_hub()) {
      each.place = nodes[next++].address();
    }
  }
}

/// The link's median seconds from the start of a meeting to its end.
double meeting_seconds(const actors::run_report& report) {
  if (report.stop_reason != actors::stop_reason::epochs_done ||
      report.links.empty()) {
    throw std::runtime_error("the run did not end well: " + report.message);
  }
  double longest = 0.0;
  for (const actors::link_record& link : report.links) {
    longest = std::max(longest, 1e-6 * link.latency_us.p50);
  }
  return longest;
}

double star_exchange(const peer_process& node, std::size_t floats,
                     unsigned rounds) {
  const kernels::dataset data = wide(rounds, floats);
  actors::training_plan plan = plan_for(data, "star", 1);
  const actors::run_report here = actors::train(plan, data);
  plan.graph.replicas.back().place = node.address();
  const actors::run_report there = actors::train(plan, data);
  if (here.parameters != there.parameters) {
    throw std::runtime_error("the exchange over the network is wrong");
  }
  return meeting_seconds(there);
}

double all_reduce(const std::vector<peer_process>& nodes, std::size_t ranks,
                  std::size_t floats, unsigned rounds) {
  const kernels::dataset data = wide(rounds * ranks, floats);
  actors::training_plan plan =
      plan_for(data, "allreduce", static_cast<unsigned>(ranks));
  const actors::run_report here = actors::train(plan, data);
  place(plan, nodes);
  const actors::run_report there = actors::train(plan, data);
  for (std::size_t j = 0; j < floats; ++j) {
    if (std::abs(here.parameters[j] - there.parameters[j]) > 1e-5F) {
      throw std::runtime_error("the all-reduce over the network is wrong");
    }
  }
  return meeting_seconds(there);
}

// --- bytes ---

/// Bytes that the loopback has carried.
double loopback_bytes() {
  std::ifstream counters("/sys/class/net/lo/statistics/tx_bytes");
  double bytes = 0.0;
  counters >> bytes;
  return bytes;
}

/// What a run sends, in all and by the links' own count.
struct sent {
  double loopback = 0.0;
  double links = 0.0;
};
sent bytes_of(const actors::training_plan& plan, const kernels::dataset& data) {
  const double before = loopback_bytes();
  const actors::run_report report = actors::train(plan, data);
  sent all{loopback_bytes() - before, 0.0};
  meeting_seconds(report);  // or it has failed
  for (const actors::link_record& link : report.links) {
    all.links += static_cast<double>(link.bytes);
  }
  return all;
}

/// The steps between two meetings take some milliseconds: tokens and updates
/// that are slower than that would be fewer than the formula says. What a run
/// begins and ends with is the same in a short one and a long one.
void compare_bytes(const std::vector<peer_process>& nodes) {
  constexpr std::size_t floats = 20'000;
  constexpr std::size_t rows = 64;   // of a replica
  constexpr unsigned a_meeting = 8;  // epochs
  constexpr std::size_t tau = a_meeting * rows;
  constexpr unsigned few = 2 * a_meeting;
  constexpr unsigned many = 42 * a_meeting;
  fmt::print(
      "\nMB in the {} steps between two meetings, all of N replicas together, "
      "{} KB of parameters: by the formula, as the links count, on the "
      "loopback (everything, headers and control included)\n"
      "  {:<14}{:>4}{:>12}{:>12}{:>12}\n",
      tau, floats * 4 / 1000, "system", "N", "formula", "links", "loopback");
  for (const char* const system :
       {"star", "allreduce", "d-psgd", "hogwildpp", "all-to-all"}) {
    for (const unsigned n : {2U, 4U, 8U, 16U}) {
      const kernels::dataset data = full(rows * n, floats);
      actors::training_plan plan = plan_for(data, system, n, tau);
      place(plan, nodes);
      const double formula =
          topology::traffic_of(plan.graph, 4.0 * static_cast<double>(floats))
              .total.bytes *
          static_cast<double>(tau);
      plan.evaluate_every = many;
      plan.epochs = few;
      const sent short_run = bytes_of(plan, data);
      plan.epochs = many;
      const sent long_run = bytes_of(plan, data);
      const auto in_a_leg = [](double longer, double shorter) {
        return 1e-6 * a_meeting * (longer - shorter) / (many - few);
      };
      fmt::print("  {:<14}{:>4}{:>12.3f}{:>12.3f}{:>12.3f}\n", system, n,
                 1e-6 * formula, in_a_leg(long_run.links, short_run.links),
                 in_a_leg(long_run.loopback, short_run.loopback));
    }
  }
}

// --- others ---

/// The number that a command prints; nothing when it cannot run.
double number_from(const std::string& command) {
  FILE* const out = popen((command + " 2> /dev/null").c_str(), "r");
  double number = 0.0;
  const bool is_there = out != nullptr && fscanf(out, "%lf", &number) == 1;
  const int status = out == nullptr ? -1 : pclose(out);
  return is_there && status == 0 ? number : std::nan("");
}

std::string beside(const char* self, const std::string& name) {
  return (std::filesystem::canonical(self).parent_path() / name).string();
}

void print_ratio(const std::string& what, double ours, double theirs) {
  fmt::print("  {:<34}", what);
  if (std::isnan(theirs)) {
    fmt::print("not installed\n");
  } else {
    fmt::print("{:>8.2f} ms, {:.2f} of its rate\n", 1e3 * theirs,
               theirs / ours);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 4) {
    tls = {argv[1], argv[2], argv[3]};
  }
  const peer_process plain(serve_plainly);
  std::vector<peer_process> nodes;
  for (int k = 0; k < 16; ++k) {
    nodes.emplace_back(serve_as_node);
  }
  fmt::print("{}{}\n", bench::machine(), tls.is_on() ? ", over TLS" : "");

  for (const std::size_t mb : {4U, 40U}) {
    const std::size_t bytes = mb * 1'000'000;
    const unsigned rounds = mb == 4 ? 64 : 24;
    const double ours = star_exchange(nodes[0], bytes / 4, rounds);
    fmt::print("\nstar, {} MB up and down: {:.2f} ms, {:.0f} MB/s\n", mb,
               1e3 * ours, 2e-6 * static_cast<double>(bytes) / ours);
    print_ratio("plain TCP", ours, plain_exchange(plain.port(), bytes, rounds));
  }

  const double small = star_exchange(nodes[0], 16, 2000);
  const double trip = plain_exchange(plain.port(), 64, 2000);
  fmt::print(
      "\nstar, 16 floats: {:.0f} us; plain TCP's round trip {:.0f} us: "
      "{:.2f}x\n",
      1e6 * small, 1e6 * trip, small / trip);

  for (const std::size_t ranks : {2U, 4U}) {
    for (const std::size_t mb : {1U, 10U, 100U}) {
      const std::size_t floats = mb * 250'000;
      const unsigned rounds = mb == 100 ? 9 : 25;
      const double ours = all_reduce(nodes, ranks, floats, rounds);
      fmt::print("\nall-reduce, {} nodes, {} MB: {:.2f} ms\n", ranks, mb,
                 1e3 * ours);
      print_ratio(
          "OpenMPI over TCP", ours,
          number_from(fmt::format(
              "mpirun --allow-run-as-root --oversubscribe -n {} --mca btl "
              "tcp,self {} {} {}",
              ranks, beside(argv[0], "mpi_all_reduce"), floats, rounds)));
      print_ratio("gloo's ring", ours,
                  number_from(fmt::format("{} {} {} {}",
                                          beside(argv[0], "gloo_all_reduce"),
                                          ranks, floats, rounds)));
    }
  }
  compare_bytes(nodes);
}
