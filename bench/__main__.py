"""``make bench``: CPU seconds, wall seconds, peak memory and claims per second, as ratios to the bar.

Every figure is a whole process of its own, three times each in turn; the median is shown. The bar
only parses; ``check`` starts Python, reads, builds facts, runs every rule and writes its findings. Below
stands what fee files cost (`bench.fees`), what the work across claims costs (`bench.feeds`; the million lines once only),
and a longer book of rules, over 100,000 claims and over one (`bench.book`).
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from bench import book, feeds, fees
from bench.generate import write_claims

RUNS = 3
SIZES = (10_000, 100_000)
FEED_SIZES = {100_000: RUNS, 1_000_000: 1}  # lines, and how often each book is checked
COMMANDS = {
    "split-and-walk": ["-m", "bench.split_and_walk", "{file}"],
    "read to columns": ["-c", "import sys, scrubjay; scrubjay.read([sys.argv[1]])", "{file}"],
    "check, JSON out": ["-m", "scrubjay.cli", "check", "{file}", "--format", "json", "-o", "{out}"],
}


def measure(arguments: list[str]) -> tuple[float, float, float]:
    """CPU seconds, wall seconds and peak memory (MB) of one process."""
    began = time.perf_counter()
    silent = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    pid = os.posix_spawn(sys.executable, [sys.executable, *arguments], os.environ, file_actions=silent)
    _, status, usage = os.wait4(pid, 0)
    if os.waitstatus_to_exitcode(status) not in (0, 1):
        raise SystemExit(f"{' '.join(arguments)} ended with {os.waitstatus_to_exitcode(status)}")
    return usage.ru_utime + usage.ru_stime, time.perf_counter() - began, usage.ru_maxrss / 1024


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES:
            file, out = Path(folder) / f"{size}.837", Path(folder) / "out.json"
            write_claims(file, size)
            rows: dict[str, list[tuple[float, float, float]]] = {name: [] for name in COMMANDS}
            for _ in range(RUNS):
                for name, command in COMMANDS.items():
                    rows[name].append(measure([part.format(file=file, out=out) for part in command]))
            sys.stdout.write(f"\n{size:,} claims, {file.stat().st_size / 1e6:.0f} MB\n")
            sys.stdout.write(f"{'':<18}{'CPU s':>8}{'wall s':>8}{'× bar':>8}{'MB':>7}{'claims/s':>11}\n")
            bar = statistics.median(wall for _, wall, _ in rows["split-and-walk"])
            for name, found in rows.items():
                cpu, wall, memory = (statistics.median(one) for one in zip(*found, strict=True))
                sys.stdout.write(
                    f"{name:<18}{cpu:>8.2f}{wall:>8.2f}{bar / wall:>8.2f}{memory:>7.0f}{size / wall:>11,.0f}\n"
                )
        _fees(Path(folder), Path(folder) / f"{SIZES[-1]}.837", SIZES[-1])
        _feeds(Path(folder))
        for size in (100_000, 1):
            file = Path(folder) / f"{size}.837"
            write_claims(file, size)
            sys.stdout.write(f"\nthe book of rules, {size:,} {'claim' if size == 1 else 'claims'}\n")
            sys.stdout.flush()
            book.main([str(file)])


def _fees(folder: Path, claims: Path, count: int) -> None:
    """The table of what fee files cost."""
    files = fees.write_files(folder / "cms")
    spaces = {
        "without fees": fees.make_workspace(folder / "without", []),
        "with fees": fees.make_workspace(folder / "with", files),
    }
    rows: dict[str, list[tuple[float, float, float]]] = {}
    for number in range(RUNS):
        target = fees.make_workspace(folder / f"import{number}", [])
        rows.setdefault("import PPRRVU", []).append(measure(["-m", "bench.fees", str(files[0]), str(target)]))
        for name, space in spaces.items():
            command = ["-m", "scrubjay.cli", "check", str(claims), "--format", "json", "-o", str(folder / "out.json")]
            rows.setdefault(f"check {name}", []).append(measure([*command, "--workspace", str(space)]))
    sys.stdout.write(f"\nfee files: {len(fees.CODES):,} rows; a check of {count:,} claims\n")
    sys.stdout.write(f"{'':<22}{'CPU s':>8}{'wall s':>8}{'× bar':>8}{'MB':>7}\n")
    bar = statistics.median(cpu for cpu, _, _ in rows["check without fees"])
    for name, found in rows.items():
        cpu, wall, memory = (statistics.median(one) for one in zip(*found, strict=True))
        sys.stdout.write(f"{name:<22}{cpu:>8.2f}{wall:>8.2f}{cpu / bar:>8.2f}{memory:>7.0f}\n")
    sys.stdout.flush()


def _feeds(folder: Path) -> None:
    """The table of what the work across claims costs, and whether it grows with the lines and no faster."""
    small: dict[str, float] = {}  # CPU seconds of a line in the smaller book
    for lines, runs in FEED_SIZES.items():
        space = feeds.write_workspace(folder / f"feeds{lines}")
        files = feeds.write_files(space, lines)
        rows: dict[str, list[tuple[float, float, float]]] = {}
        for _ in range(runs):
            for name, chosen in feeds.BOOKS.items():
                command = ["-m", "scrubjay.cli", "check", *(str(files[number]) for number in chosen)]
                command += ["--workspace", str(space), "--format", "json", "-o", str(folder / "out.json")]
                rows.setdefault(name, []).append(measure(command))
        sys.stdout.write(f"\nacross claims: {lines:,} professional lines\n")
        head = f"{'':<22}{'CPU s':>8}{'wall s':>8}{'× bar':>8}{'MB':>7}{'lines/s':>10}"
        sys.stdout.write(f"{head}{'CPU of a line':>16}\n" if small else f"{head}\n")
        bar = statistics.median(cpu for cpu, _, _ in rows["professional claims"])
        for name, found in rows.items():
            cpu, wall, memory = (statistics.median(one) for one in zip(*found, strict=True))
            row = f"{name:<22}{cpu:>8.1f}{wall:>8.1f}{cpu / bar:>8.2f}{memory:>7,.0f}{lines / wall:>10,.0f}"
            sys.stdout.write(f"{row}{f'× {cpu / lines / small[name]:.2f}':>16}\n" if name in small else f"{row}\n")
            small.setdefault(name, cpu / lines)
        sys.stdout.flush()


if __name__ == "__main__":
    main()
