"""What a test does where it lacks a module."""

import os
import sys


def skip(problem):
    """Exit code 77 means skipped. Where CI=true that is a failure."""
    if os.environ.get("CI") == "true":
        sys.exit(f"FAILED: {problem}; scripts/install-dependencies --pytorch")
    print(f"skipped: {problem}")
    sys.exit(77)
