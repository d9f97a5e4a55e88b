"""What /proc says of processes and sockets: for the supervisor, which sees all of its lab."""

from __future__ import annotations

from pathlib import Path


def is_init(pid: int) -> bool:
    """Whether this is process 1 of its own PID namespace (proc(5), NSpid: the innermost number is the last)."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:  # it ended meanwhile
        return False
    numbers = next(line for line in lines if line.startswith("NSpid:")).split()
    return len(numbers) > 2 and numbers[-1] == "1"


def capabilities(pid: int) -> list[int]:
    """The numbers of the capabilities that the process may ever have: the machine's root has fewer than the host's."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    bounding = int(next(line for line in lines if line.startswith("CapBnd:")).split()[1], 16)
    return [number for number in range(64) if bounding >> number & 1]


def listens_in(table: str, port: int) -> bool:
    """Whether a /proc/net/tcp table has a socket in state LISTEN (0A) on this port. Pure."""
    rows = (line.split() for line in table.splitlines()[1:])
    return any(row[1].endswith(f":{port:04X}") and row[3] == "0A" for row in rows)
