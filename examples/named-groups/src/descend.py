"""Minimises Rosenbrock's function by gradient descent: python3 src/descend.py LEARNING_RATE STEPS MOMENTUM."""

import sys

rate, steps, momentum = float(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
x, y, dx, dy = -1.0, 1.5, 0.0, 0.0
for _ in range(steps):
    slope_x = -2 * (1 - x) - 400 * x * (y - x * x)
    slope_y = 200 * (y - x * x)
    dx, dy = momentum * dx - rate * slope_x, momentum * dy - rate * slope_y
    x, y = x + dx, y + dy
print(f"rate={sys.argv[1]} steps={steps} momentum={momentum} loss={(1 - x) ** 2 + 100 * (y - x * x) ** 2:.6f}")
