/*
 * The semaphore between processes: a seat for each permit, owned by who has entered, so that the kernel frees it when he dies; moved where a permit has been taken away or has not been made yet. All who wait stand in a line, of which
 * mutex.pml shows that the next is woken when the one before leaves or dies: here it is one step. The first of the line looks at the bell, says that a permit is wanted, looks at the seats once more, has their owners watched, and sleeps
 * on the bell. Who leaves or posts rings where one is wanted. Each process may die before each of its steps; and a thread of it may run on for some steps after the kernel has marked its words ("doomed"), until it enters the kernel.
 *
 *   (the algorithm)
 *   NO_WATCH       must fail   the owners of seats are not watched: who dies between leaving and ringing is rung for by nobody
 *   NO_OWNER       must fail   a seat that is found free meanwhile is passed over: its last owner is not watched
 *   NO_EARLY_RING  must fail   who posts rings afterwards only: the sleeper does not know of him when he dies between
 *   NO_MARK        must fail   who dies before he has posted leaves a free seat: nobody has been told
 *   NO_TICKET      must fail   whoever stops waiting clears the wish, also that of the next one
 *   NO_GRACE       must fail   a dead one's seat is taken while he still runs
 */
#ifndef DEATHS
#define DEATHS 1
#endif
#ifndef CANCELS
#define CANCELS 1
#endif
#ifndef SEATS
#define SEATS 1         /* with 2 it takes a minute */
#endif
#define POSTER 3        /* processes 1 and 2 enter and leave */
#define MOVED 9

typedef word { byte owner; bit died; bit posting };

word seat[SEATS];
byte bell;
byte wanted;            /* 0, or the ticket of who wants */
byte ticket[4];         /* in the line; 0: not */
byte last;
bit asleep[4];
byte watches[4];        /* whose ends wake him: a bit each */
bit doomed[4];
bit gone[4];
byte inside[SEATS];     /* who is inside by that seat */
byte deaths;
byte cancels;

#define IS_FIRST(me) (ticket[me] != 0 && (ticket[1] == 0 || ticket[1] >= ticket[me]) && (ticket[2] == 0 || ticket[2] >= ticket[me]))
#define IS_MOVED(i) (seat[i].owner == MOVED || (seat[i].owner == 0 && seat[i].died && seat[i].posting))
#define IS_FREE(i) (seat[i].owner == 0 && !IS_MOVED(i))
#define IS_LAST_WAITING (last != 0 && (ticket[1] == last || ticket[2] == last))

#define IS_THERE(i) (IS_FREE(i) || (seat[i].owner < 4 && gone[seat[i].owner] && !seat[i].posting))
#define MISSED(i) (gone[i] && ((watches[me] >> i) & 1))

/* Dies here; or is seen dying, and goes on for a while. */
#define STEP if :: !doomed[me] :: atomic { !doomed[me] && deaths < DEATHS -> deaths++ }; goto died :: atomic { !doomed[me] && deaths < DEATHS -> deaths++; doomed[me] = 1; walk() } :: doomed[me] :: doomed[me] -> goto died fi
#define KERNEL if :: doomed[me] -> goto died :: else fi

inline mark(i)
{
	if
	:: seat[i].owner == me ->
		seat[i].owner = 0; seat[i].died = 1;
#ifdef NO_MARK
		seat[i].posting = 0;
#endif
		skip
	:: else
	fi
}

/* The kernel goes along the list. */
inline walk()
{
	atomic {
		mark(0);
#if SEATS > 1
		mark(1);
#endif
		ticket[me] = 0
	}
}

/* The kernel has one step for it. */
/* C#: SemaphoreWords.Ring */
inline ring()
{
	STEP;
	if
	:: wanted != 0 ->
		KERNEL;
		STEP;
		atomic { bell++; asleep[1] = 0; asleep[2] = 0 }
	:: else
	fi
}

/* Another one of the same process may run on: whoever takes from the dead waits. */
inline grace()
{
	if
	:: was ->
		KERNEL;
#ifndef NO_GRACE
		(!doomed[1] || gone[1]) && (!doomed[2] || gone[2]) && (!doomed[3] || gone[3]);
#endif
		skip
	:: else
	fi
}

/* C#: SemaphoreWords.TryEnter, LockSlots.TryTake */
inline try_take(i)
{
	STEP;
	atomic {
		if
		:: IS_FREE(i) -> was = seat[i].died; seat[i].owner = me; seat[i].died = 0; seat[i].posting = 0; mine = i + 1
		:: else
		fi
	}
}

/* C#: SemaphoreWords.TryFindFree, SemaphoreCore.TryGet */
inline try_all()
{
	try_take(0);
#if SEATS > 1
	if :: mine == 0 -> try_take(1) :: else fi
#endif
}

/* Who owns it: watched, or marked if he is gone. One that nobody owns any more had an owner who need not have rung. */
/* C#: SemaphoreAttempt.AllAreWatched, SlotWatch.MarkGone */
inline watch(i)
{
	STEP;
	atomic {
		if
		:: seat[i].owner != 0 && seat[i].owner != MOVED && gone[seat[i].owner] -> seat[i].owner = 0; seat[i].died = 1; w = 1
		:: seat[i].owner != 0 && seat[i].owner != MOVED && !gone[seat[i].owner] -> watches[me] = watches[me] | (1 << seat[i].owner)
#ifndef NO_OWNER
		:: IS_FREE(i) -> w = 1
#endif
		:: else
		fi
	}
}

/* Whether somebody has come behind is looked at before. */
/* C#: SemaphoreWords.WantNoMore */
inline want_no_more()
{
	STEP;
	if
	:: last == ticket_of ->
		STEP;
#ifdef NO_TICKET
		wanted = 0
#else
		atomic { if :: wanted == ticket_of -> wanted = 0 :: else fi }
#endif
	:: else
	fi
}

/* C#: SemaphoreCore.TryGetIdle, WaitQueue.TryJoin, SemaphoreAttempt.TryAdvanceAsFirst,
 *     SemaphoreWords.Want, SemaphoreAttempt.Abandon, SemaphoreCore.LeaveSlot */
proctype process(byte me)
{
	byte mine, seen, ticket_of, w;
	bit was;

	/* A newcomer. */
	STEP;
	if
	:: wanted == 0 && !IS_LAST_WAITING -> try_all()
	:: true
	fi;
	if
	:: mine != 0 -> goto entered
	:: else
	fi;

	/* Into the line. */
	STEP;
	atomic { if :: doomed[me] -> goto died :: else -> last++; ticket[me] = last; ticket_of = last fi };
look:
	/* Behind others: woken when they have left. */
	if
	:: doomed[me]
	:: !doomed[me] && !IS_FIRST(me) -> KERNEL; endbehind: IS_FIRST(me)
	:: !doomed[me] && IS_FIRST(me)
	fi;
	if
	:: cancels < CANCELS && !doomed[me] -> cancels++; want_no_more(); STEP; ticket[me] = 0; KERNEL; goto end
	:: true
	fi;
	STEP;
	seen = bell;
	try_all();
	if
	:: mine != 0 -> want_no_more(); STEP; ticket[me] = 0; goto entered
	:: else
	fi;
want:
	STEP;
	w = wanted;
	if
	:: w != ticket_of && (w == 0 || w < ticket_of) ->
		STEP;
		atomic { if :: wanted == w -> wanted = ticket_of; w = ticket_of :: else fi };
		if :: w != ticket_of -> goto want :: else fi
	:: else
	fi;
#ifndef NO_WATCH
	KERNEL;
	watches[me] = 0; w = 0;
	watch(0);
#if SEATS > 1
	watch(1);
#endif
	if :: w == 1 -> goto look :: else fi;
#endif
	KERNEL;
	STEP;
	/* The bell is compared by the kernel; the ends of those who are watched, too, since one who has ended meanwhile has been counted. */
	atomic {
		if
		:: bell == seen && !MISSED(1) && !MISSED(2) && !MISSED(3) -> asleep[me] = 1
		:: else
		fi
	};
	KERNEL;
endasleep:
	!asleep[me];
	goto look;

entered:
	grace();
	atomic { assert(inside[mine - 1] == 0); inside[mine - 1] = me };
	STEP;
	inside[mine - 1] = 0;
	STEP;
	/* A doomed one leaves his own only. */
	atomic { if :: seat[mine - 1].owner == me -> seat[mine - 1].owner = 0 :: else fi };
	ring();
	KERNEL;
	goto end;

died:
	atomic {
		if :: mine != 0 && inside[mine - 1] == me -> inside[mine - 1] = 0 :: else fi;
		if :: !doomed[me] -> walk() :: else fi
	};
	atomic {
		gone[me] = 1;
		if :: ((watches[1] >> me) & 1) -> asleep[1] = 0 :: else fi;
		if :: ((watches[2] >> me) & 1) -> asleep[2] = 0 :: else fi
	};
end:
	skip
}

/* Posts the seat that is moved in the beginning, or does not. */
/* C#: SemaphoreCore.TryPost, SemaphoreWords.TryBeginPost, SemaphoreWords.EndPost */
proctype poster(byte me)
{
	if :: true :: goto end fi;
	STEP;
	atomic { if :: IS_MOVED(SEATS - 1) -> seat[SEATS - 1].owner = me; seat[SEATS - 1].died = 0; seat[SEATS - 1].posting = 1 :: else -> goto over fi };
#ifndef NO_EARLY_RING
	ring();
#endif
	STEP;
	atomic { if :: seat[SEATS - 1].owner == me -> seat[SEATS - 1].owner = 0 :: else fi };
	ring();
over:
	KERNEL;
	goto end;
died:
	if :: !doomed[me] -> walk() :: else fi;
	atomic {
		gone[me] = 1;
		if :: ((watches[1] >> me) & 1) -> asleep[1] = 0 :: else fi;
		if :: ((watches[2] >> me) & 1) -> asleep[2] = 0 :: else fi
	};
end:
	skip
}

/* When nothing moves any more. */
proctype judge()
{
	timeout;
	assert(!((asleep[1] && !gone[1]) || (asleep[2] && !gone[2])) || !(IS_THERE(0)
#if SEATS > 1
		|| IS_THERE(1)
#endif
	))
}

init {
	atomic {
		if :: seat[SEATS - 1].owner = MOVED :: true fi;
		run process(1); run process(2); run poster(POSTER); run judge()
	}
}
