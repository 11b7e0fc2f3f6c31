/* SPDX-License-Identifier: MIT */
/*
 * Grants: who can reach the grantor's page, and when. One page each of a grantor, a go-between, a grantee and a
 * child of any of them; VM, which any of them may interrupt; and the kernel, which nobody interrupts. README.md
 * tells what is left out, and how to read a failure.
 *
 * Each step names the function it stands for. `without:` lines name rules that can be left out, one at a time:
 * then a property must fail, or the model would not notice that the code had lost the rule.
 *
 * without: JUDGE_AT_TAKE_UP    what waits for VM is not judged again when VM takes it up
 * without: JUDGE_ON_RESUME     a copy that goes on is not judged again
 * without: JUDGE_BELOW WRITE=0 only the first record of a chain is asked for the rights
 * without: WAIT                a revocation returns before VM has carried it out
 * without: UNDISTURBED MAP=0   others run while VM shares pages for a copy
 * without: CHILDREN            what was lent on from a lending does not end with it
 * without: GO_BETWEEN          a lending knows only the memory's owner, not who passed the grant on
 * without: END_ON_EXIT         exit leaves what the process lent
 * without: END_ON_EXEC         exec leaves what the process lent
 * without: PASSED_ON KEEPS=1 TO=1 a service that keeps memory leaves what it passed on without having it mapped
 * without: WAITS_REVOKED KEEPS=1 TO=1 a revocation does not reach what waits for a successor
 * without: END_ON_GIVING_UP KEEPS=1 TO=1 what was lent from what was left stays when nobody will come
 * without: FORGET_TABLE        exec leaves the table of grants
 * without: PROTECT             a snapshot is shared, and its owner goes on writing to it
 * without: PROTECT_ROOT        of a snapshot in a chain only the next owner is kept from writing
 * without: COPY_IF_LENT        a snapshot is shared though the page is lent to others still
 * without: PRIVATE_FIRST       a page that is shared copy-on-write is lent as it is
 * without: SHARE_NOT_LENT      a copy shares a page that is lent
 * without: FORK_COPIES         a child shares what is lent as if it were its parent's own
 * without: REFUSAL_ANSWERS     what is refused at take-up is forgotten, not answered
 */

/* Processes, and the child that one of them may have. */
#define A 0 /* the grantor */
#define B 1 /* the go-between */
#define C 2 /* the grantee */
#define D 3
#define PROCS 4
#define NOBODY 7

#define NO_FRAME 7

/* The bound: how often each thing happens in a run. */
#ifndef CALLS
#define CALLS 1 /* of the grantee's to copy or map; the go-between has one */
#endif
#ifndef ENDS
#define ENDS 1 /* exits and execs of A, B and C together */
#endif

mtype = { unborn, runs, cleared, waits, gone };  /* life */
mtype = { nothing, lend, share, memreq, revoke, unlend, exec };  /* what VM is asked */
mtype = { no_call, mapping, reading, writing };  /* sys_safemap, sys_safecopyfrom, sys_safecopyto */

mtype life[PROCS] = runs;
bit execed[PROCS];  /* exec has returned */
bit keeps; /* B's page is kept memory: when B dies it waits, with its lending, for a successor */
bit heir;  /* B is that successor */
bit revoked[PROCS]; /* cpf_revoke has returned */

/* ---- Memory: the page-table entries ---- */

/* A frame is called after the first process that has it, so that what differs in names alone is one state. */
byte frame[PROCS];
bit writable[PROCS]; /* PTE_WRITE */
bit lent[PROCS];     /* PTE_LENT */

#define names(p, f) (frame[p] == (f))
#define own_names(p, f) (frame[p] == (f) && !lent[p])
#define sharers(f) (own_names(A, f) + own_names(B, f) + own_names(C, f) + own_names(D, f))
#define frame_lent(f) ((names(B, f) && lent[B]) || (names(C, f) && lent[C]))

/* x has no part in its frame any more: frame_release(). */
hidden byte q, first;
inline leave_frame(x) {
	d_step {
		first = NO_FRAME;
		q = x + 1;
		do
		:: frame[x] != x || q >= PROCS -> break
		:: frame[x] == x && q < PROCS ->
			if
			:: frame[q] == x && first == NO_FRAME -> first = q; frame[q] = first
			:: frame[q] == x && first != NO_FRAME -> frame[q] = first
			:: else
			fi;
			q++
		od;
		frame[x] = NO_FRAME
	}
}

/* x's page is in y's frame: frame_share() or frame_lend(). */
inline enter_frame(x, y) {
	d_step {
		first = frame[y];
		frame[x] = first;
		q = 0;
		do
		:: first < x || q >= PROCS -> break
		:: first >= x && q < PROCS ->
			if
			:: frame[q] == first -> frame[q] = x
			:: else
			fi;
			q++
		od
	}
}

/* frame_allocate(), and perhaps NOTE_COPY, which the kernel carries out before anybody but VM runs. */
inline fresh_frame(x) {
	leave_frame(x);
	frame[x] = x
}

inline drop_page(p) {
	leave_frame(p);
	writable[p] = 0;
	lent[p] = 0
}

/* ---- Grants: the records in the tables of A and B ---- */

byte to = C;         /* whom A's record names: C, or B that passes it on */
bit may_map, may_write; /* A's record: CPF_MAP, CPF_WRITE */
bit valid[PROCS];    /* the record stands */
bit indirect;        /* B's record: CPF_INDIRECT of A's grant; otherwise CPF_DIRECT of its own page */
bit b_writes;        /* B's record: CPF_WRITE, whether A gave that or not */
bit b_granted;

/* A successor has another endpoint. */
#define names_grantee(who) (to == who && !((who) == B && heir))
/* judge_record() of A's, and of B's. */
#define judge_a(who, map, write) \
	(life[A] == runs && valid[A] && names_grantee(who) && (!(map) || may_map) && (!(write) || may_write))
#ifdef NO_JUDGE_BELOW
#define judge_rest(map, write) (!indirect || judge_a(B, 0, 0))
#else
#define judge_rest(map, write) (!indirect || judge_a(B, map, write))
#endif
#define judge_b(map, write) (life[B] == runs && valid[B] && (!(write) || b_writes) && judge_rest(map, write))

/* grant_judge(): B uses A's grant, C the one that names it. */
#define judge(p, map, write) \
	((p == B && judge_a(B, map, write)) || (p == C && to == C && judge_a(C, map, write)) || \
	 (p == C && to == B && judge_b(map, write)))
/* use->owner */
#define memory_of(p) ((p == C && to == B && !indirect) -> B : A)

/* ---- What a process is in the middle of ---- */

mtype asks[PROCS] = nothing; /* of VM; it waits */
byte whose[PROCS];           /* memreq: in whose memory */
mtype call[PROCS] = no_call; /* the kernel call */
bit wants_write[PROCS];      /* mapping: writable */
bit half[PROCS];             /* copying: a piece is done */
bit no_sharing[PROCS];       /* MF_NO_SHARING */
byte calls[PROCS];
byte ends_left = ENDS;
byte serving = NOBODY;       /* by VM */
bit undisturbed;             /* SCHED_PRIO_UNDISTURBED: nobody but VM runs */

#define may_run(p) (life[p] == runs && asks[p] == nothing && !undisturbed)
#define user(p) (may_run(p) && call[p] == no_call)
/* Whether anything names a grant for it. */
#define has_grant(p) ((p == B && names_grantee(B)) || (p == C && (to == C || b_granted)))
/* PM does one thing at a time. */
#define asks_pm(p) (asks[p] == exec || life[p] == cleared)
#define pm_free (!asks_pm(A) && !asks_pm(B) && !asks_pm(C))

inline end_call(p) {
	call[p] = no_call;
	wants_write[p] = 0;
	half[p] = 0;
	no_sharing[p] = 0;
	whose[p] = 0
}

/* ---- Lendings: B's and C's ---- */

bit lending[PROCS];   /* there is one */
byte owner[PROCS];    /* lending->owner */
bit link_a[PROCS], link_b[PROCS]; /* lending->link: whose grants it depends on */
bit parent[PROCS];    /* lending->parent is B's */
bit ending[PROCS];    /* lending->ending */

#define given_own(h) (lending[h] && owner[h] == B) /* by B, of its page */
#define given_by(g, h) (lending[h] && ((g == A && link_a[h]) || (g == B && link_b[h])))

inline forget_lending(h) {
	lending[h] = 0;
	owner[h] = 0;
	link_a[h] = 0;
	link_b[h] = 0;
	parent[h] = 0;
	ending[h] = 0
}

/* ---- Properties ---- */

/* What has returned: p's grants are over. */
#define over(p) (revoked[p] || execed[p] || life[p] == gone)
/* B has died, and what it lent of its own page stays: but nothing that it passed on. */
#define left_by_b (life[B] == waits || heir)
#define over_for_c (over(B) || (left_by_b && !given_own(C)))
/* p has nothing to do with the grantor's page (any more). */
#define barred(p) (p == D || over(A) || (p == C && to == B && over_for_c))
/* p's accesses and q's reach the same bytes, and one of them changes these. */
#define sees(p, q) (frame[p] != NO_FRAME && frame[p] == frame[q] && (writable[p] || writable[q]))
#define root_of(p) ((owner[p] == B && parent[p]) -> A : owner[p])
#define lent_by_a(p) (lent[p] && root_of(p) == A)

/* Memory that was revoked, or whose grantor or go-between has ended, is not reached, by any path. */
#define no_access(p) (!barred(p) || (!sees(p, A) && !lent_by_a(p)))
#define revocation_holds (no_access(B) && no_access(C) && no_access(D))
bit copied_after_revocation; /* set by copies */

/* Who can write to A's page was given that. */
#define c_may_write (may_write && (to == C || b_writes))
#define writes_to_a(p) (frame[p] != NO_FRAME && frame[p] == frame[A] && writable[p])
#define no_right_gained ((!writes_to_a(B) || (to == B && may_write)) && (!writes_to_a(C) || c_may_write) && \
	!writes_to_a(D))
bit copied_without_right; /* set by copies */

/* README.md of servers/vm: shared copy-on-write, or lent, or neither. */
#define writer(f) ((names(A, f) && writable[A]) || (names(B, f) && writable[B]) || (names(C, f) && writable[C]) || \
	(names(D, f) && writable[D]))
#define sound(p) (frame[p] == NO_FRAME || sharers(frame[p]) <= 1 || (!frame_lent(frame[p]) && !writer(frame[p])))
#define consistent (ending[B] || ending[C] || (sound(A) && sound(B) && sound(C) && sound(D)))

/* Nobody waits for ever: when nothing can happen any more, no process that lives is in a call. */
#define stuck(p) (life[p] == runs && (asks[p] != nothing || call[p] != no_call))

bit seen_after_revocation, right_gained, inconsistent, stuck_for_ever;

active proctype properties()
{
end:
	do
	:: atomic { !revocation_holds -> seen_after_revocation = 1; assert(!seen_after_revocation) }
	:: atomic { !no_right_gained -> right_gained = 1; assert(!right_gained) }
	:: atomic { !consistent -> inconsistent = 1; assert(!inconsistent) }
	:: atomic { timeout && (stuck(A) || stuck(B) || stuck(C)) ->
		stuck_for_ever = 1; assert(!stuck_for_ever) }
	od
}

/* ---- The kernel's part of a grantee's call ---- */

/* p copies from s's page to d's. */
#define is_of_a(x) ((x) == A || lent_by_a(x))
inline check_copy(who, from, into) {
	if
	:: (is_of_a(from) || is_of_a(into)) && barred(who) -> copied_after_revocation = 1
	:: is_of_a(into) && !c_may_write -> copied_without_right = 1
	:: else
	fi;
	assert(!copied_after_revocation);
	assert(!copied_without_right)
}

#ifdef NO_JUDGE_ON_RESUME
#define judged(p) (half[p] || no_sharing[p] || (judge(p, 0, call[p] == writing)))
#else
#define judged(p) (judge(p, 0, call[p] == writing))
#endif

/* safecopy(): judged; then pages shared, or bytes copied up to a fault, or to an interrupt. */
inline copy_on(p, s, d) {
	if
	:: !(judged(p)) -> end_call(p)
	:: else ->
		if
		:: !no_sharing[p] && !half[p] -> asks[p] = share /* vm_share() */
		:: true ->
			no_sharing[p] = 1;
			if
			:: frame[s] == NO_FRAME -> asks[p] = memreq; whose[p] = s
			:: frame[s] != NO_FRAME && !writable[d] -> asks[p] = memreq; whose[p] = d /* vm_request() */
			:: frame[s] != NO_FRAME && writable[d] ->
				check_copy(p, s, d); /* copy_bytes() */
				if
				:: half[p] -> end_call(p)
				:: else -> half[p] = 1 /* KCALL_AGAIN */
				fi
			fi
		fi
	fi
}

/* handle(): the first time, and from kcall_resume(). */
inline dispatch(p) {
	if
	:: call[p] == mapping && judge(p, 1, wants_write[p]) -> asks[p] = lend /* do_safemap(), vm_lend() */
	:: call[p] == mapping && !(judge(p, 1, wants_write[p])) -> end_call(p)
	:: call[p] == reading -> copy_on(p, memory_of(p), p)
	:: call[p] == writing -> copy_on(p, p, memory_of(p))
	fi
}

/* ---- What takes VM one step ---- */

/* space_bring() for writing: make_writable(). */
inline make_writable(p) {
	if
	:: sharers(frame[p]) > 1 -> fresh_frame(p)
	:: else
	fi;
	writable[p] = 1
}

/* do_fork(): the child gets the page copy-on-write; of one that is lent a copy, or nothing. */
inline do_fork(p) {
	if
	:: frame[p] == NO_FRAME || (p == B && keeps)
	:: lent[p] -> frame[D] = NO_FRAME
#ifdef NO_FORK_COPIES
	:: frame_lent(frame[p]) && !(p == B && keeps) -> enter_frame(D, p); writable[D] = writable[p]
#else
	:: frame_lent(frame[p]) && !(p == B && keeps) -> fresh_frame(D); writable[D] = 1
#endif
	:: frame[p] != NO_FRAME && !frame_lent(frame[p]) && !(p == B && keeps) -> enter_frame(D, p); writable[p] = 0
	fi;
	life[D] = runs
}

/* ---- Processes ---- */

proctype process(byte me)
{
end_idle:
	(me != B || to == B); /* who has no part in it only takes up states */
end:
	do
	/* sys_saferevmap_addr(), of a successor: what others have of its page. */
	:: atomic { me == B && heir && user(B) && given_own(C) && !revoked[B] -> asks[B] = revoke }
	/* cpf_revoke(): a store; if it could be mapped or passed on, VM_REVOKE as well. */
	:: atomic { me <= B && user(me) && valid[me] ->
		valid[me] = 0;
		if
		:: me == A && !may_map -> revoked[me] = 1
		:: else ->
			asks[me] = revoke;
#ifdef NO_WAIT
			revoked[me] = 1
#endif
		fi }
	/* cpf_grant_indirect_sub() of what A gave, or cpf_grant_direct() of its own page, which may be A's. */
	:: atomic { me == B && to == B && user(me) && !b_granted && !over(B) && !heir ->
		b_granted = 1;
		valid[B] = 1;
		if
		:: indirect = 1
		:: indirect = 0
		fi;
		if
		:: b_writes = 1
		:: b_writes = 0
		fi }
	/* sys_safemap(), sys_safecopyfrom(), sys_safecopyto(): kcall_trap() */
	:: atomic { user(me) && calls[me] > 0 && has_grant(me) ->
		calls[me]--;
		if
		:: call[me] = mapping
		:: call[me] = mapping; wants_write[me] = 1
		:: me == C -> call[me] = reading
		:: me == C -> call[me] = writing
		fi;
		dispatch(me) }
	:: atomic { may_run(me) && call[me] != no_call -> dispatch(me) } /* kcall_resume() */
	/*
	 * What follows VM is asked and takes up in one step: who asks waits for it, so it makes no difference
	 * what happens in between.
	 */
	/* sys_safeunmap() */
	:: atomic { user(me) && lending[me] && serving == NOBODY -> asks[me] = unlend; serving = me }
	/* exec(): PM asks VM. */
	:: atomic { me != D && user(me) && !execed[me] && ends_left > 0 && pm_free && serving == NOBODY ->
		ends_left--;
		asks[me] = exec;
		serving = me }
	/* fork(), likewise. The child is D. */
	:: atomic { user(me) && life[D] == unborn && pm_free && serving == NOBODY -> do_fork(me) }
	/* A store to the page where it is read-only: do_pagefault() */
	:: atomic { user(me) && frame[me] != NO_FRAME && !writable[me] && !lent[me] && serving == NOBODY ->
		make_writable(me) }
	/* exit(), or killed at any moment: process_die(), sys_clear(). What VM has not taken up is withdrawn. */
	:: atomic { life[me] == runs && me != D && !undisturbed && ends_left > 0 && pm_free ->
		ends_left--;
		life[me] = cleared;
		if
		:: serving != me -> asks[me] = nothing; end_call(me)
		:: else
		fi }
	od
}

/* ---- VM ---- */

/* The reply, and vm_verdict(). Who died meanwhile gets none. */
inline reply(p) {
	asks[p] = nothing;
	serving = NOBODY;
	undisturbed = 0;
	if
	:: life[p] != runs -> end_call(p)
	:: else
	fi;
	p = 0
}
inline end_with_call(p) { end_call(p); reply(p) }

/* ---- Endings: lend_end.c ---- */

/* lendings_revoke(), lendings_end_range(), lendings_leave(): all that g gave. Then collect_children(). */
inline collect(g) {
	if
	:: given_by(g, B) -> ending[B] = 1
	:: else
	fi;
	if
	:: given_by(g, C) -> ending[C] = 1
	:: else
	fi;
#ifdef NO_WAITS_REVOKED
	if
	:: g == A && life[B] == waits -> ending[B] = 0
	:: else
	fi;
#endif
#ifdef NO_GO_BETWEEN
	if
	:: g == B && owner[C] == A -> ending[C] = 0
	:: else
	fi;
#endif
#ifndef NO_CHILDREN
	if
	:: ending[B] && lending[C] && parent[C] -> ending[C] = 1
	:: else
	fi
#endif
}

/* protect_from_owner() */
inline protect_from_owner(h) {
#ifdef NO_PROTECT
	skip
#else
#ifdef NO_PROTECT_ROOT
	writable[owner[h]] = writable[owner[h]] && frame[owner[h]] != frame[h]
#else
	writable[root_of(h)] = writable[root_of(h)] && frame[root_of(h)] != frame[h]
#endif
#endif
}

#ifdef NO_COPY_IF_LENT
#define must_copy(f) 0
#else
#define must_copy(f) frame_lent(f)
#endif

/* settle(): a snapshot, or nothing, by CPF_UNMAP or because the holder can't pay. Then forget(). */
inline settle(h) {
	if
	:: drop_page(h)
	:: must_copy(frame[h]) -> fresh_frame(h)
	:: !must_copy(frame[h]) -> protect_from_owner(h)
	fi;
	forget_lending(h)
}

/* end_all(): unlend() for all, then settle() for each, in any order. Others run between the steps. */
#define to_unlend(h) (ending[h] && lent[h])
inline end_all() {
	do
	:: atomic { to_unlend(B) -> lent[B] = 0; writable[B] = 0 }
	:: atomic { to_unlend(C) -> lent[C] = 0; writable[C] = 0 }
	:: atomic { !to_unlend(B) && !to_unlend(C) && ending[B] -> settle(B) }
	:: atomic { !to_unlend(B) && !to_unlend(C) && ending[C] -> settle(C) }
	:: !ending[B] && !ending[C] -> break
	od
}

/* ---- What VM is asked ---- */

/* space_unmap(): lendings_end_range(), then the pages, then lendings_unmapped(). */
inline do_unmap(p) {
	if
	:: p == B && given_own(C) -> ending[C] = 1
	:: p == A -> collect(A)
	:: else
	fi;
	end_all();
	atomic { drop_page(p); forget_lending(p) }
}

/* check_source(): the memory is there, with the right to write if that is asked; nobody maps its own. */
#define owner_of memory_of(p)
#define can_lend(p, o) (life[o] != gone && life[p] != gone && frame[o] != NO_FRAME && \
	(!wants_write[p] || !lent[o] || writable[o]))

inline do_lend(o) {
	if
	:: !(can_lend(p, o)) -> atomic { end_with_call(p) }
	:: else ->
#ifndef NO_PRIVATE_FIRST
		if /* prepare_page(): space_make_own() */
		:: !lent[o] && sharers(frame[o]) > 1 -> atomic { fresh_frame(o); writable[o] = 0 }
		:: else
		fi;
#endif
		if /* commit(): what the place showed before is unmapped, and what was lent of it ends */
		:: lending[p] -> do_unmap(p)
		:: p == B && given_own(C) -> do_unmap(p)
		:: else
		fi;
		atomic {
			drop_page(p);
			enter_frame(p, o);
			lent[p] = 1;
			writable[p] = wants_write[p];
			lending[p] = 1;
			owner[p] = o;
			link_a[p] = (o == A);
			link_b[p] = (p == C && to == B);
			parent[p] = (o == B && lent[B]);
			end_with_call(p)
		}
	fi
}

/* do_memreq(): a mapping that is read-only stays so. */
#define can_write(p) (life[p] != gone && frame[p] != NO_FRAME && (!lent[p] || writable[p]))

/* do_share(): both pages their owners' own, and not lent. */
#define shareable(p) (life[p] != gone && frame[p] != NO_FRAME && !lent[p] && !frame_lent(frame[p]))
#ifdef NO_SHARE_NOT_LENT
#define can_share(s, d) (frame[s] != NO_FRAME && frame[d] != NO_FRAME)
#else
#define can_share(s, d) (shareable(s) && shareable(d))
#endif
inline do_share(s, d) {
	if
	:: can_share(s, d) -> atomic {
		/* protect_source(), and the destination's entry */
		check_copy(p, s, d);
		leave_frame(d);
		enter_frame(d, s);
		writable[s] = 0;
		writable[d] = 0;
		end_with_call(p)
	}
	:: !(can_share(s, d)) -> atomic { no_sharing[p] = 1; reply(p) }
	fi
}

/* vm_take_up(): p's request leaves the queue. (Any order will do: the real one is first come, first served.) */
#define by_grant(p) (asks[p] == lend || asks[p] == share)
#ifdef NO_JUDGE_AT_TAKE_UP
#define stands(p) 1
#else
#define stands(p) (judge(p, asks[p] == lend, (asks[p] == lend -> wants_write[p] : call[p] == writing)))
#endif
inline take_up(x) {
	p = x;
	if
	:: by_grant(p) && !(stands(p)) ->
#ifdef NO_REFUSAL_ANSWERS
		serving = NOBODY
#else
		asks[p] = nothing; end_call(p)
#endif
	:: else ->
		serving = p;
#ifndef NO_UNDISTURBED
		undisturbed = (asks[p] == share)
#endif
	fi
}
#ifdef NO_REFUSAL_ANSWERS
#define waiting(p) (serving == NOBODY && asks[p] != nothing && !(by_grant(p) && !(stands(p))))
#else
#define waiting(p) (serving == NOBODY && asks[p] != nothing)
#endif

proctype vm()
{
	byte p;
end:
	do
	:: atomic { waiting(A) -> take_up(A) }
	:: atomic { waiting(B) -> take_up(B) }
	:: atomic { waiting(C) -> take_up(C) }
	:: atomic { serving == NOBODY && life[A] == cleared -> p = A; serving = A; goto leaves }
	:: atomic { serving == NOBODY && life[B] == cleared -> p = B; serving = B; goto leaves }
	:: atomic { serving == NOBODY && life[C] == cleared -> p = C; serving = C; goto leaves }
	/* do_succeed(): somebody is to have what B has left, and has it with its exec; or RS gives up. */
	:: atomic { serving == NOBODY && life[B] == waits && pm_free -> life[B] = runs; heir = 1 }
	:: atomic { serving == NOBODY && life[B] == waits && pm_free -> p = B; serving = B; goto leaves }
	:: serving != NOBODY && asks[serving] == lend -> do_lend(owner_of)
	:: serving != NOBODY && asks[serving] == share && call[serving] == reading -> do_share(owner_of, p)
	:: serving != NOBODY && asks[serving] == share && call[serving] == writing -> do_share(p, owner_of)
	:: serving != NOBODY && asks[serving] == memreq -> atomic {
		if
		:: can_write(whose[p]) -> make_writable(whose[p])
		:: else -> end_call(p)
		fi;
		reply(p)
	}
	:: serving != NOBODY && asks[serving] == revoke -> /* do_revoke() */
		atomic { collect(p) };
		end_all();
		atomic { revoked[p] = 1; reply(p) }
	:: serving != NOBODY && asks[serving] == unlend -> /* do_unlend() */
		p = serving;
		do_unmap(p);
		atomic { reply(p) }
	:: serving != NOBODY && asks[serving] == exec -> p = serving; goto execs
	od;

leaves:
	if
	:: p == B && keeps && life[B] == cleared -> goto bequeaths
	:: else
	fi;
	/* do_exit(), space_destroy(), lendings_leave(); or do_succeed(), to say that nobody will come */
#ifdef NO_END_ON_GIVING_UP
	if
	:: life[p] == waits -> goto forgotten
	:: else
	fi;
#endif
#ifndef NO_END_ON_EXIT
	atomic { collect(p) };
	end_all();
#endif
#ifdef NO_END_ON_GIVING_UP
forgotten:
#endif
	atomic { drop_page(p); forget_lending(p); life[p] = gone; serving = NOBODY; p = 0 };
	goto end;

bequeaths: /* do_exit(): the kept part becomes an estate; lendings_end_passed_on() */
#ifndef NO_PASSED_ON
	atomic {
		if
		:: given_by(B, C) && !given_own(C) -> ending[C] = 1
		:: else
		fi
	};
	end_all();
#endif
	atomic { valid[B] = 0; life[B] = waits; serving = NOBODY; p = 0 };
	goto end;

execs: /* process_exec(): another memory (grant_forget_table() by VMCTL_SETDIR), then space_destroy() of the old */
#ifndef NO_FORGET_TABLE
	valid[p] = 0;
#endif
#ifndef NO_END_ON_EXEC
	atomic { collect(p) };
	end_all();
#endif
	atomic {
		drop_page(p);
		forget_lending(p);
		frame[p] = p;
		writable[p] = 1;
		execed[p] = 1;
		reply(p)
	};
	goto end
}

init {
	atomic {
		frame[A] = 0; frame[B] = 1; frame[C] = 2; frame[D] = NO_FRAME;
		writable[A] = 1; writable[B] = 1; writable[C] = 1;
		life[D] = unborn;
		calls[B] = 1; calls[C] = CALLS;
		valid[A] = 1;
#ifdef TO
		to = TO;
#else
		if
		:: to = B
		:: to = C
		fi;
#endif
#ifdef MAP
		may_map = MAP;
#else
		if
		:: may_map = 1
		:: may_map = 0
		fi;
#endif
#ifdef KEEPS
		keeps = KEEPS;
#else
		if
		:: to == B && may_map -> keeps = 1
		:: keeps = 0
		fi;
#endif
#ifdef WRITE
		may_write = WRITE;
#else
		if
		:: may_write = 1
		:: may_write = 0
		fi;
#endif
		run vm();
		run process(A); run process(B); run process(C); run process(D)
	}
}
