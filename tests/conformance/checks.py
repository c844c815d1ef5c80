"""What every script here shares: named cases, their outcome on a line each, and the count at the end."""

import sys
import time
from contextlib import contextmanager


class Checks:
    """The cases of one client. A failing case does not end the run: the next ones are of interest, too."""

    def __init__(self, client):
        self.client = client
        self.passed = 0
        self.failed = 0

    @contextmanager
    def case(self, name):
        """One behaviour. Any exception inside it is a failure and goes no further."""
        try:
            yield
        except Exception as error:  # A client may raise whatever it likes.
            self.fail(name, error)
        else:
            self.passed += 1
            self.say(f"pass  {self.client}: {name}")

    def run(self, part, *given):
        """A function with cases; what it raises between them, and so cannot go on from, is one failure."""
        try:
            part(self, *given)
        except Exception as error:
            self.fail(f"{part.__name__} broke off", error)

    def fail(self, name, error):
        self.failed += 1
        self.say(f"FAIL  {self.client}: {name}: {type(error).__name__}: {shortened(error)}")

    def finish(self):
        """Prints the count and ends the program, with status 1 if anything failed."""
        self.say(f"{self.client}: {self.passed} passed, {self.failed} failed")
        sys.exit(1 if self.failed else 0)

    @staticmethod
    def say(line):
        print(line, flush=True)


def shortened(error, limit=400):
    text = " ".join(str(error).split())
    return text if len(text) <= limit else text[:limit] + " ..."


def expect(truth, message="the condition does not hold"):
    """A bare assert would vanish under `python -O`."""
    if not truth:
        raise AssertionError(message)


def equal(actual, expected):
    expect(actual == expected, f"got {actual!r}, expected {expected!r}")


def raises(kind, call):
    """Calls and gives the exception of the class `kind` that it raised."""
    try:
        outcome = call()
    except kind as error:
        return error
    raise AssertionError(f"accepted, expected {kind.__name__}: {shortened(outcome)}")


def until(condition, seconds=10.0):
    """The first truthy value of `condition`, asked again and again."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds} s")
        time.sleep(0.05)
