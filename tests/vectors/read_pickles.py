"""Reads pickles, base64 and a line each, and prints a line of JSON for each.

That is what Python calls the value, and what it pickles it as in each protocol.
"""

import base64
import json
import pickle
import sys

for line in sys.stdin:
    value = pickle.loads(base64.b64decode(line))
    pickles = [base64.b64encode(pickle.dumps(value, protocol)).decode() for protocol in range(6)]
    print(json.dumps([ascii(value), pickles]))
