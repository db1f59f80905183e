/*
 * Waiting for a change of a board: a cell with a writer and its successor, and a waiter for it; or two cells with a writer each, and a waiter for both. Any writer may die at any step. Each cell has a bell on which the waiters for it alone sleep, and
 * the board has one for the waiters for several cells. How a value is copied whole is another matter: cell.pml.
 *
 *   writer: take the seat · ring both bells · again and again: value is out (done) · full fence · ring the cell's bell, if a waiter is announced there · the same with the board's bell
 *   waiter: look at values and seats · announce itself at the bell · watch the writers that live · look again · sleep, as long as the bell has the value that it had with the announcement
 *
 * An odd bell announces a waiter. A ring adds 1 and wakes all, in one step of the kernel: two rings at once leave it odd, which costs a ring too many and no wake-up. Where a process ends the kernel marks the seat (or does not come to it in
 * time, and then a waiter or the successor does); a thread of it may go on for a moment; and when all threads have gone, whoever watches it is woken.
 *
 *   (the algorithm)
 *   NO_FENCE       must fail   the writer looks at the bells before its value is out
 *   NO_LOOK        must fail   the waiter does not look again when it has announced itself
 *   NO_WATCH       must fail   the waiter watches no writer: one that dies between its value and the bell leaves it asleep
 *   NO_EARLY_RING  must fail   a writer does not ring when it has taken the seat: a waiter that was asleep by then does not watch it
 *   NO_GRACE       must fail   the successor of a dead writer does not wait until all threads of that have gone: two write at once
 */
#ifndef DEATHS
#define DEATHS 2
#endif

byte done[2];           /* the number of the newest value of each cell */
byte bell[3];           /* of cell 0, of cell 1, of the board */
bit asleep[3];          /* one waiter at each bell */
byte owner[2];          /* of the seat of each cell: a writer; 0: none */
byte last[2];           /* its last writer */
bit died[2];            /* the last writer died */
byte writing[2];
bit ended[4];           /* of each writer: its keeper has gone */
bit gone[4];            /* all of its threads have gone */
bit watched[4];         /* the process of the waiters watches it */
bit rung[4];            /* it has rung when it had taken its seat */
byte seen[4];           /* of each waiter, twice two: the last value that it knows of each cell */
byte told[4];           /* and the last writer of whose death it knows */
byte ends;              /* how many ends the waiters were told of */
byte deaths;

#define MAY_DIE if :: true :: atomic { deaths < DEATHS -> deaths++ }; goto dead fi
#define LOOK(c) (done[c] != seen[me * 2 + c] || (died[c] && last[c] != told[me * 2 + c]))

/* C#: DoorbellWord.Ring */
inline ring(b)
{
	MAY_DIE;
	if
	:: bell[b] % 2 == 1 -> MAY_DIE; atomic { bell[b]++; asleep[b] = 0 }
	:: else
	fi
}

/* C#: BoardClaim.TakeHolderSlot, BoardClaim.Outlast, BoardClaim.TryWrite, BoardClaim.Release */
proctype writer(byte me; byte cell; byte writes)
{
	byte n = 0;
	byte before = 0;
	bit inside = 0;
	bit rings, rings_all;

	/* A seat without an owner, or whose owner has ended unmarked. */
	atomic {
		owner[cell] == 0 || ended[owner[cell]];
		if :: died[cell] || owner[cell] != 0 -> before = last[cell] :: else fi;
		owner[cell] = me; last[cell] = me; died[cell] = 0
	};
	MAY_DIE;
#ifndef NO_GRACE
	before == 0 || gone[before];
#endif
#ifndef NO_EARLY_RING
	ring(cell);
	ring(2);
#endif
	rung[me] = 1;
	do
	:: n == writes -> break
	:: n < writes ->
		MAY_DIE;
		atomic { writing[cell]++; inside = 1; assert(writing[cell] == 1) };
#ifdef NO_FENCE
		rings = bell[cell] % 2;
		rings_all = bell[2] % 2;
#endif
		MAY_DIE;
		/* The value is out, and a full fence behind it. */
		atomic { done[cell]++; writing[cell]--; inside = 0; n++ };
#ifdef NO_FENCE
		if :: rings -> ring(cell) :: else fi;
		if :: rings_all -> ring(2) :: else fi
#else
		ring(cell);
		ring(2)
#endif
	od;
	atomic { owner[cell] = 0; goto left };
dead:
	if
	:: atomic { ended[me] = 1; if :: owner[cell] == me -> owner[cell] = 0; died[cell] = 1 :: else fi }
	:: ended[me] = 1
	fi;
	atomic { writing[cell] = writing[cell] - inside; inside = 0; gone[me] = 1 };
	atomic { if :: watched[me] -> ends++; asleep[0] = 0; asleep[1] = 0; asleep[2] = 0 :: else fi };
left:
	skip
}

/* C#: BoardReader.TryTakeChange */
inline take_changes(c)
{
	atomic {
		seen[me * 2 + c] = done[c];
		if :: died[c] -> told[me * 2 + c] = last[c] :: else fi
	}
}

/* C#: BoardClaim.MarkGone, BoardReader.MarkGone */
inline watch(c)
{
	atomic {
		if
		:: owner[c] != 0 && ended[owner[c]] -> owner[c] = 0; died[c] = 1
		:: owner[c] != 0 && !ended[owner[c]] -> watched[owner[c]] = 1
		:: else
		fi
	}
}

/* C#: BoardAttempt.TryAdvance, BoardAttempt.Look, DoorbellWord.Announce, KeeperWatch.Ended, Sleep.On */
proctype waiter(byte me; byte b; byte most)
{
	byte value, before;

look:
	before = ends;
	take_changes(0);
	if :: most == 1 -> take_changes(1) :: else fi;
	/* With a full fence behind it. */
	atomic { if :: bell[b] % 2 == 0 -> bell[b]++ :: else fi; value = bell[b] };
#ifndef NO_WATCH
	watch(0);
	if :: most == 1 -> watch(1) :: else fi;
#endif
#ifndef NO_LOOK
	if :: LOOK(0) -> goto look :: else fi;
	if :: most == 1 && LOOK(1) -> goto look :: else fi;
#endif
	/* The kernel compares the word. An end that was told meanwhile is counted, and compared as well (Sleep.On). */
	atomic { if :: bell[b] == value && ends == before -> asleep[b] = 1 :: else -> goto look fi };
endasleep:
	!asleep[b];
	goto look
}

/* When nothing moves any more: nobody sleeps over a value, nor over a death of a writer that had rung. */
#define OVERSLEPT(me, c) (done[c] != seen[me * 2 + c] || (died[c] && last[c] != told[me * 2 + c] && rung[last[c]]))
proctype judge()
{
	timeout;
	assert(!(asleep[0] && OVERSLEPT(0, 0)));
	assert(!(asleep[2] && (OVERSLEPT(1, 0) || OVERSLEPT(1, 1))))
}

init {
	atomic {
		run writer(1, 0, 2);
		if
		:: run writer(2, 0, 1); run waiter(0, 0, 0)
		:: run writer(3, 1, 1); run waiter(1, 2, 1)
		fi;
		run judge()
	}
}
