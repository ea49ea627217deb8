"""Prints the median of the comma-separated numbers in a file."""

import statistics
import sys

with open(sys.argv[1]) as file:
    numbers = [float(word) for word in file.read().split(",")]
print(statistics.median(numbers))
