"""Whether ThreadSanitizer finds a race that is there.

    test_planted_race.py PLANTED_RACE
"""

import os
import re
import subprocess
import sys

REPORT = r"WARNING: ThreadSanitizer: data race.*planted_race\.cpp"
SANITIZER_FOUND_SOMETHING = 66

run = subprocess.run([sys.argv[1]], env={**os.environ, "TILEWISE_TEST_BACKEND": "threads"}, capture_output=True, text=True, check=False)
found = run.returncode == SANITIZER_FOUND_SOMETHING and re.search(REPORT, run.stderr, re.DOTALL) is not None
if not found:
    print(f"the planted race was not reported; status {run.returncode}\n{run.stdout}{run.stderr}")
print(f"{int(found)} passed, {int(not found)} failed")
sys.exit(0 if found else 1)
