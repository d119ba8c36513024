"""Prints pickles.json: the pickle of each value in every protocol, as name -> list of base64."""

import base64
import collections
import dataclasses
import datetime
import decimal
import enum
import json
import pickle
import sys
import uuid
import zoneinfo


@dataclasses.dataclass
class Order:
    number: int
    lines: list


@dataclasses.dataclass
class Slotted:
    __slots__ = ("x", "y")
    x: int
    y: int


class Outer:
    class Inner:
        pass


class Color(enum.Enum):
    RED = "red"


Point = collections.namedtuple("Point", ["x", "y"])


class OrderError(Exception):
    def __init__(self, message, code):
        super().__init__(message, code)
        self.code = code


class Plain(Exception):
    pass


for name in ("Order", "Slotted", "Outer", "Color", "Point", "OrderError", "Plain"):
    globals()[name].__module__ = "app"
Outer.Inner.__module__ = "app"
sys.modules["app"] = sys.modules[__name__]

utc = datetime.timezone.utc
east = datetime.timezone(datetime.timedelta(hours=5, minutes=30))
cycle = [1]
cycle.append(cycle)
shared = {"a": 1}
inner = Outer.Inner()
inner.deep = [inner]

deep = []
for _ in range(300):
    deep = [deep]

values = {
    "none": None,
    "booleans": [True, False],
    "integers": [0, 1, -1, 255, 256, 65535, 65536, 2**31 - 1, -(2**31), 2**53 - 1, -(2**53) + 1],
    "bigIntegers": [2**53, -(2**53), 2**63, -(2**64), 2**2100, 10**30],
    "floats": [0.5, -0.0, 1e300, float("inf"), float("-inf"), float("nan")],
    "texts": ["", "a", "ä€😀", "line\nbreak \\u0041 \\", "\ufeffbom", "x" * 300, "\0"],
    "bytes": [b"", b"\0\x7f\x80\xff", b"a" * 300],
    "bytearray": [bytearray(), bytearray(b"\0\xff\n")],
    "lists": [[], [1, [2, [3]]], list(range(1500))],
    "tuples": [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)],
    "dicts": [{}, {"a": {"b": 1}}, {"__proto__": 1, "constructor": 2}, {1: "one", "two": 2}, {(1, 2): 3}],
    "sets": [set(), {1}, frozenset(), frozenset([2])],
    "complex": 1 - 2j,
    "range": range(1, 10, 2),
    "slice": slice(1, None, 2),
    "ordered": collections.OrderedDict([("b", 1), ("a", 2)]),
    "default": collections.defaultdict(list, {"a": [1]}),
    "counter": collections.Counter("aab"),
    "deque": [collections.deque([1, 2]), collections.deque([3], 5)],
    "datetimes": [
        datetime.datetime(2026, 1, 2, 3, 4, 5, 678901),
        datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=utc),
        datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=east),
        datetime.datetime(1, 1, 1),
        datetime.datetime(9999, 12, 31, 23, 59, 59, 999999),
        datetime.datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=utc),
        datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=zoneinfo.ZoneInfo("Europe/Paris")),
    ],
    "dates": [datetime.date(2026, 1, 2), datetime.date(1, 1, 1)],
    "times": [datetime.time(3, 4, 5), datetime.time(3, 4, 5, 6, tzinfo=east)],
    "timedeltas": [
        datetime.timedelta(0),
        datetime.timedelta(days=1, seconds=2, microseconds=500000),
        datetime.timedelta(seconds=-1),
        datetime.timedelta.max,
    ],
    "timezones": [utc, east, datetime.timezone(datetime.timedelta(hours=-3), "name")],
    "decimals": [decimal.Decimal("1.10"), decimal.Decimal("NaN"), decimal.Decimal("-1E+5")],
    "uuid": [uuid.UUID("12345678-1234-5678-1234-567812345678"), uuid.UUID(int=1)],
    "dataclass": Order(7, [Order(8, [])]),
    "slots": Slotted(1, 2),
    "nested": inner,
    "enum": Color.RED,
    "namedtuple": Point(1, 2),
    "class": Order,
    "cycle": cycle,
    "shared": [shared, shared],
    "deep": deep,
    "exception": ValueError("bad", 7),
    "inputs": {"args": (1, "two", Order(3, [])), "kwargs": {"at": datetime.date(2026, 1, 2)}},
    "customError": OrderError("no such order", 7),
    "plainError": Plain("it broke"),
    "bareError": Plain(),
    "builtinError": Exception("it broke"),
}


def dump(name, value, protocol):
    if name == "slots" and protocol < 2:
        return None
    return base64.b64encode(pickle.dumps(value, protocol)).decode()


print(json.dumps({
    name: [dump(name, value, protocol) for protocol in range(6)] for name, value in values.items()
}, indent=1))
