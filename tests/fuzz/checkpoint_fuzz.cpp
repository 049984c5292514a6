// Checkpoints: any bytes as a file, and as fields behind a right checksum. What
// is read is written again as it was.

#include <algorithm>
#include <span>

#include "actors/run/checkpoint.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace a = sounder::actors;
namespace f = sounder::fuzz;

namespace {

a::checkpoint some() {
  a::checkpoint made;
  made.last.epoch = 3;
  made.last.test_loss = 0.5;
  made.words = "{}";
  made.wiring = "a wiring";
  made.states = {{"r1", {'a', 'b'}}, {"hub", {}}};
  made.parameters = {1.0F, -2.0F};
  return made;
}

std::string text_of(std::vector<std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void read_fields(std::span<const std::byte> bytes) {
  a::state_archive body(bytes);
  a::checkpoint found;
  found.keep(body);
  a::state_archive again;
  found.keep(again);
  const std::vector<std::byte> written = again.take();
  f::promise(written.size() + body.left() == bytes.size() &&
                 std::equal(written.begin(), written.end(), bytes.begin()),
             "what is read is written again");
}

}  // namespace

std::vector<std::string> sounder::fuzz::seeds() {
  a::state_archive fields;
  some().keep(fields);
  return {::text_of(a::write_checkpoint(some())), ::text_of(fields.take())};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  try {
    static_cast<void>(a::read_checkpoint(bytes));
  } catch (const a::state_error&) {
  }
  try {
    read_fields(bytes);
  } catch (const a::state_error&) {
  }
  return 0;
}
