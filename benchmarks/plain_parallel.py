"""What httpx can do: as many threads as places, a client each, and no work beside it.

Run as `plain_parallel.py URL REQUESTS THREADS LEADS`.
"""

from __future__ import annotations

import ssl
import sys
from concurrent.futures import ThreadPoolExecutor

import httpx


def main(url: str, requests: int, threads: int, leads: int) -> None:
    lead = {"phone_number": "15555550100", "name": "Asha Testperson"}
    body = {"leads": [lead] * leads}
    authorities = ssl.create_default_context()  # 20 ms, once and not for each client
    left = iter(range(requests))  # of a range, next() is one step for all threads

    def work() -> None:
        with httpx.Client(verify=authorities) as client:
            for _ in left:
                client.post(url, json=body).json()

    with ThreadPoolExecutor(threads) as pool:
        for future in [pool.submit(work) for _ in range(threads)]:
            future.result()


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
