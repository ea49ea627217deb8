"""S3 for Python scripts of this project, by the toolbox's own commands. Standard library only.

    from toolbox.s3utils import download_s3_path

    download_s3_path("data/train/")    # a file, a folder, or a pattern in which * also matches /

A path relative to the project is the key in the bucket, whatever folder Python runs in: this file is in the project's
src/toolbox, so that it knows the project. Settings and credentials come from the environment or .env, as for
`make download`. `src` is on PYTHONPATH in every trial, so that the import works there. Where `make server` runs with the
same settings, its warm process does the work, which suits many small calls.
"""

import hmac
import http.client
import json
import os
import re
import shutil
import subprocess
from typing import List, Optional, Union
from urllib.parse import urlsplit


_Path = Union[str, "os.PathLike[str]"]


def _find_project() -> str:
    folder, name = os.path.split(os.path.dirname(os.path.abspath(__file__)))
    project, above = os.path.split(folder)
    return project if (above, name) == ("src", "toolbox") else os.getcwd()


_project = _find_project()


class S3Error(Exception):
    """Something was not done; the message is what the toolbox said, `exit_code` what its command answers."""

    def __init__(self, message: str, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def download_s3_path(path: _Path, overwrite: bool = False, local_path: Optional[_Path] = None) -> List[str]:
    """Brings the files under `path` here, and returns the keys that were moved; what is here and the same is skipped.

    Raises S3Error where nothing matches.
    """
    return _move("download", path, overwrite, local_path)


def upload_s3_path(path: _Path, overwrite: bool = False, local_path: Optional[_Path] = None) -> List[str]:
    """Puts the files under `path` into the bucket, and returns the keys that were moved; what is the same is skipped.

    Raises S3Error where nothing matches.
    """
    return _move("upload", path, overwrite, local_path)


def find_s3_path(path: _Path) -> List[str]:
    """The keys in the bucket that `path` matches; none is no error."""
    return [found["key"] for found in _call("find", path) if "key" in found]


def remove_s3_path(path: _Path) -> List[str]:
    """Removes the keys that `path` matches from the bucket, without asking, and returns them; none is no error."""
    return _keys(_call("remove", path), "removed")


def _move(command: str, path: _Path, overwrite: bool, local_path: Optional[_Path]) -> List[str]:
    where = {} if local_path is None else {"local_path": os.fsdecode(local_path)}
    return _keys(_call(command, path, overwrite=bool(overwrite), **where), f"{command}ed")


def _keys(events: List[dict], kind: str) -> List[str]:
    return [event["key"] for event in events if event.get("type") == kind]


def _call(command: str, path: _Path, **given: object) -> List[dict]:
    flags = {"file": os.fsdecode(path), **{name: value for name, value in given.items() if value is not False}}
    answer = _ask_server(command, flags)
    events, exit_code, words = _run(command, flags) if answer is None else answer
    nothing = any(_diagnostic(event).get("code") == "S3_NO_MATCH" for event in events)
    if exit_code == 0 or (command == "remove" and nothing):
        return events
    said = [_diagnostic(event)["message"] for event in events if "message" in _diagnostic(event)]
    raise S3Error("; ".join(said) or words or f"{command} {path} failed with exit code {exit_code}", exit_code)


def _diagnostic(event: dict) -> dict:
    return event.get("diagnostic") or (event if event.get("type") == "diagnostic" else {})


def _ask_server(command: str, flags: dict):
    """The answer of this project's `make server`, or None where none runs with the settings that hold here."""
    try:
        with open(os.path.join(_project, ".toolbox", "s3", "server.json"), encoding="utf-8") as file:
            server = json.load(file)
        if not _same_settings(server):
            return None
        address = urlsplit(server["url"])
        connection = http.client.HTTPConnection(address.hostname, address.port)
        connection.connect()
    except (OSError, ValueError, KeyError, TypeError):
        return None
    try:
        headers = {"Authorization": f"Bearer {server['token']}", "Content-Type": "application/json"}
        try:
            connection.request("POST", f"/{command}", json.dumps(flags), headers)
            response = connection.getresponse()
        except (OSError, http.client.HTTPException):
            return None  # it ended before it answered: the command does it, and finds done what was done
        text = response.read().decode("utf-8")
    except (OSError, http.client.HTTPException) as error:
        raise S3Error(f"make server went away during {command}; call again to go on") from error
    finally:
        connection.close()
    events = _events(text)
    if response.status == 400:
        raise S3Error(events[0]["error"] if events else text.strip(), 2)
    if response.status != 200 or not events or events[-1].get("type") != "done":
        raise S3Error(text.strip() or f"the server answered {response.status}")
    return events[:-1], events[-1]["exit_code"], ""


def _same_settings(server: dict) -> bool:
    """Whether a command begun now would use the same bucket and credentials: the server keeps those it began with."""

    def mark(value: bytes) -> str:
        return hmac.new(server["token"].encode(), value, "sha256").hexdigest()

    try:
        with open(os.path.join(_project, ".env"), "rb") as file:
            dotenv = file.read()
    except FileNotFoundError:
        dotenv = b""
    if dotenv.startswith(b"\xef\xbb\xbf"):
        dotenv = dotenv[3:]
    here = {
        name: mark(os.fsencode(value.strip()))
        for name, value in os.environ.items()
        if name.startswith(("S3_", "AWS_")) and value.strip()
    }
    return server["dotenv"] == mark(dotenv) and server["settings"] == {**server["in_dotenv"], **here}


def _run(command: str, flags: dict):
    values = {**flags, "json": True, **({"yes": True} if command == "remove" else {})}
    words = [f"{name}={'true' if value is True else value}" for name, value in values.items()]
    launcher = _launcher()
    # make answers 2 whatever its recipe did, and says the recipe's own code in words, here in English.
    env = {**os.environ, "LC_ALL": "C"} if launcher[0] == "make" else None
    done = subprocess.run(
        [*launcher, command, *words],
        env=env,
        cwd=_project,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    told = re.search(r"^make.*\] Error (\d+)$", done.stderr, re.MULTILINE) if env else None
    return _events(done.stdout), int(told.group(1)) if told else done.returncode, done.stderr.strip()


def _events(text: str) -> List[dict]:
    # Not splitlines(), which also splits at characters that JSON leaves as they are, such as U+2028.
    return [json.loads(line) for line in text.split("\n") if line.startswith("{")]


def _launcher() -> List[str]:
    """`ktb` where it is on the PATH, else the project's Makefile, which brings a Node of its own, else npm's `ktb`."""
    found = shutil.which("ktb")
    if found:
        return [os.path.abspath(found)]
    if os.path.exists(os.path.join(_project, "Makefile")):
        return ["make", "--silent", "--no-print-directory"]
    found = shutil.which(os.path.join(_project, "node_modules", ".bin", "ktb"))
    if found:
        return [os.path.abspath(found)]
    raise S3Error(f"neither ktb nor a Makefile in {_project}", 2)
