#include "actors/wire/stream_registry.hpp"

#include <utility>

namespace sounder::actors {

void pending_stream::join(std::unique_ptr<stream> made) {
  stream_ = std::move(made);
  joined_.store(stream_.get());
  changed.notify();
}

stream_registry::stream_registry(const tls_files& tls, const run_secret& secret)
    : tls_(tls), secret_(secret) {}

std::uint16_t stream_registry::listen(const node_address& at) {
  connection_handler handler;
  handler.is_expected = [this](const greeting& hello) {
    return expects(hello);
  };
  handler.accept = [this](const greeting& hello, std::unique_ptr<stream> made) {
    join(hello.key, std::move(made));
  };
  acceptor_ = std::make_unique<acceptor>(at, tls_, std::move(handler));
  return acceptor_->port();
}

bool stream_registry::expects(const greeting& hello) {
  const std::scoped_lock lock(mutex_);
  return hello.secret == secret_ && expected_.contains(hello.key);
}

void stream_registry::join(stream_key key, std::unique_ptr<stream> made) {
  const std::scoped_lock lock(mutex_);
  if (const auto waiting = expected_.find(key); waiting != expected_.end()) {
    made->name_other_end(waiting->second->other());
    waiting->second->join(std::move(made));
    expected_.erase(waiting);
  }
}

std::shared_ptr<pending_stream> stream_registry::expect(stream_key key,
                                                        std::string other) {
  const std::scoped_lock lock(mutex_);
  return expected_[key] = std::make_shared<pending_stream>(std::move(other));
}

std::shared_ptr<pending_stream> stream_registry::connect(
    stream_key key, const node_address& to, std::string other,
    std::chrono::milliseconds deadline) {
  greeting hello;
  hello.key = key;
  hello.secret = secret_;
  auto joined = std::make_shared<pending_stream>(std::move(other));
  joined->join(connect_stream(to, tls_, hello, joined->other(), deadline));
  return joined;
}

std::shared_ptr<pending_stream> stream_registry::here(stream_key key) {
  if (const auto other = other_ends_.find(key); other != other_ends_.end()) {
    return std::exchange(other->second, nullptr);
  }
  const auto [one, other] = socket_pair();
  const tls_context open_to_nobody{tls_files()};
  auto first = std::make_shared<pending_stream>();
  auto second = std::make_shared<pending_stream>();
  first->join(
      std::make_unique<stream>(one, open_to_nobody, stream::side::connects));
  second->join(
      std::make_unique<stream>(other, open_to_nobody, stream::side::accepts));
  other_ends_[key] = std::move(second);
  return first;
}

}  // namespace sounder::actors
