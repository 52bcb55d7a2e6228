"""Exit statuses beside click's own (0 success, 1 error, 2 usage)."""

from typing import Final

RECONCILIATION_FAILED: Final = 3
FAIL_CONDITION_MET: Final = 4
