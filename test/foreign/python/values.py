"""Values of rows as texts, and values of conditions as Python has them."""
import struct
from datetime import datetime, timedelta, timezone
from decimal import Decimal

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
MICRO = timedelta(microseconds=1)


def text(value):
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return struct.pack(">d", value).hex()
    if isinstance(value, datetime):
        return str((value.replace(tzinfo=value.tzinfo or timezone.utc) - EPOCH) // MICRO)
    return str(value)


def texts(columns):
    return ["|".join(text(value) for value in row) for row in zip(*columns)]


def of_type(kind, value):
    """A value as Python has it."""
    return {"time": lambda: EPOCH + int(value) * MICRO, "u64": lambda: Decimal(value), "i64": lambda: int(value), "f64": lambda: float(value),
            "bool": lambda: value == "true", "text": lambda: value}[kind]()
