"""An application for releases whose system database the client rejects: it runs no workflow."""

import json
import os
import sys
from importlib.metadata import version

from dbos import DBOS

url = sys.argv[1]
DBOS(
    config={
        "name": "test-app",
        "database_url": url,
        "sys_db_name": url.rsplit("/", 1)[-1],
        "log_level": "ERROR",
        "run_admin_server": False,
    }
)
DBOS.launch()
print(json.dumps({"sdk": f"dbos {version('dbos')}"}), flush=True)
sys.stdin.read()
os._exit(0)
