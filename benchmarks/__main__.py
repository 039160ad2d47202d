"""``python -m benchmarks NAME [--quick] [--json] [--folder DIR]``."""

import argparse
import importlib
import json
import pkgutil
import tempfile
from pathlib import Path

import benchmarks


def main() -> int:
    names = sorted(m.name for m in pkgutil.iter_modules(benchmarks.__path__) if m.name[0] != "_")
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", choices=names)
    parser.add_argument("--quick", action="store_true", help="a small set, for trying it out")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    given = parser.parse_args()
    module = importlib.import_module(f"benchmarks.{given.name}")
    report = module.run(benchmarks.Settings(quick=given.quick, folder=given.folder))
    print(json.dumps(report.as_dict()) if given.json else report.as_text())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
