#include <cmath>

#include "ops/optimizer.hpp"
#include "support/catch.hpp"
#include "support/graph_runner.hpp"
#include "tilewise/error.hpp"

using namespace tilewise;
using namespace tilewise::test;
using ops::Storage;
using ops::TensorSpec;

namespace {

constexpr double rate = 0.125, decay = 0.25;

/// An op on two parameters, of several slices and of less than a vector; `roles` are the tensors of each.
class TwoParameters {
 public:
  TwoParameters(const ops::Kernels& kernels, std::vector<std::string> roles)
      : store_(kernels), roles_(std::move(roles)), inputs_{graph_.add_input("rates", {{2}, Storage::plain})} {
    for (const Shape& shape : {Shape{3, 3, 40, 70}, Shape{7}})
      for (const std::string& role : roles_) {
        const int number = store_.add(role, shape);
        Values values = integers({shape, Storage::packed}, 1, 8, before_.size() + 1);
        if (role == "v")
          for (double& value : values) value = std::abs(value) + 1;
        store_.set(number, values.data());
        before_.push_back(values);
        inputs_.push_back(graph_.add_parameter(role, shape, number));
      }
  }

  void run(std::shared_ptr<const ops::Op> op, int threads) {
    graph_.emit(std::move(op), inputs_);
    plan::Execution execution(plan::make_plan(graph_, {store_.kernels(), 1, {}}), store_, threads);
    const double rates64[] = {rate, decay};
    const float rates32[] = {static_cast<float>(rate), static_cast<float>(decay)};
    const bool is_double = store_.kernels().scalar() == ops::Scalar::f64;
    execution.bind(inputs_[0], is_double ? static_cast<const void*>(rates64) : rates32);
    execution.run(1, threads);
  }

  /// The largest difference from step(the tensors of one element) over all tensors.
  template <class Step>
  double worst(const Step& step) const {
    double worst = 0;
    for (std::size_t first = 0; first < before_.size(); first += roles_.size()) {
      std::vector<Values> after(roles_.size(), Values(before_[first].size()));
      for (std::size_t k = 0; k < roles_.size(); ++k) store_.get(static_cast<int>(first + k), after[k].data());
      for (std::size_t i = 0; i < before_[first].size(); ++i) {
        std::vector<double> element;
        for (std::size_t k = 0; k < roles_.size(); ++k) element.push_back(before_[first + k][i]);
        step(element);
        for (std::size_t k = 0; k < roles_.size(); ++k) worst = std::max(worst, std::abs(element[k] - after[k][i]));
      }
    }
    return worst;
  }

 private:
  plan::Graph graph_;
  plan::ParameterStore store_;
  std::vector<std::string> roles_;
  std::vector<plan::ValueId> inputs_;
  std::vector<Values> before_;
};

/// Runs the op on every ISA and several numbers of threads.
template <class Step>
void check_update(std::shared_ptr<const ops::Op> op, const std::vector<std::string>& roles, double bound,
                  const Step& step) {
  for (const ops::Kernels& kernels : all_float_kernels())
    for (const int threads : {1, 3}) {
      INFO(op->kind() << ", isa " << kernels.isa() << ", threads " << threads);
      TwoParameters parameters(kernels, roles);
      parameters.run(op, threads);
      REQUIRE(parameters.worst(step) <= bound);
    }
}

}  // namespace

TEST_CASE("SGD changes every parameter by its formula", "[ops]") {
  check_update(std::make_shared<ops::SgdUpdate>(), {"parameter", "gradient"}, 0,
               [](std::vector<double>& x) { x[0] += -decay * x[0] - rate * x[1]; });
}

TEST_CASE("SGD with momentum changes every parameter and its state by their formulas", "[ops]") {
  for (const bool nesterov : {false, true})
    check_update(std::make_shared<ops::SgdMomentumUpdate>(0.5, nesterov), {"parameter", "gradient", "m"}, 0,
                 [=](std::vector<double>& x) {
                   x[2] = 0.5 * x[2] - rate * x[1];
                   x[0] += -decay * x[0] + (nesterov ? 0.5 * x[2] - rate * x[1] : x[2]);
                 });
}

TEST_CASE("Adam changes every parameter and its state by their formulas", "[ops]") {
  const double beta1 = 0.75, beta2 = 0.5, epsilon = 0.25;
  check_update(std::make_shared<ops::AdamUpdate>(beta1, beta2, epsilon), {"parameter", "gradient", "m", "v"}, 1e-5,
               [=](std::vector<double>& x) {
                 x[2] += (1 - beta1) * (x[1] - x[2]);
                 x[3] += (1 - beta2) * (x[1] * x[1] - x[3]);
                 x[0] += -decay * x[0] - rate * x[2] / (std::sqrt(x[3]) + epsilon);
               });
}

TEST_CASE("RMSprop changes every parameter and its state by their formulas", "[ops]") {
  const double rho = 0.75, epsilon = 0.25;
  const auto op = [&](double momentum, bool centered) {
    return std::make_shared<ops::RmspropUpdate>(ops::RmspropOptions{rho, momentum, epsilon, centered});
  };
  const auto next = [=](std::vector<double>& x, double spread, double momentum, double* m) {
    const double increment = rate * x[1] / std::sqrt(spread + epsilon);
    x[0] -= decay * x[0] + (m ? * m = momentum * *m + increment : increment);
  };
  const auto next_v = [=](std::vector<double>& x) { return x[2] = rho * x[2] + (1 - rho) * x[1] * x[1]; };
  const auto next_spread = [=](std::vector<double>& x) {
    x[3] = rho * x[3] + (1 - rho) * x[1];
    return std::max(next_v(x) - x[3] * x[3], 0.0);
  };
  check_update(op(0, false), {"parameter", "gradient", "v"}, 1e-5,
               [&](std::vector<double>& x) { next(x, next_v(x), 0, nullptr); });
  check_update(op(0.5, false), {"parameter", "gradient", "v", "m"}, 1e-5,
               [&](std::vector<double>& x) { next(x, next_v(x), 0.5, &x[3]); });
  check_update(op(0, true), {"parameter", "gradient", "v", "mean"}, 1e-5,
               [&](std::vector<double>& x) { next(x, next_spread(x), 0, nullptr); });
  check_update(op(0.5, true), {"parameter", "gradient", "v", "mean", "m"}, 1e-5,
               [&](std::vector<double>& x) { next(x, next_spread(x), 0.5, &x[4]); });
}

TEST_CASE("an update of other groups of tensors than its own is refused", "[ops]") {
  plan::Graph graph;
  const plan::ValueId rates = graph.add_input("rates", {{2}, Storage::plain}), p = graph.add_parameter("p", {3}, 0),
                      g = graph.add_parameter("g", {3}, 1), other = graph.add_parameter("other", {4}, 2);
  CHECK_THROWS_AS(graph.emit(std::make_shared<ops::SgdUpdate>(), {rates, p}), ShapeError);
  CHECK_THROWS_AS(graph.emit(std::make_shared<ops::SgdUpdate>(), {rates, p, other}), ShapeError);
  CHECK_THROWS_AS(graph.emit(std::make_shared<ops::SgdUpdate>(), {p, p, g}), ShapeError);
  CHECK_THROWS_AS(graph.emit(std::make_shared<ops::SgdMomentumUpdate>(0.5, false), {rates, p, g}), ShapeError);
}
