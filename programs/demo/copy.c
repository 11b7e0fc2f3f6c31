/* SPDX-License-Identifier: MIT */
/* fork shares memory, and copies what is written to. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <granite/abi/layout.h>

#include "../lib/format.h"
#include "demo.h"

#define SHARED_PAGES  2048u /* 8 MiB */
#define WRITTEN_PAGES 256u  /* 1 MiB */
#define OTHER_PAGES   64u   /* for page tables, the stack, and what else a process writes to by itself */

static uint8_t *memory;

static void fill(uint32_t pages, int byte)
{
	memset(memory, byte, (size_t)pages * PAGE_SIZE);
}

static int all_bytes_are(uint32_t pages, uint8_t byte)
{
	for (size_t i = 0; i < (size_t)pages * PAGE_SIZE; i++)
		if (memory[i] != byte)
			return 0;
	return 1;
}

/* It stops after each step, so that the parent can look. Exits with 0 if its memory was what it should be. */
static _Noreturn void be_the_child(void)
{
	(void)raise(SIGSTOP);
	fill(WRITTEN_PAGES, 'c');
	(void)raise(SIGSTOP);
	_exit(!all_bytes_are(WRITTEN_PAGES, 'c') || memory[WRITTEN_PAGES * PAGE_SIZE] != 'p');
}

/* Pages taken since `free`; below 0: given back. */
static int32_t taken_since(uint32_t free)
{
	struct vm_info_rep now = look_at_memory();

	return (int32_t)(free - look_free_pages(&now));
}

static const char *size_of(char *text, int32_t pages)
{
	return format_pages(text, pages > 0 ? (uint32_t)pages : 0);
}

static int go_on(pid_t pid)
{
	(void)kill(pid, SIGCONT);
	return look_wait(pid);
}

static void look_at_child(pid_t pid, uint32_t free)
{
	char has[FORMAT_MAX], less[FORMAT_MAX];
	int32_t taken = taken_since(free);
	show("after fork the child has %s too, and %s less is free", size_of(has, SHARED_PAGES),
	     size_of(less, taken));
	claim(taken >= 0 && (uint32_t)taken <= OTHER_PAGES,
	      "nearly nothing was copied: the 8 MiB are shared");
	(void)go_on(pid);
	int32_t more = taken_since(free) - taken;
	show("the child writes to %s of it: %s less is free", size_of(has, WRITTEN_PAGES),
	     size_of(less, more));
	claim(more >= (int32_t)WRITTEN_PAGES && more <= (int32_t)(WRITTEN_PAGES + OTHER_PAGES),
	      "just the pages it wrote to were copied, one by one, as it touched them");
	claim(all_bytes_are(SHARED_PAGES, 'p'), "its parent still sees its own bytes");
	int status = go_on(pid);
	claim(WIFEXITED(status) && WEXITSTATUS(status) == 0,
	      "the child saw what it wrote, and its parent's rest");
	claim(taken_since(free) == 0, "the child is gone, and as much memory is free as before");
}

void part_copy(void)
{
	memory = mmap(NULL, SHARED_PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
	              0);
	if (memory == MAP_FAILED)
		look_give_up("8 MiB of memory", -errno);
	fill(SHARED_PAGES, 'p');
	char size[FORMAT_MAX];
	say("This process has filled %s and forks: then there are two with the same memory. Copying it all "
	    "would be a waste, for most children write to little of it. So both get the same pages, "
	    "read-only, and who writes to one gets a copy of that page alone.",
	    size_of(size, SHARED_PAGES));
	struct vm_info_rep before = look_at_memory();
	pid_t pid = look_fork();
	if (pid == 0)
		be_the_child();
	(void)look_wait(pid);
	look_at_child(pid, look_free_pages(&before));
	munmap(memory, SHARED_PAGES * PAGE_SIZE);
}
