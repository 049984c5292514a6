// Whatever the bytes: what is accepted is of the length that was asked for, and
// says the same when it is said again.

#include <algorithm>
#include <bit>
#include <cstring>

#include "kernels/exchange/compress.hpp"
#include "kernels/exchange/exceptions.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

using namespace sounder;

constexpr kernels::packing forms[] = {
    kernels::packing::none, kernels::packing::fp16, kernels::packing::bf16,
    kernels::packing::int8, kernels::packing::top_k};

bool is_same(float a, float b) { return a == b || (a != a && b != b); }

/// What both ends know, where a list of exceptions is said against it.
std::vector<float> known(std::size_t n) {
  std::vector<float> m(n);
  for (std::size_t j = 0; j < n; ++j) {
    m[j] = static_cast<float>(j % 7) - 2.0F;
  }
  return m;
}

/// Two thirds of what is known, but for every tenth number.
std::vector<char> list_for(std::size_t n) {
  const std::vector<float> m = known(n);
  std::vector<float> x(n);
  std::vector<std::uint32_t> at;
  for (std::size_t j = 0; j < n; ++j) {
    x[j] = m[j] * 2.0F / 3.0F + (j % 10 == 3 ? 1.0F : 0.0F);
  }
  return kernels::find_exceptions(m.data(), x.data(), n, 2.0F / 3.0F, 1e-6F, at)
             ? kernels::encode_exceptions(x.data(), n, 2.0F / 3.0F, at)
             : kernels::encode_whole(x.data(), n);
}

void try_list(const std::vector<char>& bytes, std::size_t n) {
  const std::vector<float> m = known(n);
  std::vector<float> x(n);
  if (!kernels::decode_exceptions(m.data(), bytes, x.data(), n)) {
    return;
  }
  std::vector<float> y(n);
  fuzz::promise(kernels::decode_exceptions(
                    m.data(), kernels::encode_whole(x.data(), n), y.data(), n),
                "what is said as it is is decoded");
  fuzz::promise(std::equal(x.begin(), x.end(), y.begin(), is_same),
                "and says the same");
}

}  // namespace

/// A byte for the form, the last one for lists of exceptions, a byte for the
/// length, the packed numbers.
std::vector<std::string> sounder::fuzz::seeds() {
  std::vector<std::string> all;
  for (std::uint8_t form = 0; form < std::size(forms); ++form) {
    for (const std::size_t n : {1U, 4U, 100U, 255U}) {
      std::vector<float> x(n);
      for (std::size_t j = 0; j < x.size(); ++j) {
        x[j] = static_cast<float>(j * j) - 50.0F;
      }
      const auto bytes = kernels::encode({forms[form], 0.3}, x.data(), n);
      all.push_back(std::string{static_cast<char>(form), static_cast<char>(n)} +
                    std::string(bytes.begin(), bytes.end()));
    }
  }
  for (const std::size_t n : {1U, 40U, 255U}) {
    const auto bytes = list_for(n);
    all.push_back(
        std::string{static_cast<char>(std::size(forms)), static_cast<char>(n)} +
        std::string(bytes.begin(), bytes.end()));
  }
  return all;
}

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) {
    return 0;
  }
  const std::size_t kind = data[0] % (std::size(forms) + 1);
  const std::size_t n = data[1];
  const std::vector<char> bytes(data + 2, data + size);
  if (kind == std::size(forms)) {
    try_list(bytes, n);
    return 0;
  }
  const kernels::packing form = forms[kind];
  std::vector<float> x(n);
  if (!kernels::decode(form, bytes, x.data(), n)) {
    return 0;
  }
  // Whole numbers and their scale are rounded again, and may be larger than
  // what we would have sent.
  if (form != kernels::packing::int8) {
    const auto again = kernels::encode({form, 1.0}, x.data(), n);
    std::vector<float> y(n);
    fuzz::promise(kernels::decode(form, again, y.data(), n),
                  "what we encode is decoded");
    fuzz::promise(std::equal(x.begin(), x.end(), y.begin(), is_same),
                  "and says the same");
  }
  return 0;
}
