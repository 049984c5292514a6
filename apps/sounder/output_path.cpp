#include "apps/sounder/output_path.hpp"

#include <filesystem>

#include <fmt/format.h>
#include <unistd.h>

#include "kernels/data/atomic_file.hpp"

namespace sounder::app {

namespace {

constexpr const char* standard_output = "/dev/stdout";

}  // namespace

bool are_same(const std::string& a, const std::string& b) {
  std::error_code unknown;
  return std::filesystem::equivalent(a, b, unknown) ||
         std::filesystem::absolute(a).lexically_normal() ==
             std::filesystem::absolute(b).lexically_normal();
}

std::string output_path(const settings& values, const std::string& option) {
  const std::string& text = values.text(option);
  return text == "-" ? standard_output : text;
}

const std::string& output_file(const settings& values,
                               const std::string& option) {
  const std::string path = output_path(values, option);
  if (kernels::descriptor_named(path) == STDOUT_FILENO) {
    values.fail(option, "standard output has the result; name a file");
  }
  return values.text(option);
}

void check_outputs(const settings& values, const std::string& first,
                   const std::string& second) {
  const std::string path = output_path(values, first);
  const std::string other = output_path(values, second);
  if (!path.empty() && !other.empty() && path != "/dev/null" &&
      are_same(path, other)) {
    values.fail(second, fmt::format("is where --{} goes, too; name another "
                                    "file",
                                    first));
  }
}

}  // namespace sounder::app
