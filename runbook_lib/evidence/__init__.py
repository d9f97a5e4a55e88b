"""What a run leaves behind: the bundle and its result. Knows no host."""

from runbook_lib.evidence.bundle import Bundle, BundleError, create_bundle, create_bundle_at, require_empty
from runbook_lib.evidence.outcome import Outcome, worst
from runbook_lib.evidence.result import (
    Frame,
    NotebookResult,
    checks_judged,
    count_changes,
    keepalived_found,
    render_result,
    warnings_given,
)

__all__ = [
    "Bundle",
    "BundleError",
    "Frame",
    "NotebookResult",
    "Outcome",
    "checks_judged",
    "count_changes",
    "create_bundle",
    "create_bundle_at",
    "keepalived_found",
    "render_result",
    "require_empty",
    "warnings_given",
    "worst",
]
