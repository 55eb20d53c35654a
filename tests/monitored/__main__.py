"""Write `docs/coverage.md`: `python -m tests.monitored > docs/coverage.md`."""

from __future__ import annotations

import sys

from tests.monitored.document import document

if __name__ == "__main__":
    sys.stdout.write(document())
