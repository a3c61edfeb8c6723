// What a convolution does to a picture: edges and blur, with and without padding and strides, then pooled.
//
//   example-filters [PICTURE.png] [--out FOLDER]
//
// Without a picture it draws one. The results' sizes are printed; --out writes the results as well.
#include <spng.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <tilewise/tilewise.hpp>
#include <vector>

namespace {

/// One picture as a batch of one: 1 x height x width x channels, 0 black and 1 white.
struct Picture {
  tw::Shape shape;
  std::vector<float> values;

  explicit Picture(const tw::Shape& shape) : shape(shape), values(static_cast<std::size_t>(shape.elements())) {}
  tw::TensorView view() { return {values.data(), shape}; }
  tw::ConstTensorView view() const { return {values.data(), shape}; }
  std::string size() const { return std::to_string(shape[1]) + " x " + std::to_string(shape[2]); }
};

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
struct FreePng {
  void operator()(spng_ctx* png) const { spng_ctx_free(png); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;
using Png = std::unique_ptr<spng_ctx, FreePng>;

File open(const std::string& path, const char* mode) {
  File file(std::fopen(path.c_str(), mode));
  if (!file) throw std::runtime_error(path + ": " + std::strerror(errno));
  return file;
}

void check(int error, const std::string& path) {
  if (error) throw std::runtime_error(path + ": " + spng_strerror(error));
}

/// Any PNG, as red, green and blue.
Picture read_png(const std::string& path) {
  constexpr std::uint32_t largest = 8192;  // pixels a side, so that a broken header asks for no more memory than that
  const File file = open(path, "rb");
  const Png png(spng_ctx_new(0));
  check(spng_set_image_limits(png.get(), largest, largest), path);
  check(spng_set_png_file(png.get(), file.get()), path);
  spng_ihdr header{};
  check(spng_get_ihdr(png.get(), &header), path);
  Picture picture({1, header.height, header.width, 3});
  std::vector<std::uint8_t> bytes(picture.values.size());
  check(spng_decode_image(png.get(), bytes.data(), bytes.size(), SPNG_FMT_RGB8, 0), path);
  std::transform(bytes.begin(), bytes.end(), picture.values.begin(),
                 [](std::uint8_t byte) { return static_cast<float>(byte) / 255; });
  return picture;
}

void write_png(const std::filesystem::path& to, const Picture& picture) {
  const std::string path = to.string();
  std::vector<std::uint8_t> bytes(picture.values.size());
  std::transform(picture.values.begin(), picture.values.end(), bytes.begin(), [](float value) {
    return static_cast<std::uint8_t>(std::lround(std::clamp(value, 0.0f, 1.0f) * 255));
  });
  File file = open(path, "wb");
  const Png png(spng_ctx_new(SPNG_CTX_ENCODER));
  check(spng_set_png_file(png.get(), file.get()), path);
  spng_ihdr header{};
  header.height = static_cast<std::uint32_t>(picture.shape[1]);
  header.width = static_cast<std::uint32_t>(picture.shape[2]);
  header.bit_depth = 8;
  header.color_type = picture.shape[3] == 3 ? SPNG_COLOR_TYPE_TRUECOLOR : SPNG_COLOR_TYPE_GRAYSCALE;
  check(spng_set_ihdr(png.get(), &header), path);
  check(spng_encode_image(png.get(), bytes.data(), bytes.size(), SPNG_FMT_PNG, SPNG_ENCODE_FINALIZE), path);
  if (std::fclose(file.release()) != 0) throw std::runtime_error(path + ": " + std::strerror(errno));
}

/// A disc on a slope of light, with stripes that become narrower.
Picture draw() {
  Picture picture({1, 96, 128, 3});
  for (int row = 0; row < 96; ++row)
    for (int column = 0; column < 128; ++column) {
      float* pixel = picture.values.data() + 3 * (128 * row + column);
      const bool in_disc = std::hypot(row - 44, column - 40) < 28;
      const bool in_stripe = column >= 80 && row >= 12 && row < 76 && column * column / 640 % 2 == 0;
      pixel[0] = in_disc ? 0.9f : in_stripe ? 0.1f : static_cast<float>(column) / 160;
      pixel[1] = in_disc ? 0.7f : in_stripe ? 0.1f : static_cast<float>(column) / 160;
      pixel[2] = in_disc ? 0.2f : in_stripe ? 0.2f : static_cast<float>(row) / 120;
    }
  return picture;
}

/// One or two square kernels on the grey picture; of an edge filter the length of what they find counts.
struct Filter {
  const char* name;
  std::int64_t size;
  std::vector<std::vector<float>> kernels;
  bool finds_edges;
};

/// The kernel that is `profile` both down and across, its sum 1.
std::vector<float> blur(const std::vector<float>& profile) {
  float sum = 0;
  for (float value : profile) sum += value;
  std::vector<float> kernel;
  for (float down : profile)
    for (float across : profile) kernel.push_back(down * across / (sum * sum));
  return kernel;
}

std::vector<Filter> filters() {
  return {
      {"sobel", 3, {{-1, 0, 1, -2, 0, 2, -1, 0, 1}, {-1, -2, -1, 0, 0, 0, 1, 2, 1}}, true},
      {"laplace", 3, {{0, 1, 0, 1, -4, 1, 0, 1, 0}}, true},
      {"box3", 3, {blur({1, 1, 1})}, false},
      {"gauss3", 3, {blur({1, 2, 1})}, false},
      {"box5", 5, {blur({1, 1, 1, 1, 1})}, false},
      {"gauss5", 5, {blur({1, 4, 6, 4, 1})}, false},
  };
}

/// Brightness is a convolution too: 1 x 1, three channels to one.
Picture to_grey(const Picture& picture) {
  const std::vector<float> weights{0.299f, 0.587f, 0.114f};
  Picture grey({1, picture.shape[1], picture.shape[2], 1});
  tw::conv2d(picture.view(), {weights.data(), {1, 1, 3, 1}}, {}, {}, grey.view());
  return grey;
}

Picture length_of(const Picture& maps) {
  Picture length({1, maps.shape[1], maps.shape[2], 1});
  const auto channels = static_cast<std::size_t>(maps.shape[3]);
  for (std::size_t pixel = 0; pixel < length.values.size(); ++pixel) {
    float sum = 0;
    for (std::size_t map = 0; map < channels; ++map) sum += std::pow(maps.values[pixel * channels + map], 2.0f);
    length.values[pixel] = std::sqrt(sum);
  }
  return length;
}

Picture apply(const Filter& filter, const Picture& grey, const tw::Conv2DParams& params) {
  const auto maps = static_cast<std::int64_t>(filter.kernels.size());
  std::vector<float> weights;  // height x width x 1 x maps
  for (std::size_t tap = 0; tap < filter.kernels[0].size(); ++tap)
    for (const std::vector<float>& kernel : filter.kernels) weights.push_back(kernel[tap]);
  auto convolution = tw::prepare_conv2d(grey.shape, params, {weights.data(), {filter.size, filter.size, 1, maps}});
  Picture result(convolution.result_shape());
  convolution.run(grey.view(), result.view());
  return filter.finds_edges ? length_of(result) : result;
}

template <class Prepared>
Picture pool(Prepared pooling, const Picture& picture) {
  Picture result(pooling.result_shape());
  pooling.run(picture.view(), result.view());
  return result;
}

struct Arguments {
  std::string picture;  ///< empty: draw one
  std::string out;      ///< empty: write nothing
};

Arguments parse(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--out" && i + 1 < argc)
      arguments.out = argv[++i];
    else if (argument.empty() || argument[0] == '-' || !arguments.picture.empty())
      throw std::runtime_error("'" + argument + "'; expected [PICTURE.png] [--out FOLDER]");
    else
      arguments.picture = argument;
  }
  return arguments;
}

void run(const Arguments& arguments) {
  const Picture picture = arguments.picture.empty() ? draw() : read_png(arguments.picture);
  const Picture grey = to_grey(picture);
  const auto save = [&](const std::string& name, const Picture& result) {
    if (!arguments.out.empty()) write_png(std::filesystem::path(arguments.out) / (name + ".png"), result);
  };
  if (!arguments.out.empty()) std::filesystem::create_directories(arguments.out);
  save("picture", picture);
  save("grey", grey);
  std::printf("picture %s\n%-8s  %-6s  %-7s  %-6s  %-11s  %-11s\n", picture.size().c_str(), "filter", "kernel",
              "padding", "stride", "result", "max and average pooled");
  for (const Filter& filter : filters())
    for (const bool padded : {false, true})
      for (const int stride : {1, 2}) {
        const Picture result = apply(filter, grey, {.stride = stride, .padding = padded ? tw::same : tw::valid});
        const Picture largest = pool(tw::prepare_max_pool2d(result.shape, {.window = 2}), result);
        const Picture mean = pool(tw::prepare_average_pool2d(result.shape, {.window = 2}), result);
        const std::string name =
            std::string(filter.name) + (padded ? "-same" : "-valid") + "-stride" + std::to_string(stride);
        save(name, result);
        save(name + "-max", largest);
        save(name + "-average", mean);
        std::printf("%-8s  %d x %d   %-7s  %-6d  %-11s  %s\n", filter.name, static_cast<int>(filter.size),
                    static_cast<int>(filter.size), padded ? "same" : "valid", stride, result.size().c_str(),
                    largest.size().c_str());
      }
}

}  // namespace

int main(int argc, char** argv) try { run(parse(argc, argv)); } catch (const std::exception& error) {
  std::fprintf(stderr, "filters: %s\n", error.what());
  return 1;
}
