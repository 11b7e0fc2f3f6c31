# SPDX-License-Identifier: MIT
"""Granite, as gdb sees it. Uses tools/lib for all that is known without a running machine."""
