"""Trains a logistic regression by stochastic gradient descent and writes its metrics as JSON.

Plain Python, no packages. Settings come as flags; the trial's name and hyperparameters, which the toolbox
hands over in the environment, go into the metrics file, so that each file says what it belongs to.
"""

import argparse
import csv
import json
import math
import os
import random
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("--data", type=Path, required=True)
parser.add_argument("--output", type=Path, required=True)
parser.add_argument("--lr", type=float, required=True)
parser.add_argument("--l2", type=float, required=True)
parser.add_argument("--degree", type=int, required=True, help="1: straight line; 3: cubic curve")
parser.add_argument("--epochs", type=int, default=60)
parser.add_argument("--seed", type=int, default=0)
args = parser.parse_args()


def features(x: float, y: float) -> list[float]:
    """All products of powers of x and y up to the degree, the constant included."""
    return [x**i * y**j for i in range(args.degree + 1) for j in range(args.degree + 1 - i)]


def probability(weights: list[float], row: list[float]) -> float:
    score = sum(w * f for w, f in zip(weights, row))
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, score))))


def evaluate(weights: list[float], rows: list[tuple[list[float], int]]) -> dict[str, float]:
    guesses = [(min(max(probability(weights, row), 1e-9), 1 - 1e-9), label) for row, label in rows]
    loss = -sum(math.log(p if label else 1 - p) for p, label in guesses) / len(rows)
    accuracy = sum((p > 0.5) == bool(label) for p, label in guesses) / len(rows)
    return {"loss": round(loss, 4), "accuracy": round(accuracy, 4)}


with args.data.open() as file:
    rows = [(features(float(r["x"]), float(r["y"])), int(r["label"])) for r in csv.DictReader(file)]
dice = random.Random(args.seed)
dice.shuffle(rows)
split = len(rows) * 3 // 4
train, test = rows[:split], rows[split:]

weights = [0.0] * len(rows[0][0])
for _ in range(args.epochs):
    dice.shuffle(train)
    for row, label in train:
        error = probability(weights, row) - label
        weights = [w - args.lr * (error * f + args.l2 * w) for w, f in zip(weights, row)]

metrics = {
    "name": os.environ.get("TOOLBOX_NAME", "by hand"),
    "hparam": json.loads(os.environ.get("TOOLBOX_HPARAM", "{}")),
    "train": evaluate(weights, train),
    "test": evaluate(weights, test),
}
args.output.mkdir(parents=True, exist_ok=True)
(args.output / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n")
print(f"test accuracy {metrics['test']['accuracy']:.2f}, loss {metrics['test']['loss']:.4f}")
