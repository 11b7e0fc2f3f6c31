# SPDX-License-Identifier: MIT
# Loaded by `make debug` (tools/run --gdb), which has set $granite_elf to the folder of linked programs.
# The kernel's symbols are there from the start; those of processes come with small-symbols and process-symbols.

set architecture i386
set confirm off
set pagination off
set print pretty on
set disassemble-next-line auto

define ps
	set $slot = 0
	while $slot < sizeof(proc_table) / sizeof(proc_table[0])
		set $p = &proc_table[$slot]
		if $p->rts_flags & 1
		else
			printf "%4d %10d  base %08x  pc %08x  rts %02x  misc %03x  %s", $slot, $p->endpoint, $p->arch.base, \
				$p->regs.eip, $p->rts_flags, $p->misc_flags, &$p->name[0]
			if $p == current
				echo \ <- current
			end
			echo \n
		end
		set $slot = $slot + 1
	end
end
document ps
ps: list the processes. rts: why it does not run (enum rts_flag); misc: enum misc_flag.
end

define granite-symbols
	eval "add-symbol-file %s/$arg0 -o %u", $granite_elf, $arg1
end
document granite-symbols
granite-symbols PROGRAM BASE: load a program's symbols for a process whose segment begins at BASE.
end

define small-symbols
	granite-symbols vm proc_table[0].arch.base
	granite-symbols pm proc_table[1].arch.base
end
document small-symbols
small-symbols: load the symbols of VM and PM, once the kernel has loaded them (after kernel_main has started them).
end

define process-symbols
	granite-symbols $arg0 0x10000000
end
document process-symbols
process-symbols PROGRAM: load the symbols of an ordinary program. They are right while a process that runs it is
the loaded one; `ps` shows the processes, `print *current` the running one.
end
