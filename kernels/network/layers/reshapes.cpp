// The same values in another shape.

#include <algorithm>

#include <fmt/format.h>

#include "kernels/network/layers/d_in.hpp"
#include "kernels/network/layers/families.hpp"
#include "kernels/network/layers/matrices.hpp"

namespace sounder::kernels::layers {

namespace {

class reshape final : public layer {
 public:
  explicit reshape(shape out) : out_(out) {}

  shape output() const noexcept override { return out_; }
  bool works_in_place() const noexcept override { return true; }
  bool backward_reads_input() const noexcept override { return false; }

  void forward(const layer_pass& pass) const override {
    if (pass.out != pass.in[0]) {
      std::copy_n(pass.in[0], pass.batch * out_.size(), pass.out);
    }
  }

  void backward(const layer_pass& pass) const override {
    float* const d_in = pass.d_in[0];
    if (d_in != nullptr && d_in != pass.d_out) {
      const std::size_t n = pass.batch * out_.size();
      set_or_add(vector(d_in, n), vector(pass.d_out, n), pass.d_in_is_set[0]);
    }
  }

 private:
  shape out_;
};

/// The values of one step of a sequence: the last.
class last_step final : public layer {
 public:
  explicit last_step(shape in) : in_(in) {}

  shape output() const noexcept override { return {1, 1, in_.channels}; }
  bool backward_reads_input() const noexcept override { return false; }

  void forward(const layer_pass& pass) const override {
    for (std::size_t b = 0; b < pass.batch; ++b) {
      std::copy_n(pass.in[0] + (b + 1) * in_.size() - in_.channels,
                  in_.channels, pass.out + b * in_.channels);
    }
  }

  void backward(const layer_pass& pass) const override {
    const std::size_t n = in_.channels;
    float* const d_in = cleared_d_in(pass, pass.batch * in_.size());
    for (std::size_t b = 0; d_in != nullptr && b < pass.batch; ++b) {
      vector(d_in + (b + 1) * in_.size() - n, n) +=
          vector(pass.d_out + b * n, n);
    }
  }

 private:
  shape in_;
};

}  // namespace

void add_reshapes(std::vector<layer_kind>& kinds) {
  kinds.push_back(
      {"flatten", "an image as a vector",
       [](layer_words&, std::span<const shape> in) {
         return std::make_unique<reshape>(shape{1, 1, in[0].size()});
       },
       1, 1});
  kinds.push_back({"rows", "an image as the sequence of its rows",
                   [](layer_words&, std::span<const shape> in) {
                     return std::make_unique<reshape>(
                         shape{in[0].height, 1, in[0].width * in[0].channels});
                   },
                   1, 1});
  kinds.push_back({"last", "the last step of a sequence",
                   [](layer_words& words, std::span<const shape> in) {
                     if (in[0].width != 1) {
                       words.fail(
                           fmt::format("{} is no sequence of steps; "
                                       "'rows' makes one of an image",
                                       to_text(in[0])));
                     }
                     return std::make_unique<last_step>(in[0]);
                   },
                   1, 1});
}

}  // namespace sounder::kernels::layers
