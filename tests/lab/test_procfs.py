import os
from pathlib import Path

from runbook_lib.lab.procfs import capabilities, is_init, listens_in

TABLE = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 5025 1 0000
   1: 0100007F:1F90 0100007F:0050 01 00000000:00000000 00:00000000 00000000     0        0 5026 1 0000
"""


def test_a_listening_port_is_found() -> None:
    assert listens_in(TABLE, 22)


def test_a_connection_from_a_port_is_not_a_listener() -> None:
    assert not listens_in(TABLE, 8080)


def test_a_table_without_rows_has_no_listener() -> None:
    assert not listens_in(TABLE.splitlines()[0], 22)


def test_this_process_is_no_machines_init() -> None:
    assert not is_init(os.getpid())


def test_a_process_that_ended_is_no_machines_init() -> None:
    assert not is_init(2**22 + 1)  # above the largest pid_max


def test_capabilities_are_numbers_that_the_kernel_knows() -> None:
    assert max(capabilities(os.getpid()), default=0) <= int(Path("/proc/sys/kernel/cap_last_cap").read_text())
