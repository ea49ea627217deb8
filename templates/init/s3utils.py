"""S3 for Python scripts of this project, by the toolbox's own commands. Standard library only.

    from toolbox.s3utils import download_s3_path

    download_s3_path("data/train/")    # a file, a folder, or a pattern in which * also matches /

A path relative to the project is the key in the bucket. Settings and credentials come from the environment or .env, as for
`make download`. `src` is on PYTHONPATH in every trial, so that the import works there.
"""

import os
import shutil
import subprocess


class S3Error(Exception):
    """A command failed; the message is what it printed."""


def download_s3_path(path: str, overwrite: bool = False) -> None:
    """Brings the files under `path` here; what is here and the same is skipped."""
    _run("download", path, overwrite=overwrite)


def upload_s3_path(path: str, overwrite: bool = False) -> None:
    """Puts the files under `path` into the bucket; what is there and the same is skipped."""
    _run("upload", path, overwrite=overwrite)


def find_s3_path(path: str) -> list[str]:
    """The keys in the bucket that `path` matches."""
    return _run("find", path).splitlines()


def remove_s3_path(path: str) -> None:
    """Removes the keys that `path` matches from the bucket, without asking."""
    _run("remove", path, yes=True)


def _run(command: str, path: str, **flags: bool) -> str:
    values = [f"file={path}"] + [f"{name}=true" for name, value in flags.items() if value]
    done = subprocess.run([*_launcher(), command, *values], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        raise S3Error(done.stderr.strip() or f"{command} {path} failed with exit code {done.returncode}")
    return done.stdout


def _launcher() -> list[str]:
    """`ktb` where it is installed, else the project's Makefile."""
    for name in ("ktb", "node_modules/.bin/ktb"):
        found = shutil.which(name)
        if found:
            return [found]
    if os.path.exists("Makefile"):
        return ["make", "--silent", "--no-print-directory"]
    raise S3Error("neither ktb nor a Makefile here; run from the project's root")
