"""Reads what meson writes: the totals of a test run, and which options are not `enabled`.

    test_totals.py TESTLOG.json                          prints what the tests counted, then `N passed, N failed`; status 1 if any
                                                         failed or none ran. If TILEWISE_ISA names an ISA, one that did not run
                                                         in the tests of the kernels has failed
    meson introspect --buildoptions B | test_totals.py --disabled NAME...    prints the names that are not enabled
"""

import json
import os
import re
import sys


def totals_of_run(run):
    """(passed, failed) test cases of one program that meson ran; one that does not count its cases is one case."""
    output = run.get("stdout", "")
    ok = run["result"] in ("OK", "EXPECTEDFAIL")
    if run["result"] == "SKIP":
        return 0, 0
    # Catch2 2 says so and exits with 0: a tag that no test case has would pass for good.
    if re.search(r"No tests? (cases matched|ran)", output):
        return 0, 1
    all_passed = re.search(r"All tests passed \(.* in (\d+) test cases?\)", output)
    if all_passed:
        return (int(all_passed[1]), 0) if ok else (int(all_passed[1]), 1)
    some_failed = re.search(r"^test cases: +\d+ \|(.*)$", output, re.MULTILINE)
    if some_failed:
        counts = {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed)", some_failed[1])}
        passed, failed = counts.get("passed", 0), counts.get("failed", 0)
        return passed, failed if ok else max(failed, 1)
    own_count = re.search(r"^(\d+) passed, (\d+) failed$", output, re.MULTILINE)
    if own_count:
        return int(own_count[1]), int(own_count[2]) if ok else max(int(own_count[2]), 1)
    return (1, 0) if ok else (0, 1)


def counted_rows(runs):
    """What the tests say of the written test plan: `counted: ROW  N x at least M, K in all`, a line for each row."""
    return [line for run in runs for line in run.get("stdout", "").splitlines() if line.startswith(("counted:", "parity,"))]


def forced_isa_is_missing(runs, rows):
    """Whether the kernels were tested, but none on the ISA that TILEWISE_ISA names (the reference has none of its own)."""
    isa = os.environ.get("TILEWISE_ISA", "")
    if isa in ("", "reference") or not any(run["name"].split()[-1] == "kernels" for run in runs):
        return False
    return not any(line.startswith(f"counted: vector kernels of {isa} ") for line in rows)


def main():
    if sys.argv[1] == "--disabled":
        options = {option["name"]: option["value"] for option in json.load(sys.stdin)}
        print(*(name for name in sys.argv[2:] if options.get(name) != "enabled"))
        return 0
    try:
        with open(sys.argv[1], encoding="utf-8") as log:
            runs = [json.loads(line) for line in log if line.strip()]
    except FileNotFoundError:
        runs = []
    rows = counted_rows(runs)
    for row in rows:
        print(row)
    totals = [totals_of_run(run) for run in runs]
    passed, failed = sum(t[0] for t in totals), sum(t[1] for t in totals)
    if forced_isa_is_missing(runs, rows):
        print(f"no kernel ran on {os.environ['TILEWISE_ISA']}, which TILEWISE_ISA names")
        failed += 1
    print(f"{passed} passed, {failed} failed")
    return 0 if passed > 0 and failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
