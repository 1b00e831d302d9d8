"""``python -m synthetic OUT [--seed N] [--claims N]``: write the health system into a folder."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from synthetic.generate import CLAIMS, SEED, generate


def main(arguments: list[str] | None = None) -> None:
    """Write the files and say how many claims they hold."""
    parser = argparse.ArgumentParser(prog="python -m synthetic", description=__doc__)
    parser.add_argument("out", type=Path, help="folder to write into; made if it is not there")
    parser.add_argument("--seed", type=int, default=SEED, help="the same seed gives the same bytes")
    parser.add_argument("--claims", type=int, default=CLAIMS, help="ordinary professional claims")
    chosen = parser.parse_args(arguments)
    key = generate(chosen.out, chosen.seed, chosen.claims)
    counts = ", ".join(f"{count} {kind}" for kind, count in key["claims"].items())
    sys.stdout.write(
        f"{chosen.out}: {counts} claims; {len(key['faults'])} faults, {len(key['unknowns'])} unknowns and "
        f"{len(key['look_alikes'])} look-alikes in key.json\n"
    )


if __name__ == "__main__":
    main()
