// OpenMPI's all-reduce (sum of floats), to compare with:
//
//   mpirun -n N --mca btl tcp,self mpi_all_reduce FLOATS ROUNDS
//
// prints the median seconds of a round, after checking the result.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include <mpi.h>

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  const int floats = argc > 2 ? std::atoi(argv[1]) : 0;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 0;
  int rank = 0;
  int ranks = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  std::vector<double> seconds;
  std::vector<float> own(static_cast<std::size_t>(floats));
  for (int round = 0; round < rounds; ++round) {
    std::fill(own.begin(), own.end(), static_cast<float>(rank + 1));
    MPI_Barrier(MPI_COMM_WORLD);
    const double start = MPI_Wtime();
    MPI_Allreduce(MPI_IN_PLACE, own.data(), floats, MPI_FLOAT, MPI_SUM,
                  MPI_COMM_WORLD);
    seconds.push_back(MPI_Wtime() - start);
    const float sum = static_cast<float>(ranks * (ranks + 1) / 2);
    if (own.front() != sum || own.back() != sum) {
      std::fprintf(stderr, "the all-reduce is wrong\n");
      MPI_Abort(MPI_COMM_WORLD, 1);
    }
  }
  std::sort(seconds.begin(), seconds.end());
  if (rank == 0 && !seconds.empty()) {
    std::printf("%.9f\n", seconds[seconds.size() / 2]);
  }
  MPI_Finalize();
}
