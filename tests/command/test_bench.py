"""The benchmarks start: the first of each family on each ISA, for a moment.

    test_bench.py TILEWISE_BENCH     under an emulator, MESON_EXE_WRAPPER is its command
"""

import json
import os
import re
import shlex
import subprocess
import sys

BENCH = [*shlex.split(os.environ.get("MESON_EXE_WRAPPER", "")), sys.argv[1]]


def output(*arguments):
    run = subprocess.run([*BENCH, *arguments], stdout=subprocess.PIPE, text=True)
    if run.returncode != 0:
        sys.exit(f"{arguments[0]}: exit status {run.returncode}")
    return run.stdout


def chosen(names):
    """A name is FAMILY/ISA/..., with more parts or none."""
    first = {}
    for name in names:
        first.setdefault(tuple(name.split("/")[:2]), name)
    return list(first.values())


def is_complete(result):
    numbers = [value for value in result.values() if isinstance(value, float)]
    return not result.get("error_occurred") and result["iterations"] > 0 and all(number == number for number in numbers)


wanted = chosen(output("--benchmark_list_tests").split())
pattern = "^(" + "|".join(re.sub(r"([.+])", r"\\\1", name) for name in wanted) + ")$"
report = json.loads(output(f"--benchmark_filter={pattern}", "--benchmark_min_time=0.000001", "--benchmark_format=json"))
ran = {result["name"] for result in report["benchmarks"] if is_complete(result)}
missing = [name for name in wanted if name not in ran]
for name in missing:
    print(f"did not run: {name}")
print(f"{len(wanted) - len(missing)} passed, {len(missing)} failed")
sys.exit(0 if wanted and not missing else 1)
