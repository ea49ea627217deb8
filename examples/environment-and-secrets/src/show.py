"""Shows what reached the trial, and of the secret only that it is there."""

import hashlib
import json
import os

print("greeting:", os.environ["GREETING"])
print("log level:", os.environ["LOG_LEVEL"])
token = os.environ.get("SERVICE_TOKEN", "")
print("token:", hashlib.sha256(token.encode()).hexdigest()[:8] if token else "missing, see README.md")
print("trial:", os.environ["TOOLBOX_NAME"], json.loads(os.environ["TOOLBOX_HPARAM"]))
