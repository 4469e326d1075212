"""The files that ``model add`` is given: looked at and copied, but not opened yet."""

import os
import stat
import zipfile
from pathlib import Path
from typing import IO

from deploy.base.errors import DeployError

LARGEST_MIB, LARGEST_TABLE_MIB = 1024, 4096

MAGICS = (b"\x80", b"\x78", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x5d\x00", b"\x04\x22\x4d\x18")
"""How files begin that pickle wrote, or joblib: uncompressed, zlib, gzip, bz2, xz, lzma, lz4."""

FILE_TYPES = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}


def check_model(file: Path) -> None:
    """Check what kind of file it is, without opening what may run code.

    Raises:
        DeployError: it is neither skops's, nor joblib's, nor pickle's.
    """
    _check_file(file, LARGEST_MIB, "Train a smaller one, with fewer trees, or dump it with compress=3.")
    with file.open("rb") as stream:
        head = stream.read(8)
    if not head.startswith(MAGICS) and not zipfile.is_zipfile(file):
        raise DeployError(
            f"{file}: is no model file: it isn't what joblib.dump, pickle.dump or skops.io.dump write",
            "In the notebook that trained it: joblib.dump(model, 'model.joblib')",
        )


def check_table(file: Path) -> None:
    """Check that a table can be read.

    Raises:
        DeployError: it is no file, or too large a one.
    """
    _check_file(file, LARGEST_TABLE_MIB, "Pass fewer of its rows: ranges and answers need no more.")


def copy_model(stream: IO[bytes], to: Path) -> None:
    """Copy a file that may have become another since it was looked at.

    Raises:
        DeployError: it is no file any more, or grows without end.
    """
    if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        raise DeployError(f"{stream.name}: is no file")
    left = LARGEST_MIB << 20
    with to.open("xb") as copy:
        while block := stream.read(min(1 << 20, left + 1)):
            left -= copy.write(block)
            if left < 0:
                raise DeployError(f"{stream.name}: grows while it is read; at most {LARGEST_MIB} MiB go into a release")


def _check_file(file: Path, largest_mib: int, advice: str) -> None:
    """Check that it is a file, of a size that can be taken.

    Raises:
        DeployError: it is none.
    """
    try:
        status = file.stat()
    except OSError as fault:
        reason = "no such file" if isinstance(fault, FileNotFoundError) else fault.strerror
        raise DeployError(f"{file}: {reason}", status=2) from fault
    if not stat.S_ISREG(status.st_mode):
        file_type = FILE_TYPES.get(stat.S_IFMT(status.st_mode), "a device")
        raise DeployError(f"{file}: is {file_type}, not a file", status=2)
    if status.st_size > largest_mib << 20:
        size = f"{status.st_size / 2**30:.1f} GiB"
        raise DeployError(f"{file}: has {size}; at most {largest_mib} MiB can be taken", advice)
