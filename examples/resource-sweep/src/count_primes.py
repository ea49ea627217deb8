"""Counts the primes below LIMIT on N processes: python3 src/count_primes.py LIMIT N."""

import sys
from multiprocessing import Pool


def count(bounds: range) -> int:
    return sum(n > 1 and all(n % d for d in range(2, int(n**0.5) + 1)) for n in bounds)


if __name__ == "__main__":
    limit, workers = int(sys.argv[1]), int(sys.argv[2])
    with Pool(workers) as pool:
        found = sum(pool.map(count, [range(start, limit, workers) for start in range(workers)]))
    print(f"{found} primes below {limit}, counted by {workers} processes")
