#include <array>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>

#include "data/idx.hpp"
#include "tilewise/dataset.hpp"
#include "tilewise/error.hpp"

namespace tilewise::datasets {

namespace {

namespace fs = std::filesystem;

// The four files of a data set, in this order everywhere below.
enum File { train_images, train_labels, test_images, test_labels, file_count };

constexpr std::array<std::array<const char*, 2>, file_count> stems{{{"train-images", "idx3-ubyte"},
                                                                    {"train-labels", "idx1-ubyte"},
                                                                    {"t10k-images", "idx3-ubyte"},
                                                                    {"t10k-labels", "idx1-ubyte"}}};

using Digests = std::array<std::string_view, file_count>;

struct KnownSet {
  const char* name;
  const char* debian_package;  // nullptr: there is none
  int classes;
  Digests digests;  // XXH3, 128 bits, of the decompressed files; empty: unknown
};

/// THE list of data sets: a new one of this format is a line here.
constexpr KnownSet known_sets[] = {
    {"fashion-mnist",
     "dataset-fashion-mnist",
     10,
     {"e5a664e2905b9295ca72265d7c26283b", "48a2c630b815ef5a775518db990ebf87", "00620a3fbea59460a60baf710224b311",
      "ca8383985fa2cbc620515cb4512a5b03"}},
    {"mnist", nullptr, 10, {}},
};

std::string usual_name(int file) {
  const auto& stem = stems[static_cast<std::size_t>(file)];
  return std::string(stem[0]) + "-" + stem[1];
}

bool is_file(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

std::optional<std::string> find_file(const fs::path& folder, int file) {
  const auto& stem = stems[static_cast<std::size_t>(file)];
  for (const char* end : {"", ".gz"})
    for (const char* separator : {"-", "."}) {
      const fs::path path = folder / (std::string(stem[0]) + separator + stem[1] + end);
      if (is_file(path)) return path.string();
    }
  return std::nullopt;
}

struct Files {
  std::array<std::string, file_count> paths;
  std::vector<std::string> missing;
};

Files find_files(const fs::path& folder) {
  Files files;
  for (int file = 0; file < file_count; ++file) {
    if (const auto path = find_file(folder, file))
      files.paths[static_cast<std::size_t>(file)] = *path;
    else
      files.missing.push_back(usual_name(file));
  }
  return files;
}

std::vector<std::string> folders_of(const std::string& name) {
  std::vector<std::string> folders;
  const char* own = std::getenv("TILEWISE_DATA_DIR");
  if (own && *own) folders.push_back((fs::path(own) / name).string());
  folders.push_back("/usr/local/share/datasets/" + name);
  folders.push_back("/usr/share/datasets/" + name);
  return folders;
}

Found find(const KnownSet& known) {
  Found found{known.name, {}, {}, known.debian_package ? known.debian_package : "", false};
  for (const std::string& folder : folders_of(known.name)) {
    Files files = find_files(folder);
    if (files.missing.size() == file_count || (!found.folder.empty() && !files.missing.empty())) continue;
    found.folder = folder;
    found.complete = files.missing.empty();
    found.missing = std::move(files.missing);
    if (found.complete) break;
  }
  if (found.folder.empty())
    for (int file = 0; file < file_count; ++file) found.missing.push_back(usual_name(file));
  return found;
}

std::string join(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

[[noreturn]] void missing(const KnownSet& known, const Found& found) {
  const bool own = folders_of(known.name).size() > 2;
  std::string what = "data set not found; looked in " + join(folders_of(known.name)) +
                     (own ? "" : " (and would in $TILEWISE_DATA_DIR/" + std::string(known.name) + ")") + "; ";
  if (!found.folder.empty()) what += found.folder + " lacks " + join(found.missing) + "; ";
  what += "it needs " + usual_name(0) + ", " + usual_name(1) + ", " + usual_name(2) + ", " + usual_name(3) +
          ", plain or .gz: ";
  what += known.debian_package
              ? "apt-get install " + std::string(known.debian_package) + ", or give a folder that has them"
              : "no Debian package has them, give a folder that does";
  throw FileError(known.name, FileError::no_offset, what);
}

const KnownSet* known_by_name(const std::string& name) {
  for (const KnownSet& known : known_sets)
    if (name == known.name) return &known;
  return nullptr;
}

/// The well-known set of which a folder has at least one file, unaltered.
const KnownSet* known_by_digest(const std::array<data::IdxFile, file_count>& files) {
  for (const KnownSet& known : known_sets)
    for (std::size_t i = 0; i < file_count; ++i)
      if (files[i].digest == known.digests[i]) return &known;
  return nullptr;
}

std::vector<std::string> digest_notes(const KnownSet& known, const Files& files,
                                      const std::array<data::IdxFile, file_count>& read, File first, File end) {
  std::vector<std::string> notes;
  for (std::size_t i = first; i < static_cast<std::size_t>(end); ++i)
    if (known.digests[i].empty())
      notes.push_back(files.paths[i] + ": not compared, as the digest of " + known.name + "'s file is not known here");
    else if (read[i].digest != known.digests[i])
      notes.push_back(files.paths[i] + ": not the well-known file of " + known.name +
                      ": the XXH3 digest of its contents is " + read[i].digest + ", expected " +
                      std::string(known.digests[i]));
  return notes;
}

Dataset make(const Files& files, std::array<data::IdxFile, file_count>& read, File images, std::string name,
             std::vector<std::string> notes) {
  const std::size_t labels = static_cast<std::size_t>(images) + 1;
  data::IdxFile& pixels = read[images];
  const std::vector<std::uint8_t>& bytes = read[labels].values;
  constexpr std::int64_t count_offset = 4;
  if (pixels.extents[0] != read[labels].extents[0])
    throw FileError(files.paths[labels], count_offset,
                    "found " + std::to_string(read[labels].extents[0]) + " labels, expected " +
                        std::to_string(pixels.extents[0]) + ", the number of images in " + files.paths[images]);
  return Dataset({pixels.extents[1], pixels.extents[2], 1}, std::move(pixels.values), {bytes.begin(), bytes.end()},
                 {std::move(name), files.paths[labels], data::idx_header_bytes(1), std::move(notes)});
}

}  // namespace

std::vector<std::string> TrainTest::notes() const {
  std::vector<std::string> all = train.notes();
  all.insert(all.end(), test.notes().begin(), test.notes().end());
  return all;
}

std::vector<Found> find_all() {
  std::vector<Found> all;
  for (const KnownSet& known : known_sets) all.push_back(find(known));
  return all;
}

TrainTest load(const std::string& name_or_folder) {
  const KnownSet* known = known_by_name(name_or_folder);
  std::string folder = name_or_folder;
  if (known) {
    const Found found = find(*known);
    if (!found.complete) missing(*known, found);
    folder = found.folder;
  }
  std::error_code error;
  if (!fs::is_directory(folder, error)) {
    std::vector<std::string> names;
    for (const KnownSet& set : known_sets) names.push_back(set.name);
    throw FileError(folder, FileError::no_offset,
                    "neither a folder nor a data set that is known by name (" + join(names) + ")");
  }
  const Files files = find_files(folder);
  if (!files.missing.empty())
    throw FileError(folder, FileError::no_offset, "the folder lacks " + join(files.missing) + ", plain or .gz");

  std::array<data::IdxFile, file_count> read;
  for (std::size_t i = 0; i < file_count; ++i) read[i] = data::read_idx(files.paths[i], i % 2 == 0 ? 3 : 1);
  if (!known) known = known_by_digest(read);
  const auto notes = [&](File first, File end) {
    return known ? digest_notes(*known, files, read, first, end) : std::vector<std::string>{};
  };
  auto train_notes = notes(train_images, test_images);
  auto test_notes = notes(test_images, file_count);
  TrainTest sets{make(files, read, train_images, name_or_folder + " (train)", std::move(train_notes)),
                 make(files, read, test_images, name_or_folder + " (test)", std::move(test_notes))};
  if (!(sets.train.sample_shape() == sets.test.sample_shape()))
    throw FileError(files.paths[test_images], data::idx_header_bytes(1),
                    "found images of " + sets.test.sample_shape().to_string() + ", expected " +
                        sets.train.sample_shape().to_string() + " as in " + files.paths[train_images]);
  if (known) {
    sets.train.require_labels_below(known->classes);
    sets.test.require_labels_below(known->classes);
  }
  return sets;
}

}  // namespace tilewise::datasets
