#include "topology/validate.hpp"

#include <algorithm>
#include <map>

#include "kernels/nearest.hpp"
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

std::vector<std::string> unknown_places(const graph& wiring,
                                        std::span<const std::string> known) {
  std::map<std::string, std::vector<std::size_t>> unknown;
  for (std::size_t i = 0; i < wiring.replicas.size(); ++i) {
    const std::string& place = wiring.replicas[i].place;
    if (!place.empty() &&
        std::find(known.begin(), known.end(), place) == known.end()) {
      unknown[place].push_back(i);
    }
  }
  std::vector<std::string> found;
  for (const auto& [place, replicas] : unknown) {
    found.push_back(checks::listed(wiring, replicas) +
                    (replicas.size() == 1 ? " lives" : " live") + " on '" +
                    place + "', which is not known: " + choice(known) +
                    kernels::did_you_mean(place, known));
  }
  return found;
}

}  // namespace sounder::topology
