from __future__ import annotations

import os
import subprocess
from pathlib import Path

from runbook_lib.demonstrations.leaving import IN_A_FOLDER


def test_the_folder_goes_also_when_nobody_reads_any_more(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    script = IN_A_FOLDER + "touch kept; for i in 1 2 3; do echo said; done"
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    subprocess.run(
        ["sh", "-c", script],
        stdout=writer,
        stderr=subprocess.DEVNULL,
        env=environment,
        check=False,
        restore_signals=True,
    )
    os.close(writer)
    assert list(tmp_path.iterdir()) == []
