#include "kernels/data/decompress.hpp"

#include <cstdint>
#include <new>

#include <bzlib.h>
#include <lzma.h>
#include <zlib.h>

#include "kernels/assert.hpp"

namespace sounder::kernels {

using namespace std::string_view_literals;

namespace {

constexpr std::string_view gzip_magic = "\x1f\x8b\x08"sv;
constexpr std::string_view bzip2_magic = "BZh"sv;
constexpr std::string_view xz_magic =
    "\xfd"
    "7zXZ\0"sv;

class gzip_decoder final : public stream_decoder {
 public:
  gzip_decoder() {
    constexpr int gzip_alone = 16;
    if (inflateInit2(&stream_, MAX_WBITS + gzip_alone) != Z_OK) {
      throw std::bad_alloc();
    }
  }
  gzip_decoder(const gzip_decoder&) = delete;
  gzip_decoder& operator=(const gzip_decoder&) = delete;
  ~gzip_decoder() override { inflateEnd(&stream_); }

  progress run(std::span<const char> in, std::span<char> out) override {
    stream_.next_in =
        reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));  // not written
    stream_.avail_in = static_cast<uInt>(in.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = static_cast<uInt>(out.size());
    const int state = inflate(&stream_, Z_NO_FLUSH);
    if (state == Z_MEM_ERROR) {
      throw std::bad_alloc();
    }
    if (state != Z_OK && state != Z_STREAM_END && state != Z_BUF_ERROR) {
      throw damaged_stream();
    }
    return {in.size() - stream_.avail_in, out.size() - stream_.avail_out,
            state == Z_STREAM_END};
  }

  void restart() override { inflateReset(&stream_); }

 private:
  z_stream stream_{};
};

class bzip2_decoder final : public stream_decoder {
 public:
  bzip2_decoder() { begin(); }
  bzip2_decoder(const bzip2_decoder&) = delete;
  bzip2_decoder& operator=(const bzip2_decoder&) = delete;
  ~bzip2_decoder() override { BZ2_bzDecompressEnd(&stream_); }

  progress run(std::span<const char> in, std::span<char> out) override {
    stream_.next_in = const_cast<char*>(in.data());  // not written
    stream_.avail_in = static_cast<unsigned>(in.size());
    stream_.next_out = out.data();
    stream_.avail_out = static_cast<unsigned>(out.size());
    const int state = BZ2_bzDecompress(&stream_);
    if (state == BZ_MEM_ERROR) {
      throw std::bad_alloc();
    }
    if (state != BZ_OK && state != BZ_STREAM_END) {
      throw damaged_stream();
    }
    return {in.size() - stream_.avail_in, out.size() - stream_.avail_out,
            state == BZ_STREAM_END};
  }

  void restart() override {
    BZ2_bzDecompressEnd(&stream_);
    begin();
  }

 private:
  void begin() {
    stream_ = {};
    if (BZ2_bzDecompressInit(&stream_, 0, 0) != BZ_OK) {
      throw std::bad_alloc();
    }
  }

  bz_stream stream_{};
};

class xz_decoder final : public stream_decoder {
 public:
  xz_decoder() { begin(); }
  xz_decoder(const xz_decoder&) = delete;
  xz_decoder& operator=(const xz_decoder&) = delete;
  ~xz_decoder() override { lzma_end(&stream_); }

  progress run(std::span<const char> in, std::span<char> out) override {
    stream_.next_in = reinterpret_cast<const std::uint8_t*>(in.data());
    stream_.avail_in = in.size();
    stream_.next_out = reinterpret_cast<std::uint8_t*>(out.data());
    stream_.avail_out = out.size();
    const lzma_ret state = lzma_code(&stream_, LZMA_RUN);
    if (state == LZMA_MEM_ERROR) {
      throw std::bad_alloc();
    }
    if (state != LZMA_OK && state != LZMA_STREAM_END &&
        state != LZMA_BUF_ERROR) {
      throw damaged_stream();
    }
    return {in.size() - stream_.avail_in, out.size() - stream_.avail_out,
            state == LZMA_STREAM_END};
  }

  void restart() override { begin(); }

 private:
  /// Uses the memory of the stream before again.
  void begin() {
    if (lzma_stream_decoder(&stream_, UINT64_MAX, 0) != LZMA_OK) {
      throw std::bad_alloc();
    }
  }

  lzma_stream stream_ = LZMA_STREAM_INIT;
};

}  // namespace

std::string_view name(file_compression form) noexcept {
  switch (form) {
    case file_compression::gzip:
      return "gzip";
    case file_compression::bzip2:
      return "bzip2";
    case file_compression::xz:
      return "xz";
    case file_compression::none:
      break;
  }
  return "plain";
}

file_compression compression_of(std::string_view head) noexcept {
  if (head.starts_with(gzip_magic)) {
    return file_compression::gzip;
  }
  if (head.starts_with(xz_magic)) {
    return file_compression::xz;
  }
  if (head.size() >= compression_head && head.starts_with(bzip2_magic)) {
    const std::string_view first = head.substr(4, 6);  // block, or the end
    if (first == "1AY&SY"sv || first == "\x17rE8P\x90"sv) {
      return file_compression::bzip2;
    }
  }
  return file_compression::none;
}

bool begins_stream(file_compression form, std::string_view head) noexcept {
  switch (form) {
    case file_compression::gzip:
      return head.starts_with(gzip_magic);
    case file_compression::bzip2:
      return head.starts_with(bzip2_magic);
    case file_compression::xz:
      return head.starts_with(xz_magic);
    case file_compression::none:
      break;
  }
  return false;
}

std::unique_ptr<stream_decoder> make_decoder(file_compression form) {
  switch (form) {
    case file_compression::gzip:
      return std::make_unique<gzip_decoder>();
    case file_compression::bzip2:
      return std::make_unique<bzip2_decoder>();
    case file_compression::xz:
      return std::make_unique<xz_decoder>();
    case file_compression::none:
      break;
  }
  SOUNDER_ASSERT(form != file_compression::none);
  return nullptr;
}

}  // namespace sounder::kernels
