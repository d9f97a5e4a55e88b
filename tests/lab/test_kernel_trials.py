from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from runbook_lib.lab.kernel_trials import TRIALS, FailedTrial, Trial, run_trials

TRY = """
import sys, tempfile
from pathlib import Path
from runbook_lib.lab.kernel_trials import TRIALS, run_trials
with tempfile.TemporaryDirectory(dir=sys.argv[1]) as scratch:
    failed = run_trials(Path(scratch), TRIALS)
print(failed and f"{failed.trial.lack}: {failed.reason}. {failed.cure}")
"""


def refuse(_: Path) -> None:
    raise OSError(19, "No such device")


def test_the_first_that_fails_is_told_with_the_kernels_word(tmp_path: Path) -> None:
    good = Trial("good", "", lambda scratch: (scratch / "tried").touch())
    bad, worse = Trial("bad", "cure", refuse), Trial("worse", "", refuse)
    assert run_trials(tmp_path, (good, bad, worse)) == FailedTrial(bad, "No such device")
    assert (tmp_path / "tried").exists()
    assert run_trials(tmp_path, (good, good)) is None


def test_what_is_not_known_needs_another_kernel_what_is_not_permitted_another_machine() -> None:
    trial = Trial("lack", "load the module", refuse)
    assert FailedTrial(trial, "No such device").cure == "load the module"
    assert FailedTrial(trial, "unshare: Operation not permitted").cure == (
        "Run the lab on a machine, or a virtual one, whose kernel is its own: a container's rights don't suffice."
    )


@pytest.mark.lab
@pytest.mark.parametrize(
    ("capability", "lack"),
    [
        ("sys_admin", "This machine gives the lab no namespaces of its own: unshare: Operation not permitted."),
        ("net_admin", "This kernel makes no bridge or no veth pair: Operation not permitted."),
    ],
)
def test_root_without_a_capability_is_told_so(tmp_path: Path, capability: str, lack: str) -> None:
    without = ("setpriv", f"--bounding-set=-{capability}", f"--inh-caps=-{capability}")
    tried = subprocess.run(
        [*without, sys.executable, "-c", TRY, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert tried.stdout.startswith(lack)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.lab
def test_nothing_stays_of_what_was_tried(tmp_path: Path) -> None:
    assert run_trials(tmp_path, TRIALS) is None
    assert str(tmp_path) not in Path("/proc/self/mounts").read_text()
    # os.walk passes over groups that labs beside this test remove meanwhile.
    assert f"runbook-preflight-{tmp_path.name}" not in {
        name for _, names, _ in os.walk("/sys/fs/cgroup") for name in names
    }
