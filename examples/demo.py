"""``make demo``: check the claims of Riverside, a made-up practice and hospital, and explain one finding."""

from __future__ import annotations

import sys

from scrubjay.cli import app

WORKSPACE = ("--workspace", "examples/riverside")
CLAIMS = ("examples/riverside/institutional.837", "examples/riverside/professional.837")
COMMANDS = (
    ("check", *CLAIMS, *WORKSPACE),
    ("explain", CLAIMS[1], "--claim", "RMG-1016", "--rule", "DEP101", *WORKSPACE),
    ("rule", "DEP101"),
)


def main() -> None:
    """Show each command and what it prints. The exit code is 0: the faults are planted."""
    for command in COMMANDS:
        sys.stdout.write(f"\n$ scrubjay {' '.join(command)}\n\n")
        sys.stdout.flush()
        app(list(command), standalone_mode=False)


if __name__ == "__main__":
    main()
