#include "progress.hpp"

#include <fmt/core.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string_view>

#include "interrupt.hpp"

namespace tilewise::cli {

namespace {

constexpr std::string_view erase_line = "\r\x1b[K";
constexpr auto redraw_interval = std::chrono::milliseconds(100);
constexpr std::size_t narrowest_bar = 8, widest_bar = 32;

bool stdout_is_terminal() {
  const char* kind = std::getenv("TERM");
  return isatty(STDOUT_FILENO) && kind && std::string_view(kind) != "dumb";
}

int terminal_width() {
  winsize size{};
  constexpr int usual = 80;
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : usual;
}

std::string label(int epoch, int epochs) {
  const std::string last = std::to_string(epochs);
  return fmt::format("epoch {:>{}}/{}", epoch, last.size(), last);
}

std::string bar(std::int64_t done, std::int64_t all, std::size_t width) {
  const std::size_t inside = width - 2;
  const auto filled = static_cast<std::size_t>(static_cast<double>(inside) * static_cast<double>(done) /
                                               static_cast<double>(std::max<std::int64_t>(all, 1)));
  std::string text(inside, ' ');
  std::fill_n(text.begin(), std::min(filled, inside), '=');
  if (filled < inside) text[filled] = '>';
  return '[' + text + ']';
}

std::string measures(const Evaluation& evaluation, const char* prefix) {
  std::string text = fmt::format("  {}loss {:.4f}", prefix, evaluation.loss);
  if (evaluation.accuracy) text += fmt::format("  {}accuracy {:.4f}", prefix, *evaluation.accuracy);
  return text;
}

}  // namespace

std::string duration(double seconds) {
  constexpr std::int64_t minute = 60, hour = 3600;
  const auto whole = static_cast<std::int64_t>(std::llround(std::max(seconds, 0.0)));
  if (whole >= hour) return fmt::format("{}:{:02}:{:02}", whole / hour, whole % hour / minute, whole % minute);
  return fmt::format("{}:{:02}", whole / minute, whole % minute);
}

std::string progress_line(const BatchRecord& record, int epochs, double images_per_second, int width) {
  const double left =
      record.seconds / static_cast<double>(record.batch) * static_cast<double>(record.batches - record.batch);
  const std::array<std::string, 3> parts{
      measures(record.so_far, ""),
      fmt::format("  {:.0f} images/s", images_per_second),
      record.batch < record.batches ? fmt::format("  {} left", duration(left)) : "  validating",
  };
  std::string start = label(record.epoch, epochs);
  const auto room = static_cast<std::size_t>(std::max(width, 1));
  std::string text;
  for (const std::string& part : parts)
    if (start.size() + text.size() + part.size() <= room) text += part;
  const std::size_t used = start.size() + 1 + text.size();
  if (used + narrowest_bar <= room) start += ' ' + bar(record.batch, record.batches, std::min(room - used, widest_bar));
  return (start + text).substr(0, room);
}

std::string epoch_line(const EpochRecord& record, int epochs, int width) {
  std::string text = label(record.epoch, epochs) + measures(record.training, "");
  if (record.validation) text += measures(*record.validation, "val_");
  for (const std::string& part :
       {fmt::format("  {:.1f} s", record.seconds), fmt::format("  {:.0f} images/s", record.images_per_second)})
    if (text.size() + part.size() <= static_cast<std::size_t>(width)) text += part;
  return text;
}

TrainingDisplay::TrainingDisplay(int epochs, std::int64_t batch_size, std::int64_t samples)
    : epochs_(epochs), batch_size_(batch_size), samples_(samples), terminal_(stdout_is_terminal()) {}

bool TrainingDisplay::on_batch_end(const BatchRecord& record) {
  const auto now = Clock::now();
  if (terminal_ && (now - last_drawn_ >= redraw_interval || record.batch == record.batches)) {
    last_drawn_ = now;
    const double images = static_cast<double>(std::min(record.batch * batch_size_, samples_));
    // The last column stays free: some terminals begin a new line when it is written.
    const std::string line =
        progress_line(record, epochs_, record.seconds > 0 ? images / record.seconds : 0, terminal_width() - 1);
    fmt::print("{}{}", erase_line, line);
    std::fflush(stdout);
    line_shown_ = true;
  }
  return !InterruptGuard::interrupted();
}

bool TrainingDisplay::on_epoch_end(const EpochRecord& record) {
  // What was interrupted is no epoch.
  if (InterruptGuard::interrupted()) return false;
  clear();
  fmt::print("{}\n", epoch_line(record, epochs_, terminal_ ? terminal_width() : std::numeric_limits<int>::max()));
  std::fflush(stdout);
  return true;
}

void TrainingDisplay::clear() {
  if (line_shown_) fmt::print("{}", erase_line);
  std::fflush(stdout);
  line_shown_ = false;
}

}  // namespace tilewise::cli
