#pragma once

#include <array>
#include <iterator>
#include <sstream>
#include <string>

#include <boost/iostreams/copy.hpp>
#include <boost/iostreams/filter/bzip2.hpp>
#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filter/lzma.hpp>
#include <boost/iostreams/filtering_streambuf.hpp>

namespace sounder::tests {

template <class Compressor>
std::string compressed_by(const std::string& content) {
  namespace io = boost::iostreams;
  std::istringstream in(content);
  io::filtering_streambuf<io::input> filters;
  filters.push(Compressor());
  filters.push(in);
  std::ostringstream out;
  io::copy(filters, out);
  return out.str();
}

struct compressed_form {
  const char* suffix;
  std::string (*of)(const std::string&);
};

/// The compressed forms that input_file reads.
inline const std::array<compressed_form, 3> compressed_forms = {{
    {".gz", compressed_by<boost::iostreams::gzip_compressor>},
    {".bz2", compressed_by<boost::iostreams::bzip2_compressor>},
    {".xz", compressed_by<boost::iostreams::lzma_compressor>},
}};

}  // namespace sounder::tests
