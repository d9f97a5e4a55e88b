from __future__ import annotations

import pytest

from runbook_lib.hosts.disk_full import disk_full_error


@pytest.mark.parametrize(
    ("said", "command", "folder"),
    [
        ("mktemp: failed to create file via template '/etc/k/k.XX.part': No space left on device", "", "/etc/k"),
        ("mkdir: cannot create directory '/usr/local/k': No space left on device\n", "", "/usr/local"),
        ("sh: 1: cannot create /srv/x: No space left on device", "", "/srv"),
        ("/tmp/cc1.s: fatal error: error writing to /tmp/cc1.s: No space left on device", "", "/tmp"),
        ("all is well\ntar: a/b: Cannot write: No space left on device", "cd /var/tmp/b && tar", "/var/tmp/b"),
        ("cat: write error: No space left on device", "cat > f 2>/dev/null", "a folder that it writes to"),
    ],
)
def test_the_folder_is_named_as_far_as_it_is_known(said: str, command: str, folder: str) -> None:
    error = disk_full_error("node129", "`x` ended with 1", said, command)
    assert str(error) == (
        f"No space left on node129 in {folder}: `x` ended with 1. "
        "Free some there (on node129: df -h; df -i), then run the step again."
    )


def test_another_failure_is_none_of_its() -> None:
    assert disk_full_error("node129", "`x` ended with 1", "Permission denied", "x") is None
