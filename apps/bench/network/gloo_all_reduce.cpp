// gloo's ring all-reduce (sum of floats) between processes of this machine, to
// compare with:
//
//   gloo_all_reduce RANKS FLOATS ROUNDS
//
// prints the median seconds of a round, after checking the result.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include <gloo/allreduce.h>
#include <gloo/barrier.h>
#include <gloo/rendezvous/context.h>
#include <gloo/rendezvous/file_store.h>
#include <gloo/transport/tcp/device.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

double median_seconds(const char* meeting_place, int rank, int ranks,
                      std::size_t floats, int rounds) {
  gloo::transport::tcp::attr where;
  where.hostname = "127.0.0.1";
  auto device = gloo::transport::tcp::CreateDevice(where);
  gloo::rendezvous::FileStore store(meeting_place);
  auto context = std::make_shared<gloo::rendezvous::Context>(rank, ranks);
  context->connectFullMesh(store, device);
  std::vector<float> own(floats);
  std::vector<double> seconds;
  for (int round = 0; round < rounds; ++round) {
    std::fill(own.begin(), own.end(), static_cast<float>(rank + 1));
    gloo::BarrierOptions together(context);
    gloo::barrier(together);
    const auto start = std::chrono::steady_clock::now();
    gloo::AllreduceOptions options(context);
    options.setOutput(own.data(), floats);
    options.setAlgorithm(gloo::AllreduceOptions::Algorithm::RING);
    options.setReduceFunction(
        static_cast<void (*)(void*, const void*, const void*, std::size_t)>(
            &gloo::sum<float>));
    gloo::allreduce(options);
    seconds.push_back(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
            .count());
    const float sum = static_cast<float>(ranks * (ranks + 1) / 2);
    if (own.front() != sum || own.back() != sum) {
      std::fprintf(stderr, "the all-reduce is wrong\n");
      std::exit(1);
    }
  }
  std::sort(seconds.begin(), seconds.end());
  return seconds[seconds.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    return 2;
  }
  const int ranks = std::atoi(argv[1]);
  const auto floats = static_cast<std::size_t>(std::atol(argv[2]));
  const int rounds = std::atoi(argv[3]);
  char place[] = "/tmp/gloo-XXXXXX";
  if (mkdtemp(place) == nullptr) {
    return 1;
  }
  for (int rank = 1; rank < ranks; ++rank) {
    if (fork() == 0) {
      median_seconds(place, rank, ranks, floats, rounds);
      _exit(0);
    }
  }
  std::printf("%.9f\n", median_seconds(place, 0, ranks, floats, rounds));
  while (wait(nullptr) > 0) {
  }
  const std::string clean = std::string("rm -r ") + place;
  return std::system(clean.c_str()) == 0 ? 0 : 1;
}
