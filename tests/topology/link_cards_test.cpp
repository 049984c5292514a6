#include "topology/link_cards.hpp"

#include <algorithm>
#include <fstream>

#include <catch2/catch.hpp>

namespace p = sounder::topology;

namespace {

using lines = std::vector<std::string>;

std::string quoted(const lines& words) {
  std::string text;
  for (const std::string& word : words) {
    text += (text.empty() ? "`" : ", `") + word + "`";
  }
  return text;
}

lines keys_of(const p::link_card& card) {
  lines keys;
  for (const auto& [key, usual] : card.fields) {
    keys.push_back(usual.empty() ? "`" + key + "`" : "`" + key + "` " + usual);
  }
  return keys;
}

std::string joined(const lines& words) {
  std::string text;
  for (const std::string& word : words) {
    text += (text.empty() ? "" : ", ") + word;
  }
  return text.empty() ? text : text + " ";
}

/// The rows that the reference has to have, in the order of the cards.
lines rows_of(const std::vector<p::link_card>& cards) {
  lines rows;
  for (const p::link_card& card : cards) {
    rows.push_back("| `" + card.name + "` | " + card.summary + " | " +
                   joined(keys_of(card)) + "| " + quoted(card.others) + " |");
  }
  return rows;
}

/// The rows of the reference's table under such a head.
lines rows_in_docs(const std::string& head) {
  std::ifstream in(SOUNDER_SOURCE_DIR "/docs/reference/wiring-file.md");
  std::string line;
  while (std::getline(in, line) && line != head) {
  }
  std::getline(in, line);  // |---|
  lines rows;
  while (std::getline(in, line) && line.starts_with("|")) {
    rows.push_back(line);
  }
  return rows;
}

}  // namespace

TEST_CASE("link cards: the reference has what exchanges say of themselves") {
  CHECK(rows_in_docs("| exchange | what it does | keys | goes with |") ==
        rows_of(p::exchange_cards()));
}

TEST_CASE("link cards: the reference has what disciplines say of themselves") {
  CHECK(rows_in_docs("| discipline | when | keys | can carry |") ==
        rows_of(p::discipline_cards()));
}

TEST_CASE("link cards: whatever exchange a discipline carries names it, too") {
  for (const p::link_card& when : p::discipline_cards()) {
    for (const p::link_card& rule : p::exchange_cards()) {
      const bool carries =
          std::count(when.others.begin(), when.others.end(), rule.name) == 1;
      const bool goes_with =
          std::count(rule.others.begin(), rule.others.end(), when.name) == 1;
      CHECK(carries == goes_with);
    }
    CHECK_FALSE(when.others.empty());
    CHECK_FALSE(when.summary.empty());
  }
}
