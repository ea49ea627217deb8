"""Each node draws numbers of its own; together they agree on the mean of all, over plain sockets.

The nodes find each other by MASTER_ADDR, MASTER_PORT, WORLD_SIZE and RANK, as torch.distributed would. Without
them (a local run) the program is a world of one node.
"""

import json
import os
import random
import socket
import sys
import time

rank = int(os.environ.get("RANK", "0"))
world_size = int(os.environ.get("WORLD_SIZE", "1"))
address = (os.environ.get("MASTER_ADDR", "127.0.0.1"), int(os.environ.get("MASTER_PORT", "29500")))


def connect():
    """The other nodes may be up before the first one listens, or before the cluster's DNS knows it."""
    for attempt in range(600):
        try:
            return socket.create_connection(address, timeout=60)
        except OSError as error:
            if attempt == 599:
                raise
            if attempt % 50 == 0:
                print(f"rank {rank}: waiting for {address[0]}: {error}", flush=True)
            time.sleep(0.1)


def gather_and_share(part):
    """Rank 0 adds up what all ranks send, and tells each the total."""
    if world_size == 1:
        return part
    if rank != 0:
        with connect() as connection, connection.makefile("rw") as stream:
            stream.write(json.dumps({"rank": rank, "part": part}) + "\n")
            stream.flush()
            return json.loads(stream.readline())["total"]
    parts = {0: part}
    with socket.create_server(("", address[1]), backlog=world_size) as server:
        server.settimeout(300)
        streams = []
        while len(parts) < world_size:
            connection, _ = server.accept()
            stream = connection.makefile("rw")
            message = json.loads(stream.readline())
            parts[message["rank"]] = message["part"]
            streams.append(stream)
        total = [sum(column) for column in zip(*(parts[each] for each in sorted(parts)))]
        for stream in streams:
            stream.write(json.dumps({"total": total}) + "\n")
            stream.flush()
            stream.close()
    return total


def main(samples):
    generator = random.Random(rank)
    drawn = [generator.random() for _ in range(samples)]
    total, count = gather_and_share([sum(drawn), samples])
    print(f"rank {rank} of {world_size}: the mean of {count} numbers is {total / count:.6f}", flush=True)


main(int(sys.argv[1]))
