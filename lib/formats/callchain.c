/* SPDX-License-Identifier: MIT */
/* Call chains: see callchain.h. */
#include "callchain.h"
#include "callcode.h"

#include <granite/abi/bridge.h>
#include <granite/abi/layout.h>

#define SCAN_WORDS     1024    /* of the stack, looked at one by one */
#define FUNCTION_MAX   0x10000 /* bytes: no function is longer */
#define CANDIDATES_MAX 64

/* A walk over one stack. */
struct walk {
	const struct callchain_memory *memory;
	struct callchain *chain;
	uint32_t limit;              /* the stack ends here at the latest */
	uint32_t words_left;         /* that may still be looked at */
	uint32_t words[64];          /* of the page that was read last */
	uint32_t words_at, nr_words; /* where they are from */
};

static int read_bytes(const struct walk *walk, uint32_t address, void *buffer, uint32_t bytes)
{
	return walk->memory->read(walk->memory->context, address, buffer, bytes) == 0;
}

static void add(struct walk *walk, uint32_t address, enum callchain_kind kind)
{
	struct callchain *chain = walk->chain;

	if (chain->count < CALLCHAIN_MAX)
		chain->entries[chain->count++] = (struct callchain_entry){address, kind};
}

const char *callchain_mark(enum callchain_kind kind)
{
	static const char *const marks[] = {
	        [CALLCHAIN_AT] = "",
	        [CALLCHAIN_RETURN] = "",
	        [CALLCHAIN_GUESS] = " ?",
	        [CALLCHAIN_INTERRUPTED] = " interrupted by a signal",
	};

	return marks[kind];
}

/* ---- Frames ---- */

struct frame {
	uint32_t next, return_address;
};

/* Whether a frame can be at `address`, neither below `above` nor far above it; *frame is its copy. */
static int read_frame(const struct walk *walk, uint32_t address, uint32_t above, struct frame *frame)
{
	return address % 4 == 0 && address - above <= STACK_SIZE_MAX && address < walk->limit &&
	       walk->limit - address >= sizeof(*frame) && read_bytes(walk, address, frame, sizeof(*frame));
}

/* Where a walk has got to: it looks for who has called the function that `pc` lies in. */
struct position {
	uint32_t pc, sp;
	uint32_t frame; /* the next frame, 0: not known */
	uint32_t own;   /* where the function that this frame belongs to begins, 0: not known */
};

/* Whether there is a frame at `address`: it is the next one then. */
static int take_frame(const struct walk *walk, uint32_t address, struct position *position)
{
	struct frame frame;
	uint32_t target;

	if (!read_frame(walk, address, position->sp, &frame) ||
	    (!callcode_returns_to(walk->memory, frame.return_address, &target) &&
	     !callcode_restorer(walk->memory, frame.return_address)))
		return 0;
	position->frame = address;
	position->own = target;
	return 1;
}

/* Adds the chain of frames that begins with the next one. Each must lie above the last: so it ends. */
static void follow(struct walk *walk, struct position *position)
{
	struct frame frame;
	uint32_t target;

	while (walk->chain->count < CALLCHAIN_MAX &&
	       read_frame(walk, position->frame, position->sp, &frame) &&
	       callcode_returns_to(walk->memory, frame.return_address, &target)) {
		add(walk, frame.return_address, CALLCHAIN_RETURN);
		position->pc = frame.return_address;
		position->sp = position->frame + sizeof(frame);
		position->frame = frame.next;
	}
}

/*
 * If the next frame is a signal handler's: where the handler has interrupted the program. Linux's frames:
 * restorer, signal, sigcontext; or restorer, signal, siginfo pointer, ucontext pointer.
 */
static int interrupted(const struct walk *walk, const struct position *handler, struct callchain_place *place)
{
	struct frame frame;
	uint32_t saved = handler->frame + sizeof(frame) + 4;
	struct {
		uint32_t segments[4], edi, esi, ebp, esp, ebx, edx, ecx, eax, trap, error, eip;
	} context;

	if (!read_frame(walk, handler->frame, handler->sp, &frame))
		return 0;
	switch (callcode_restorer(walk->memory, frame.return_address)) {
	case CALLCODE_RESTORER_INFO:
		if (!read_bytes(walk, saved + 4, &saved, sizeof(saved)))
			return 0;
		saved += 20; /* its flags, link and stack */
		break;
	case CALLCODE_RESTORER:
		break;
	case CALLCODE_NO_RESTORER:
		return 0;
	}
	if (!read_bytes(walk, saved, &context, sizeof(context)))
		return 0;
	*place = (struct callchain_place){.pc = context.eip, .sp = context.esp, .frame = context.ebp};
	return 1;
}

/* ---- Without frames ---- */

/* Reads the stack in pieces, none of which lies across two pages. */
static int read_word(struct walk *walk, uint32_t address, uint32_t *word)
{
	uint32_t bytes = PAGE_SIZE - address % PAGE_SIZE;

	if (address - walk->words_at >= walk->nr_words * 4) {
		if (bytes > sizeof(walk->words))
			bytes = sizeof(walk->words);
		walk->nr_words = 0;
		if (!read_bytes(walk, address, walk->words, bytes))
			return 0;
		walk->words_at = address;
		walk->nr_words = bytes / 4;
	}
	*word = walk->words[(address - walk->words_at) / 4];
	return 1;
}

/* A word of the stack to which a call can return. */
struct candidate {
	uint32_t at, address;
	uint32_t target; /* where the call leads, or 0 */
};

struct candidates {
	unsigned count;
	struct candidate list[CANDIDATES_MAX];
};

static void collect(struct walk *walk, uint32_t sp, uint32_t end, struct candidates *found)
{
	uint32_t word, target;

	found->count = 0;
	for (; end > sp && end - sp >= 4 && walk->words_left; sp += 4) {
		walk->words_left--;
		if (found->count == CANDIDATES_MAX || !read_word(walk, sp, &word))
			return;
		if (callcode_returns_to(walk->memory, word, &target))
			found->list[found->count++] = (struct candidate){sp, word, target};
	}
}

/*
 * The candidate, from number `first` on, whose call has led to `inner`, or one behind the last. A function
 * begins where a call leads: so of all calls that lead to addresses before `inner` it is the one that leads
 * nearest, unless the function at `own` (0: not known), which has a frame, is nearer still. If there is none
 * it may be the next one whose target is not to be seen.
 */
static unsigned choose(const struct candidates *from, unsigned first, uint32_t inner, uint32_t own)
{
	unsigned best = from->count, indirect = from->count;
	uint32_t nearest = own <= inner ? own : 0;

	for (unsigned i = first; i < from->count; i++) {
		uint32_t target = from->list[i].target;

		if (!target && indirect == from->count)
			indirect = i;
		if (target > nearest && target <= inner && inner - target < FUNCTION_MAX) {
			nearest = target;
			best = i;
		}
	}
	return best < from->count ? best : indirect;
}

/* Where a function that uses ebp for something else may have saved the ebp of a caller that has a frame. */
enum saved_frame {
	RIGHT_BELOW, /* the return address, as the compiler has it: the first thing that the function pushes
	              */
	ANYWHERE,    /* in what it has on the stack: some code written by hand does */
};

/* Looks for it in [start, end), which is what the function has on the stack. */
static int find_saved_frame(struct walk *walk, enum saved_frame where, uint32_t start, uint32_t end,
                            struct position *position)
{
	uint32_t word;

	if (where == RIGHT_BELOW && end - start > 4)
		start = end - 4;
	for (; start < end; start += 4)
		if (read_word(walk, start, &word) && take_frame(walk, word, position))
			return 1;
	return 0;
}

/* Adds what leads from call to call among the candidates, up to the next frame, or until one is known. */
static void choose_all(struct walk *walk, const struct candidates *found, enum saved_frame where,
                       struct position *position)
{
	int known = position->frame != 0;
	unsigned i = 0;

	while ((i = choose(found, i, position->pc, position->own)) < found->count) {
		const struct candidate *chosen = &found->list[i++];
		uint32_t start = position->sp;

		add(walk, chosen->address, CALLCHAIN_GUESS);
		position->pc = chosen->address;
		position->sp = chosen->at + 4;
		if (!known && find_saved_frame(walk, where, start, chosen->at, position))
			return;
	}
}

/* Adds what may be return addresses up to the next frame, which is looked for if it is not known. */
static void scan(struct walk *walk, struct position *position)
{
	const struct position start = *position;
	uint32_t count = walk->chain->count;
	struct candidates found;

	collect(walk, position->sp, position->frame ? position->frame : walk->limit, &found);
	choose_all(walk, &found, RIGHT_BELOW, position);
	if (position->frame)
		return;
	walk->chain->count = count;
	*position = start;
	choose_all(walk, &found, ANYWHERE, position);
}

/* A call to where no code is has just pushed its return address. */
static void step_out_of_nowhere(struct walk *walk, struct position *position)
{
	uint32_t word, target;

	if (callcode_in_text(walk->memory, position->pc) || !read_word(walk, position->sp, &word) ||
	    !callcode_returns_to(walk->memory, word, &target))
		return;
	add(walk, word, CALLCHAIN_GUESS);
	position->pc = word;
	position->sp += 4;
}

/*
 * Adds the chain from `place` on. Behind the last frame come functions without one, and frames again if those
 * have saved an ebp. 1: a signal handler was the last; *place is where it has interrupted the program.
 */
static int walk_stack(struct walk *walk, struct callchain_place *place, enum callchain_kind kind)
{
	struct position position = {.pc = place->pc, .sp = place->sp & ~3u};
	unsigned before;
	int known;

	add(walk, place->pc, kind);
	step_out_of_nowhere(walk, &position);
	(void)take_frame(walk, place->frame, &position);
	do {
		before = walk->chain->count;
		known = position.frame != 0;
		scan(walk, &position);
		if (!position.frame)
			return 0;
		if (!known)
			scan(walk, &position); /* from where the frame was found up to it */
		follow(walk, &position);
		if (interrupted(walk, &position, place))
			return walk->chain->count < CALLCHAIN_MAX;
		position.frame = position.own = 0;
	} while (walk->chain->count > before);
	return 0;
}

static int on_bridge_stack(const struct callchain_place *place)
{
	uint32_t start = place->bridge + sizeof(struct bridge_control);

	return place->bridge && place->sp - start <= BRIDGE_STACK_BYTES;
}

/* Where the program was when it entered the bridge. 0: it is not in the bridge. */
static int read_bridge(const struct walk *walk, const struct callchain_place *place,
                       struct callchain_place *program)
{
	struct bridge_control control;
	struct bridge_regs regs;

	if (!on_bridge_stack(place) || !read_bytes(walk, place->bridge, &control, sizeof(control)) ||
	    !control.busy || !read_bytes(walk, place->bridge + BRIDGE_REGS_OFFSET, &regs, sizeof(regs)))
		return 0;
	*program = (struct callchain_place){.pc = regs.eip, .sp = regs.esp, .frame = regs.ebp};
	return 1;
}

void callchain_find(const struct callchain_memory *memory, const struct callchain_place *place,
                    struct callchain *chain)
{
	struct walk walk = {.memory = memory, .chain = chain, .limit = PROC_SIZE, .words_left = SCAN_WORDS};
	struct callchain_place now = *place, program;
	enum callchain_kind kind = CALLCHAIN_AT;

	chain->count = 0;
	if (read_bridge(&walk, place, &program)) {
		walk.limit = place->bridge + BRIDGE_REGS_OFFSET;
		(void)walk_stack(&walk, &now, CALLCHAIN_AT);
		walk.limit = PROC_SIZE;
		now = program;
		kind = CALLCHAIN_RETURN;
	}
	while (walk_stack(&walk, &now, kind))
		kind = CALLCHAIN_INTERRUPTED;
}
