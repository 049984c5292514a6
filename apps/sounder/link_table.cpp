#include "apps/sounder/link_table.hpp"

#include <fmt/format.h>

#include "apps/sounder/table.hpp"

namespace sounder::app {

namespace {

/// "120", or "120 (7 dropped)".
std::string meetings_of(const actors::link_record& l) {
  return l.dropped == 0 ? std::to_string(l.count)
                        : fmt::format("{} ({} dropped)", l.count, l.dropped);
}

}  // namespace

std::string link_table(std::span<const actors::link_record> links) {
  table rows({"link", "exchange", "meetings", "bytes", "latency p50", "p99",
              "staleness p50", "max"},
             true);
  rows.may_drop(
      {"max", "p99", "staleness p50", "exchange", "latency p50", "meetings"});
  for (std::size_t i = 0; i < links.size() && i < most_rows; ++i) {
    const actors::link_record& l = links[i];
    rows.add({fmt::format("{} > {}", l.from, l.to), l.exchange, meetings_of(l),
              bytes(static_cast<double>(l.bytes)),
              seconds(1e-6 * l.latency_us.p50),
              seconds(1e-6 * l.latency_us.p99), number(l.staleness.p50),
              number(l.staleness.max)});
  }
  std::string text = rows.text();
  if (links.size() > most_rows) {
    text += fmt::format("... and {} more links (--output json)\n",
                        links.size() - most_rows);
  }
  return text;
}

}  // namespace sounder::app
