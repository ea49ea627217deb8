"""Prints the trials of the sweep from best to worst: python3 src/best.py."""

import json
from pathlib import Path

runs = [json.loads(path.read_text()) for path in Path("outputs").glob("*/metrics.json")]
for run in sorted(runs, key=lambda run: (-run["test"]["accuracy"], run["test"]["loss"], run["name"])):
    print(f"{run['test']['accuracy']:.2f}  {run['test']['loss']:.4f}  {run['name']}")
