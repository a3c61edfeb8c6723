#include <algorithm>

#include "ops/clipping.hpp"
#include "ops/dense_update.hpp"
#include "ops/op_cases.hpp"
#include "ops/optimizer.hpp"

// What changes parameters, and how their gradients are scaled before.
namespace tilewise::test {

namespace {

using ops::Storage;
using ops::TensorSpec;

TensorSpec parameter_spec(Pick& pick) {
  if (pick.flag()) return packed({pick.channels(80)});
  const std::int64_t groups = pick(1, 2);
  return packed({pick.size(3), pick.size(9), groups * pick.channels(20)}, groups);
}

/// One element of a parameter, its gradient and its state, and {rate, decay}: what is to become of them.
using ElementUpdate = std::function<void(std::vector<double>& element, double rate, double decay)>;

/// One to three parameters with `tensors` each; those of `positive` numbers are squares, of 1 to 2.
OpCase draw_update(Pick& pick, std::shared_ptr<const ops::Op> op, std::size_t tensors,
                   const std::vector<std::size_t>& positive, const ElementUpdate& update) {
  OpCase made{std::move(op),
              {{{2}, Storage::plain}},
              {{static_cast<double>(pick(0, 4)) / 4, static_cast<double>(pick(0, 2)) / 4}}};
  const std::int64_t parameters = pick(1, 3);
  for (std::int64_t parameter = 0; parameter < parameters; ++parameter) {
    const TensorSpec spec = parameter_spec(pick);
    for (std::size_t tensor = 0; tensor < tensors; ++tensor) {
      made.specs.push_back(spec);
      made.inputs.push_back(std::count(positive.begin(), positive.end(), tensor) ? pick.between(spec, 1, 1, 2)
                                                                                 : pick.values(spec));
    }
  }
  if (!update) return made;
  made.definition = [=](const Inputs& in) {
    Inputs changed;
    for (std::size_t first = 1; first < in.size(); first += tensors) {
      Inputs group(in.begin() + static_cast<std::ptrdiff_t>(first),
                   in.begin() + static_cast<std::ptrdiff_t>(first + tensors));
      for (std::size_t i = 0; i < group[0].size(); ++i) {
        std::vector<double> element;
        for (const Values& tensor : group) element.push_back(tensor[i]);
        update(element, in[0][0], in[0][1]);
        for (std::size_t tensor = 0; tensor < tensors; ++tensor) group[tensor][i] = element[tensor];
      }
      for (std::size_t tensor = 0; tensor < tensors; ++tensor)
        if (tensor != 1) changed.push_back(group[tensor]);
    }
    return changed;
  };
  return made;
}

OpCase draw_sgd(Pick& pick) {
  return draw_update(pick, std::make_shared<ops::SgdUpdate>(), 2, {},
                     [](std::vector<double>& x, double rate, double decay) { x[0] += -decay * x[0] - rate * x[1]; });
}

OpCase draw_sgd_momentum(Pick& pick) {
  const bool nesterov = pick.flag();
  const double momentum = static_cast<double>(pick(0, 4)) / 4;
  return draw_update(pick, std::make_shared<ops::SgdMomentumUpdate>(momentum, nesterov), 3, {},
                     [=](std::vector<double>& x, double rate, double decay) {
                       x[2] = momentum * x[2] - rate * x[1];
                       x[0] += -decay * x[0] + (nesterov ? momentum * x[2] - rate * x[1] : x[2]);
                     });
}

OpCase draw_adam(Pick& pick) {
  return draw_update(pick, std::make_shared<ops::AdamUpdate>(0.875, 0.75, 0.25), 4, {3}, {});
}

OpCase draw_rmsprop(Pick& pick) {
  const bool centered = pick.flag(), has_momentum = pick.flag();
  const ops::RmspropOptions options{0.75, has_momentum ? 0.5 : 0, 0.25, centered};
  // v is at least the mean's square, as it is in training.
  OpCase made = draw_update(pick, std::make_shared<ops::RmspropUpdate>(options),
                            3u + (centered ? 1 : 0) + (has_momentum ? 1 : 0), {2}, {});
  made.tolerance = 2e-5;
  return made;
}

/// The gradient of a dense layer's kernel, then draw_sgd_momentum's update.
OpCase draw_dense_update(Pick& pick) {
  const std::int64_t in = pick(0, 19) == 0 ? 500 + pick.channels(60) : pick.channels(60), out = pick.channels(60);
  const double momentum = static_cast<double>(pick(0, 4)) / 4;
  OpCase made{std::make_shared<ops::DenseUpdate>(std::make_shared<ops::SgdMomentumUpdate>(momentum, false)),
              {{{out}}, {{in}}, {{2}, Storage::plain}, packed({in, out}), packed({in, out})}};
  made.batch = pick(0, 9) == 0 ? 28 + pick.places(12) : pick.places(12);
  for (const TensorSpec& spec : made.specs) made.inputs.push_back(pick.values(spec, made.batch));
  made.inputs[2] = {static_cast<double>(pick(0, 4)) / 4, static_cast<double>(pick(0, 2)) / 4};
  made.tolerance = 1e-5;
  made.definition = [=, batch = made.batch](const Inputs& tensors) {
    const Values &out_gradient = tensors[0], &x = tensors[1];
    const double rate = tensors[2][0], decay = tensors[2][1];
    Values kernel = tensors[3], m = tensors[4];
    for (std::size_t i = 0; i < kernel.size(); ++i) {
      const auto k = static_cast<std::int64_t>(i) / out, n = static_cast<std::int64_t>(i) % out;
      double gradient = 0;
      for (std::int64_t sample = 0; sample < batch; ++sample)
        gradient +=
            x[static_cast<std::size_t>(sample * in + k)] * out_gradient[static_cast<std::size_t>(sample * out + n)];
      m[i] = momentum * m[i] - rate * gradient;
      kernel[i] += -decay * kernel[i] + m[i];
    }
    return Inputs{kernel, m};
  };
  return made;
}

OpCase draw_norm_scales(Pick& pick) {
  const bool global = pick.flag();
  const double limit = static_cast<double>(pick(1, 40)) / 4;
  OpCase made{std::make_shared<ops::NormScales>(limit, global)};
  const std::int64_t tensors = pick(1, 4);
  for (std::int64_t tensor = 0; tensor < tensors; ++tensor) {
    made.specs.push_back(parameter_spec(pick));
    made.inputs.push_back(pick.values(made.specs.back()));
  }
  return made;
}

}  // namespace

std::vector<DrawnOp> update_ops() {
  return {
      {"sgd_update", draw_sgd},         {"sgd_momentum_update", draw_sgd_momentum}, {"adam_update", draw_adam},
      {"rmsprop_update", draw_rmsprop}, {"dense_update", draw_dense_update},        {"norm_scales", draw_norm_scales}};
}

}  // namespace tilewise::test
