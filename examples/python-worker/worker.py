#!/usr/bin/env python3
"""A Millrace worker that needs Python 3.9 or newer and nothing else: claim, heartbeat, finish, over plain HTTP."""

import http.client
import json
import os
import signal
import socket
import sys
import threading
import time
import traceback
from datetime import datetime
from urllib.parse import urlsplit

URL = urlsplit(os.environ["MILLRACE_URL"])
KEY = os.environ["MILLRACE_API_KEY"]
QUEUES = os.environ.get("MILLRACE_QUEUES", "default").split(",")
NAME = os.environ.get("MILLRACE_WORKER_NAME", f"python-{socket.gethostname()}-{os.getpid()}")
CONCURRENCY = int(os.environ.get("MILLRACE_CONCURRENCY", "4"))
LEASE_MS = int(os.environ.get("MILLRACE_LEASE_MS", "30000"))
GRACE_MS = int(os.environ.get("MILLRACE_GRACE_MS", "20000"))
WAIT_MS = 30_000
HANDLERS = {}


class Dead(Exception):
    """Raised by a handler: no retry can help."""


class Snooze(Exception):
    """Raised by a handler, with milliseconds: come back then; the attempt is given back."""


def handler(job_type):
    """Registers a function for a type of job. It gets the job and a Context; what it returns is the result, raising fails the attempt."""
    return lambda function: HANDLERS.setdefault(job_type, function)


@handler("python.greet")
def greet(job, context):
    return {"greeting": f"Hello, {job['payload']['name']}!"}


@handler("python.flaky")
def flaky(job, context):
    if job["attempts"] <= job["payload"]["failures"]:
        raise RuntimeError(f"attempt {job['attempts']} fails as it was asked to")
    return {"attempts": job["attempts"]}


@handler("python.sleep")
def sleep(job, context):
    """Sleeps for so many seconds, given for each attempt, unless it is told to stop."""
    seconds = job["payload"]["seconds"][job["attempts"] - 1]
    context.progress({"sleepsFor": seconds})
    if context.stop.wait(seconds):
        raise RuntimeError("told to stop")
    return {"worker": NAME}


# What a request can fail with; it may be sent again.
FAILURES = (OSError, http.client.HTTPException, ValueError)


def post(verb, body, timeout_ms=10_000, opened=lambda connection: None):
    """Sends one request and answers its body; anything but a 200 is an OSError."""
    kind = http.client.HTTPSConnection if URL.scheme == "https" else http.client.HTTPConnection
    connection = kind(URL.hostname, URL.port, timeout=timeout_ms / 1000)
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    try:
        connection.connect()
        opened(connection)
        connection.request("POST", f"{URL.path.rstrip('/')}/v1/leases/{verb}", json.dumps(body), headers)
        response = connection.getresponse()
        text = response.read().decode()
        if response.status != 200:
            raise OSError(f"{verb} was answered {response.status}: {text}")
        return json.loads(text)
    finally:
        connection.close()


def log(message, **fields):
    print(json.dumps({"msg": message, "worker": NAME, **fields}), file=sys.stderr, flush=True)


def seconds_of(time_text):
    return datetime.fromisoformat(time_text.replace("Z", "+00:00")).timestamp()


class Context:
    """What a handler has besides its job. `stop` is set when the job is cancelled, its lease lost, or the worker stopping."""

    def __init__(self, item, server_time):
        self.token, self.job, self.stop = item["leaseToken"], item["job"], threading.Event()
        # Both times are the database's, so it doesn't matter what time it is here.
        self.held_until = time.monotonic() + seconds_of(item["leaseExpiresAt"]) - seconds_of(server_time)

    def progress(self, value):
        self.write("progress", progress=value)

    def write(self, verb, **fields):
        """
        Sends a write until it is taken, and answers the problem with it, if there is one. Once the lease is over the job is somebody
        else's, and nothing may be written.
        """
        while time.monotonic() < self.held_until and not self.stop.is_set():
            try:
                [outcome] = post(verb, {"items": [{"leaseToken": self.token, **fields}]})["items"]
            except FAILURES as error:
                log("Trying again", verb=verb, jobId=self.job["id"], error=str(error))
                time.sleep(1)
                continue
            if outcome["ok"]:
                return None
            log("Refused", verb=verb, jobId=self.job["id"], code=outcome["problem"]["code"])
            return outcome["problem"]
        return None


class Worker:
    def __init__(self):
        self.stopping = threading.Event()
        self.slots = threading.Semaphore(CONCURRENCY)
        self.running = {}  # Token to Context; one operation on a dict is atomic.
        self.claiming = None

    def claim_forever(self):
        while True:
            self.slots.acquire()
            free = 1
            while self.slots.acquire(blocking=False):
                free += 1
            contexts = [] if self.stopping.is_set() else self.claim(free)
            if self.stopping.is_set():
                self.release(contexts)
                return
            for context in contexts:
                self.running[context.token] = context
                threading.Thread(target=self.work, args=(context,), daemon=True).start()
            for _ in range(free - len(contexts)):
                self.slots.release()

    def claim(self, limit):
        body = {"queues": QUEUES, "types": list(HANDLERS), "worker": NAME, "limit": min(limit, 1000)}
        try:
            answer = post(
                "claim",
                {**body, "leaseMs": LEASE_MS, "waitMs": WAIT_MS},
                WAIT_MS + 10_000,
                self.may_wait,
            )
            return [Context(item, answer["serverTime"]) for item in answer["items"]]
        except FAILURES as error:
            if not self.stopping.wait(1):
                log("Can't claim", error=str(error))
            return []

    def may_wait(self, connection):
        self.claiming = connection
        if self.stopping.is_set():
            raise OSError("stopping")

    def work(self, context):
        job = context.job
        log("Working", jobId=job["id"], type=job["type"], attempt=job["attempts"])
        try:
            problem = context.write("complete", result=HANDLERS[job["type"]](job, context))
            if problem and problem["code"] != "LEASE_LOST":
                # The work is done, and its result can't be kept: doing it again would end the same.
                context.write("fail", message=f"The result was refused: {problem['detail']}", retryable=False)
        except Snooze as snooze:
            context.write("snooze", delayMs=snooze.args[0])
        except Exception as error:
            message, stack = f"{type(error).__name__}: {error}", traceback.format_exc()
            context.write("fail", message=message, stack=stack, retryable=not isinstance(error, Dead))
        self.running.pop(context.token, None)
        self.slots.release()

    def beat_forever(self):
        """Extends all leases together, beside the handlers. One beat that is lost, or even two, does no harm."""
        while True:
            time.sleep(LEASE_MS / 3000)
            contexts, sent = list(self.running.values()), time.monotonic()
            try:
                body = {"leaseMs": LEASE_MS, "items": [{"leaseToken": context.token} for context in contexts]}
                outcomes = post("heartbeat", body)["items"] if contexts else []
            except FAILURES as error:
                log("Heartbeat failed", error=str(error))
                continue
            for context, outcome in zip(contexts, outcomes):
                if outcome["ok"]:
                    context.held_until = sent + LEASE_MS / 1000
                elif context.token in self.running:
                    log("Cancelled" if outcome["cancelRequested"] else "Lease lost", jobId=context.job["id"])
                    context.stop.set()

    def release(self, contexts):
        """Hands jobs back, with their attempts."""
        for context in contexts:
            context.stop.set()
        if contexts:
            post("release", {"items": [{"leaseToken": context.token} for context in contexts]})

    def run(self):
        def stop(number, frame):
            signal.signal(number, signal.SIG_DFL)  # A second one ends the process at once.
            self.stopping.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        claims = threading.Thread(target=self.claim_forever, daemon=True)
        claims.start()
        threading.Thread(target=self.beat_forever, daemon=True).start()
        log("Started", queues=QUEUES, types=list(HANDLERS))
        self.stopping.wait()

        log("Stopping", running=len(self.running))
        try:
            # Whoever hangs up during a wait gets no jobs.
            self.claiming.sock.shutdown(socket.SHUT_RDWR)
        except (AttributeError, OSError):
            pass
        self.slots.release()
        claims.join(10)
        deadline = time.monotonic() + GRACE_MS / 1000
        while self.running and time.monotonic() < deadline:
            time.sleep(0.05)
        self.release(list(self.running.values()))
        log("Stopped")


if __name__ == "__main__":
    Worker().run()
