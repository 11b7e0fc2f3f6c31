# SPDX-License-Identifier: MIT
"""What the headers of abi/ say, for tools: numbers, names, tables, and how structures lie in memory."""

import errno
import glob
import os
import re
import struct

from build import ROOT

FOLDER = os.path.join(ROOT, "abi", "granite", "abi")

# Structures have fixed-width fields and no gaps: see style of abi/; where it counts, the headers assert their sizes.
FIELD = re.compile(r"^\t(u?int(?:16|32|64)_t|endpoint_t) (\w+(?:, \w+)*)(?:\[(\w+)\])?;", re.M)
FIELD_FORMATS = {
    "uint16_t": "H",
    "uint32_t": "I",
    "int32_t": "i",
    "endpoint_t": "i",
    "uint64_t": "Q",
    "int64_t": "q",
}


def header(name):
    """The text of a header, its lines that are continued joined."""
    with open(os.path.join(FOLDER, name)) as file:
        return file.read().replace("\\\n", " ")


def rows(text, macro):
    """The arguments of each use of a table's macro, as strings; those in quotes without them."""
    for use in re.finditer(rf'\b{macro}\(((?:"(?:[^"\\]|\\.)*"|[^()"])*)\)', text):
        words = re.findall(r'"(?:[^"\\]|\\.)*"|[^,\s][^,]*', use[1])
        yield [w[1:-1].replace("\\t", "\t") if w.startswith('"') else w.strip() for w in words]


def constants(name, prefix=""):
    """The header's plain #defines of numbers that begin with `prefix`, which is cut off."""
    found = re.finditer(rf"^#define {prefix}(\w+)\s+(?:\(\(\w+\))?(-?\w+)\)?(?:\s|$)", header(name), re.M)
    return {m[1]: int(m[2].rstrip("u"), 0) for m in found if re.fullmatch(r"-?(0x[0-9a-fA-F]+|\d+)u?", m[2])}


def operations():
    """The names of all requests and kernel calls, by number."""
    tables = glob.glob(os.path.join(FOLDER, "ops", "*.def"))
    return {
        int(row[0], 0): row[1]
        for table in sorted(tables)
        for row in rows(header(table), "OP")
        if row[0].startswith("0x")
    }


def kernel_calls():
    """Their names, as the manifest knows them."""
    return [row[2] for row in rows(header("ops/sys.def"), "OP") if row[0].startswith("0x")]


def errors():
    """The names of errors, by number: the host's are Linux's, as Granite's are, up to its own."""
    return {**errno.errorcode, **{number: name for name, number in constants("errno.h").items()}}


def structure(name, struct_name):
    """
    A structure up to its first field that is one itself: the fields' names, and a struct.Struct that gives their
    values; an array is as many of them.
    """
    body = re.search(rf"^struct {struct_name} {{\n(.*?)^}}", header(name), re.M | re.S)[1]
    body = body.partition("\tstruct ")[0]
    names, layout = [], "<"
    for kind, fields, count in FIELD.findall(body):
        for field in fields.split(", "):
            names += [field] * (int(count) if count else 1)
            layout += FIELD_FORMATS[kind] * (int(count) if count else 1)
    return names, struct.Struct(layout)
