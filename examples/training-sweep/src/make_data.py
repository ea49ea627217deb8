"""Writes the two data sets of this example, the same bytes each time: python3 src/make_data.py."""

import math
import random

ROWS = 200


def write(path: str, points: list[tuple[float, float, int]]) -> None:
    with open(path, "w") as file:
        file.write("x,y,label\n")
        file.writelines(f"{x:.4f},{y:.4f},{label}\n" for x, y, label in points)


def blobs(dice: random.Random) -> list[tuple[float, float, int]]:
    """Two round clouds that overlap a little."""
    return [(dice.gauss(2 * k - 1, 0.8), dice.gauss(1 - 2 * k, 0.8), k) for k in (n % 2 for n in range(ROWS))]


def moons(dice: random.Random) -> list[tuple[float, float, int]]:
    """Two interleaved half circles, which no straight line parts."""
    points = []
    for n in range(ROWS):
        turn, label = math.pi * dice.random(), n % 2
        x = math.cos(turn) if label == 0 else 1 - math.cos(turn)
        y = math.sin(turn) if label == 0 else 0.5 - math.sin(turn)
        points.append((x + dice.gauss(0, 0.12), y + dice.gauss(0, 0.12), label))
    return points


write("data/blobs.csv", blobs(random.Random(7)))
write("data/moons.csv", moons(random.Random(8)))
