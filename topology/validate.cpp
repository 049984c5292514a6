#include "topology/validate.hpp"

#include <algorithm>

#include "topology/checks.hpp"

namespace sounder::topology {

namespace {

/// The graph without the links that lead nowhere.
graph sound_part(const graph& wiring) {
  graph sound = wiring;
  std::erase_if(sound.links, [&](const link& l) {
    return l.from == l.to || l.from >= wiring.replicas.size() ||
           l.to >= wiring.replicas.size();
  });
  return sound;
}

std::string choice(std::span<const std::string> places) {
  std::string text;
  for (const std::string& place : places) {
    text += (text.empty() ? "'" : ", '") + place + "'";
  }
  return text.empty() ? "no places are known" : "there are " + text;
}

}  // namespace

std::vector<std::string> validate(const graph& wiring) {
  std::vector<std::string> found;
  checks::replicas(wiring, found);
  checks::links(wiring, found);
  checks::numbers(wiring, found);
  checks::pairs(wiring, found);
  const graph sound = sound_part(wiring);
  checks::connected(sound, found);
  checks::tokens(sound, found);
  checks::hubs(sound, found);
  checks::parts(sound, found);
  checks::groups(sound, found);
  checks::waits(sound, found);
  return found;
}

std::vector<std::string> validate(const graph& wiring,
                                  std::span<const std::string> places) {
  std::vector<std::string> found = validate(wiring);
  for (const replica& r : wiring.replicas) {
    if (!r.place.empty() &&
        std::find(places.begin(), places.end(), r.place) == places.end()) {
      found.push_back("replica '" + r.name + "' lives on '" + r.place +
                      "', which is not known: " + choice(places));
    }
  }
  return found;
}

}  // namespace sounder::topology
