# SPDX-License-Identifier: MIT
"""
Granite's commands for gdb; `make debug` (tools/run --gdb) loads this file. `help user-defined` lists them.

gdb itself debugs the kernel: its memory is the linear addresses that the processor has, its symbols are the kernel's.
Processes are looked at one by one, each as what gdb calls an inferior of its own: see granite/view.py.
"""

import os
import sys

import gdb

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, os.pardir, "lib")]

for setting in (
    "architecture i386",
    "confirm off",
    "pagination off",
    "print pretty on",
    "print inferior-events off",
):
    gdb.execute(f"set {setting}", to_string=True)

from granite import breaks, commands, frames, memory, stops  # noqa: E402  (when the folders are known)

for part in (commands, memory, breaks, frames, stops):
    part.register()
