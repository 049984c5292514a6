#include "topology/fields.hpp"

#include <array>

namespace sounder::topology {

std::string_view name(const sharing_rule& rule) noexcept {
  static constexpr std::array<std::string_view,
                              std::variant_size_v<sharing_rule>>
      names = {"lock-free", "write-lock", "coordinate-lock", "cyclic-turns"};
  return names[rule.index()];
}

}  // namespace sounder::topology
