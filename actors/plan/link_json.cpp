#include "actors/plan/link_json.hpp"

namespace sounder::actors {

namespace {

using nlohmann::json;
using nlohmann::ordered_json;

ordered_json as_json(const quantiles& q) {
  return {{"p50", q.p50}, {"p90", q.p90}, {"p99", q.p99}, {"max", q.max}};
}

quantiles as_quantiles(const json& text) {
  return {text.at("p50"), text.at("p90"), text.at("p99"), text.at("max")};
}

}  // namespace

ordered_json as_json(const link_record& r) {
  return {{"from", r.from},
          {"to", r.to},
          {"exchange", r.exchange},
          {"count", r.count},
          {"bytes", r.bytes},
          {"dropped", r.dropped},
          {"latency_us", as_json(r.latency_us)},
          {"staleness", as_json(r.staleness)}};
}

link_record as_link_record(const json& text) {
  link_record r;
  r.from = text.at("from");
  r.to = text.at("to");
  r.exchange = text.at("exchange");
  r.count = text.at("count");
  r.bytes = text.at("bytes");
  r.dropped = text.at("dropped");
  r.latency_us = as_quantiles(text.at("latency_us"));
  r.staleness = as_quantiles(text.at("staleness"));
  return r;
}

}  // namespace sounder::actors
