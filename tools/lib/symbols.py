# SPDX-License-Identifier: MIT
"""What an ELF file says of its functions and variables."""

import subprocess


def addresses(elf):
    """The addresses of all symbols of an ELF file, by name."""
    listing = subprocess.run(["i686-linux-gnu-nm", elf], stdout=subprocess.PIPE, text=True, check=True).stdout
    lines = (line.split() for line in listing.splitlines())
    return {words[2]: int(words[0], 16) for words in lines if len(words) == 3}
