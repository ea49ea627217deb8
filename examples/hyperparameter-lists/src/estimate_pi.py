"""Estimates pi by throwing darts at a square: python3 src/estimate_pi.py SAMPLES SEED."""

import random
import sys

samples, seed = int(sys.argv[1]), int(sys.argv[2])
darts = random.Random(seed)
hits = sum(darts.random() ** 2 + darts.random() ** 2 < 1 for _ in range(samples))
print(f"samples={samples} seed={seed} pi={4 * hits / samples:.4f}")
