"""The Python contestants of `cargo xtask bench`: `python3 contestant.py sdk|httpx`.

It reads requests and writes a response to each, one line of JSON each. `sdk` is the vendor's
client; `httpx` is the HTTP library below it, with a few lines of code.
"""

import importlib.metadata
import json
import os
import platform
import sys
import time
from functools import cache

API_KEY = "sk-or-v1-the-management-key-of-the-benchmark"
HASH = "f01d52606dc8f0a8303a7b5cc3fa07109c2e346cec7c0a16b40de462992ce943"

# The server is on this machine and is reached directly, even if a proxy is configured.
os.environ["NO_PROXY"] = "*"


def sdk():
    """The vendor's client, without retries, so that failures show."""
    from openrouter import OpenRouter
    from openrouter.utils import BackoffStrategy, RetryConfig

    no_retries = RetryConfig("none", BackoffStrategy(1, 1, 1.0, 1), False)

    @cache
    def keys(base):
        return OpenRouter(api_key=API_KEY, server_url=base, retry_config=no_retries).api_keys

    def get(base):
        return [keys(base).get(hash=HASH).data]

    def list_page(base):
        return keys(base).list().data

    def name_and_hash(key):
        return key.name, key.hash

    return {"get": get, "list": list_page}, name_and_hash, versions("openrouter", "httpx", "pydantic")


def by_hand():
    """Code that uses only httpx."""
    import httpx

    client = httpx.Client(headers={"authorization": f"Bearer {API_KEY}"})

    def data(url):
        return client.get(url).raise_for_status().json()["data"]

    def get(base):
        return [data(f"{base}/keys/{HASH}")]

    def list_page(base):
        return data(f"{base}/keys")

    def name_and_hash(key):
        return key["name"], key["hash"]

    return {"get": get, "list": list_page}, name_and_hash, versions("httpx")


def versions(*packages):
    own = {"python": platform.python_version()}
    return own | {package: importlib.metadata.version(package) for package in packages}


def respond(tasks, name_and_hash, line):
    request = dict(json.loads(line))
    task, base, calls = (request.get(name) for name in ("task", "base", "calls"))
    if task not in tasks:
        raise ValueError(f"unknown task {task}; the tasks are {', '.join(tasks)}")
    if type(base) is not str:
        raise ValueError(f"base must be a URL, not {base}")
    if type(calls) is not int or calls < 1:
        raise ValueError(f"calls must be a positive integer, not {calls}")
    if request.get("at_once", 1) != 1:
        raise ValueError("at_once must be 1: this contestant makes one call after another")
    call = tasks[task]
    checked = 0
    cpu, wall = time.process_time_ns(), time.perf_counter_ns()
    for _ in range(calls):
        keys = call(base)
        if keys and not all(name_and_hash(keys[0])):
            raise ValueError("the first key has no hash or no name")
        checked += len(keys)
    wall_ns, cpu_ns = time.perf_counter_ns() - wall, time.process_time_ns() - cpu
    return {"wall_ns": wall_ns, "cpu_ns": cpu_ns, "checked": checked}


def failure(error):
    return {"error": f"{type(error).__name__}: {error}"}


def say(value):
    print(json.dumps(value), flush=True)


def main():
    contestants = {"sdk": sdk, "httpx": by_hand}
    name = sys.argv[1] if len(sys.argv) == 2 else None
    if name not in contestants:
        raise ValueError(f"unknown contestant {name}; the contestants are {', '.join(contestants)}")
    tasks, name_and_hash, known = contestants[name]()
    say({"ready": True, "versions": known})
    for line in sys.stdin:
        try:
            say(respond(tasks, name_and_hash, line))
        except Exception as error:  # the next request may succeed
            say(failure(error))


try:
    main()
except Exception as error:
    say(failure(error))
    sys.exit(1)
