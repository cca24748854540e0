"""``python -m opsin`` is the command ``opsin``."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main() -> None:
    """Becomes the command. Raises ``SystemExit`` where it is not beside this module, in the build folder of a source tree, or in ``$OPSIN_COMMAND``."""
    here = Path(__file__).resolve().parent
    candidates = [Path(os.environ["OPSIN_COMMAND"])] if os.environ.get("OPSIN_COMMAND") else [here / "bin/opsin", here.parents[2] / ".build/release/opsin"]
    for command in candidates:
        if command.exists():
            if (here / "models").is_dir():
                os.environ.setdefault("OPSIN_MODELS", str(here / "models"))
            os.execv(command, ["opsin", *sys.argv[1:]])
    sys.exit(f"opsin: no command in {', '.join(map(str, candidates))} (OPSIN_COMMAND names it)")


if __name__ == "__main__":
    main()
