/*
 * The event between processes: one word, "set", "somebody sleeps" and an epoch, which is changed together with the wake-up in one step of the kernel. Where it resets itself all who wait stand in a line, of which mutex.pml shows that
 * the next is woken when the one before leaves or dies: here it is one step. Only the first sleeps on the word, and takes it. Else all sleep on the word, and each remembers the epoch in which he came. Each process may die before each step.
 *
 *   (the algorithm)
 *   TWO_STEPS  must fail   who sets it changes the word, and wakes in a second step
 *   NO_EPOCH   must fail   who wakes looks only whether it is set: a reset may have come first
 */
#ifndef DEATHS
#define DEATHS 2
#endif

bit single;               /* it resets itself */
bit set;
bit sleeper;
byte epoch;
byte ticket[4];
byte last;
bit asleep[4];
byte came[4];           /* how often it had been set when he began to wait */
byte sets;
byte deaths;

#define STEP if :: true :: atomic { deaths < DEATHS -> deaths++ }; goto died fi
#define IS_FIRST(me) ((ticket[1] == 0 || ticket[1] >= ticket[me]) && (ticket[2] == 0 || ticket[2] >= ticket[me]) && (ticket[3] == 0 || ticket[3] >= ticket[me]))

#ifdef NO_EPOCH
#define CHANGED false
#else
#define CHANGED (epoch != mine)
#endif

inline wake_all()
{
	asleep[1] = 0; asleep[2] = 0; asleep[3] = 0
}

/* One of those who are released one at a time. */
/* C#: WaitQueue.TryJoin, EventWords.TryTake, EventAttempt.TryAdvanceAsFirst */
proctype taker(byte me)
{
	bit is_last;

	atomic { last++; ticket[me] = last };
look:
endbehind:
	IS_FIRST(me);
	STEP;
	is_last = (last == ticket[me]);
	STEP;
	atomic {
		if
		:: set ->
			set = 0;
			if :: is_last -> sleeper = 0 :: else fi;
			goto left
		:: else -> sleeper = 1
		fi
	};
	STEP;
	/* The kernel compares the word. */
	atomic { if :: !set && sleeper -> asleep[me] = 1 :: else fi };
endasleep:
	!asleep[me];
	goto look;
died:
left:
	atomic { ticket[me] = 0; asleep[me] = 0 }
}

/* One of those who are released together. */
/* C#: EventWords.IsReleased, EventWords.PrepareSleep */
proctype waiter(byte me)
{
	byte mine;

	atomic { mine = epoch; came[me] = sets; if :: set -> goto left :: else fi };
look:
	STEP;
	atomic { if :: set || CHANGED -> goto left :: else -> sleeper = 1 fi };
	STEP;
	atomic { if :: !set && sleeper && !CHANGED -> asleep[me] = 1 :: else fi };
endasleep:
	!asleep[me];
	goto look;
died:
left:
	asleep[me] = 0
}

/* C#: EventWords.Set */
inline do_set()
{
	STEP;
	atomic {
		if
		:: !set && !sleeper -> set = 1; sets++; must_wake = 0
		:: !set && sleeper ->
#ifdef TWO_STEPS
			set = 1; must_wake = 1
#else
			must_wake = 1
#endif
		:: else -> must_wake = 0
		fi
	};
	STEP;
	if
	:: must_wake -> atomic { set = 1; sets++; wake_all() }
	:: else
	fi
}

/* Sets it, resets it, sets it, pulses it; where it resets itself only sets it. */
/* C#: EventWords.Set, EventWords.Reset, EventWords.Pulse */
proctype setter()
{
	bit must_wake;

	do_set();
	STEP;
	atomic { if :: set && !single -> set = 0; sleeper = 0; epoch++ :: else fi };
	do_set();
	STEP;
	atomic { if :: set && !single -> set = 0; sleeper = 0; epoch++ :: else fi };
	STEP;
	atomic { if :: !single -> epoch++; sets++; if :: sleeper -> wake_all() :: else fi :: else fi };
died:
	skip
}

/* When nothing moves any more: nobody sleeps who has been released. */
proctype judge()
{
	timeout;
	assert(!(set && (asleep[1] || asleep[2] || asleep[3])));
	assert(single || !((asleep[1] && came[1] != sets) || (asleep[2] && came[2] != sets) || (asleep[3] && came[3] != sets)))
}

init {
	atomic {
		if
		:: single = 1; run taker(1); run taker(2); run taker(3)
		:: run waiter(1); run waiter(2); run waiter(3)
		fi;
		run setter(); run judge()
	}
}
