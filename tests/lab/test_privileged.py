"""An interruption of what runs as root."""

from __future__ import annotations

import subprocess
import sys

TWO_AT_ONCE = """
import signal
from runbook_lib.lab import privileged
def both():
    signal.pthread_sigmask(signal.SIG_BLOCK, privileged.SIGNALS)
    for number in privileged.SIGNALS:
        signal.raise_signal(number)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, privileged.SIGNALS)
privileged.catch_signals()
try:
    both()
except KeyboardInterrupt:
    print("taking back")
    both()
print("taken back")
"""


def test_two_signals_at_once_interrupt_once_and_later_ones_not_at_all() -> None:
    ran = subprocess.run([sys.executable, "-c", TWO_AT_ONCE], capture_output=True, text=True, check=False)
    assert (ran.stdout, ran.stderr) == ("taking back\ntaken back\n", "")
