"""An error as it is shown."""

from __future__ import annotations

from runbook_lib.errors import HostError
from runbook_lib.outward import Secret, protect


def test_a_message_that_quotes_a_machine_is_outward_and_one_line_in_a_notebook() -> None:
    protect(Secret("hunter2"))
    error = HostError("node128: `id` ended with 1: \x1b[2J hunter2.", "Run it by hand.")
    assert str(error) == "node128: `id` ended with 1: \\x1b[2J •••. Run it by hand."
    assert error._render_traceback_() == [f"HostError: {error}"]
