#include "onednn_api.hpp"
#include "onednn_pass.hpp"

namespace tilewise::bench::onednn {

namespace {

using dnnl::memory;

dnnl::pooling_forward::primitive_desc describe_pool(const Primitives& primitives, const Task& task,
                                                    const memory::desc& map) {
  return with_pool_window(
      [&](const auto&... window) {
        return describe<dnnl::pooling_forward>(primitives.engine(), dnnl::primitive_attr(),
                                               dnnl::prop_kind::forward_training, dnnl::algorithm::pooling_max, map,
                                               task.pooled().any(), window...);
      },
      2);
}

/// A max-pool takes its map as it comes: its blocked layout is that of its ISA's convolutions.
memory::desc map_kind(const Task& task) {
  using Tag = memory::format_tag;
  if (task.layout == Layout::nhwc) return task.y().plain();
  return task.y().in(task.setting.isa == Isa::avx512 ? Tag::nChw16c : Tag::nChw8c);
}

/// A map whose greatest values in windows of 2x2 are where `index` says.
std::vector<float> map_from(const std::vector<float>& index, const Layer& layer) {
  const auto height = static_cast<std::size_t>(layer.height / 2), width = static_cast<std::size_t>(layer.width / 2);
  const auto channels = static_cast<std::size_t>(layer.out_channels);
  const std::size_t images = index.size() / (height * width * channels);
  std::vector<float> map(index.size() * 4, 0.f);
  auto next = index.begin();
  for (std::size_t row = 0; row < images * height; ++row)
    for (std::size_t column = 0; column < width; ++column)
      for (std::size_t c = 0; c < channels; ++c) {
        const auto position = static_cast<std::size_t>(*next++);
        map[((row * 2 + position / 2) * width * 2 + column * 2 + position % 2) * channels + c] = 1;
      }
  return map;
}

}  // namespace

memory add_pool(Primitives& primitives, const Task& task, const memory& map) {
  const auto pool = describe_pool(primitives, task, map.get_desc());
  const memory pooled = primitives.empty(pool.dst_desc());
  primitives.add(
      pool,
      {{DNNL_ARG_SRC, map}, {DNNL_ARG_DST, pooled}, {DNNL_ARG_WORKSPACE, primitives.empty(pool.workspace_desc())}});
  return pooled;
}

memory add_unpool(Primitives& primitives, const Task& task, const memory::desc& map) {
  const auto pool = describe_pool(primitives, task, map);
  const memory workspace = primitives.empty(pool.workspace_desc());
  primitives.run_once(
      pool, {{DNNL_ARG_SRC, primitives.filled(map, map_from(task.ours.given("index"), task.setting.layer), task.y())},
             {DNNL_ARG_DST, primitives.empty(pool.dst_desc())},
             {DNNL_ARG_WORKSPACE, workspace}});
  const auto unpool = with_pool_window(
      [&](const auto&... window) {
        return describe_backward<dnnl::pooling_backward>(primitives.engine(), pool, dnnl::algorithm::pooling_max, map,
                                                         pool.dst_desc(), window...);
      },
      2);
  const memory gradient = primitives.empty(unpool.diff_src_desc());
  primitives.add(unpool, {{DNNL_ARG_DIFF_DST,
                           primitives.filled(unpool.diff_dst_desc(), task.ours.given("out_gradient"), task.pooled())},
                          {DNNL_ARG_WORKSPACE, workspace},
                          {DNNL_ARG_DIFF_SRC, gradient}});
  return gradient;
}

void add_max_pool2d(Primitives& primitives, const Task& task) {
  const memory::desc map = map_kind(task);
  if (task.setting.pass == Pass::forward)
    primitives.add_result(add_pool(primitives, task, primitives.filled(map, task.ours.given("x"), task.x())),
                          task.pooled());
  else
    primitives.add_result(add_unpool(primitives, task, map), task.y());
}

}  // namespace tilewise::bench::onednn
