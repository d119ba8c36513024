"""A serializer of the application's own: JSON in base64, with escapes as those of URLs."""

import base64
import json
from datetime import datetime
from typing import Any
from urllib.parse import quote, unquote

from dbos import Serializer


def to_json(value: Any) -> Any:
    if isinstance(value, Exception):
        return {"name": type(value).__name__, "message": str(value), **vars(value)}
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"Cannot serialize a {type(value).__name__}")


class Base64Json(Serializer):
    def name(self) -> str:
        return "base64_json"

    def serialize(self, data: Any) -> str:
        return base64.b64encode(quote(json.dumps(data, default=to_json)).encode()).decode()

    def deserialize(self, text: str) -> Any:
        return json.loads(unquote(base64.b64decode(text).decode()))
