// Layers of several inputs: concatenation of channels, residual addition.

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "kernels/network/layers/d_in.hpp"
#include "kernels/network/layers/families.hpp"
#include "kernels/network/layers/matrices.hpp"

namespace sounder::kernels::layers {

namespace {

/// The channels of all inputs side by side, in their order.
class concatenation final : public layer {
 public:
  concatenation(std::vector<std::size_t> channels, shape out)
      : channels_(std::move(channels)), out_(out) {}

  shape output() const noexcept override { return out_; }
  bool backward_reads_input() const noexcept override { return false; }

  void forward(const layer_pass& pass) const override {
    for_parts([&](std::size_t i, std::size_t first, std::size_t n) {
      for (std::size_t p = 0; p < pass.batch * out_.positions(); ++p) {
        std::copy_n(pass.in[i] + p * n, n,
                    pass.out + p * out_.channels + first);
      }
    });
  }

  void backward(const layer_pass& pass) const override {
    for_parts([&](std::size_t i, std::size_t first, std::size_t n) {
      if (pass.d_in[i] == nullptr) {
        return;
      }
      for (std::size_t p = 0; p < pass.batch * out_.positions(); ++p) {
        set_or_add(vector(pass.d_in[i] + p * n, n),
                   vector(pass.d_out + p * out_.channels + first, n),
                   pass.d_in_is_set[i]);
      }
    });
  }

 private:
  /// visit(input, its first channel in the output, its channels)
  template <class Visit>
  void for_parts(Visit visit) const {
    std::size_t first = 0;
    for (std::size_t i = 0; i < channels_.size(); ++i) {
      visit(i, first, channels_[i]);
      first += channels_[i];
    }
  }

  std::vector<std::size_t> channels_;
  shape out_;
};

/// out = in[0] + in[1] + ...
class addition final : public layer {
 public:
  addition(shape in, std::size_t inputs) : in_(in), inputs_(inputs) {}

  shape output() const noexcept override { return in_; }
  double flops() const noexcept override {
    return static_cast<double>((inputs_ - 1) * in_.size());
  }
  bool backward_reads_input() const noexcept override { return false; }

  void forward(const layer_pass& pass) const override {
    const std::size_t n = pass.batch * in_.size();
    std::copy_n(pass.in[0], n, pass.out);
    for (std::size_t i = 1; i < inputs_; ++i) {
      vector(pass.out, n) += vector(pass.in[i], n);
    }
  }

  void backward(const layer_pass& pass) const override {
    const std::size_t n = pass.batch * in_.size();
    for (std::size_t i = 0; i < inputs_; ++i) {
      if (pass.d_in[i] != nullptr) {
        set_or_add(vector(pass.d_in[i], n), vector(pass.d_out, n),
                   pass.d_in_is_set[i]);
      }
    }
  }

 private:
  shape in_;
  std::size_t inputs_;
};

std::unique_ptr<layer> make_concatenation(layer_words& words,
                                          std::span<const shape> in) {
  shape out = in[0];
  std::vector<std::size_t> channels = {in[0].channels};
  for (const shape& s : in.subspan(1)) {
    if (s.height != out.height || s.width != out.width) {
      words.fail(fmt::format("inputs of {} and {} have no common positions",
                             to_text(in[0]), to_text(s)));
    }
    channels.push_back(s.channels);
    out.channels += s.channels;
  }
  return std::make_unique<concatenation>(std::move(channels), out);
}

std::unique_ptr<layer> make_addition(layer_words& words,
                                     std::span<const shape> in) {
  for (const shape& s : in.subspan(1)) {
    if (s != in[0]) {
      words.fail(fmt::format("inputs of {} and {} cannot be added",
                             to_text(in[0]), to_text(s)));
    }
  }
  return std::make_unique<addition>(in[0], in.size());
}

}  // namespace

void add_joins(std::vector<layer_kind>& kinds) {
  constexpr std::size_t any = std::numeric_limits<std::size_t>::max();
  kinds.push_back({"concat", "the channels of all inputs side by side",
                   make_concatenation, 2, any});
  kinds.push_back({"add", "the sum of all inputs", make_addition, 2, any});
}

}  // namespace sounder::kernels::layers
