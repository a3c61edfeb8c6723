#include "tilewise/error.hpp"
#include "tilewise/training.hpp"

namespace tilewise {

double Evaluation::value(std::string_view name) const {
  if (name == "loss") return loss;
  std::string known = "loss";
  for (const MetricValue& metric : metrics) {
    if (metric.name == name) return metric.value;
    known += ", " + metric.name;
  }
  throw ArgumentError("no metric " + std::string(name) + "; the model is compiled with " + known);
}

}  // namespace tilewise
