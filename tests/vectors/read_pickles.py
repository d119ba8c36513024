"""Reads pickles, one per line in base64, and prints a line of JSON for each.

The line has the value as Python prints it, and its pickle in each protocol.
"""

import base64
import json
import pickle
import sys

for line in sys.stdin:
    value = pickle.loads(base64.b64decode(line))
    pickles = [base64.b64encode(pickle.dumps(value, protocol)).decode() for protocol in range(6)]
    print(json.dumps([ascii(value), pickles]))
