/*
 * The count between processes: one word with the count and "somebody sleeps". Who adds while nobody sleeps changes the word alone. Who finds a sleeper takes the guard, drives the sleeper from the word (one step of the kernel), adds,
 * and leaves the guard. While the guard is taken the first waiter sleeps on the guard, which wakes all when its owner leaves, and one when the owner dies. All who wait stand in a line, of which mutex.pml shows that the next is woken when
 * the one before leaves or dies: here it is one step. The same holds for those who want the guard. Whoever sleeps on the guard watches the process of its owner, and looks again when that is gone. Each process may die before each step.
 *
 *   (the algorithm)
 *   NO_GUARD     must fail   who adds changes the word, and wakes in a second step
 *   NO_EVICTION  must fail   who adds in the guard leaves the sleeper on the word
 *   LOOK_FIRST   must fail   a waiter looks at the guard before it announces that it sleeps
 *   NO_WATCH     must fail   who sleeps on the guard does not watch its owner: the kernel wakes one, who may die before waking the others
 */
#ifndef DEATHS
#define DEATHS 2
#endif

#define WAITERS 2
#define FREE 0
#define DIED 9

byte count;
bit sleeper;
byte guard;               /* its owner, 3 or 4; FREE; DIED */
bit guard_sleeper;        /* somebody sleeps on the guard, or has slept */
byte ticket[3];
byte last;
byte on_word;             /* who sleeps on the word: the first waiter alone */
bit on_guard[5];          /* who sleeps on the guard: the first waiter, and the first of those who want it */
byte added;
byte taken;
byte deaths;
byte waiting;             /* who wants a permit still */

#define STEP if :: true :: atomic { deaths < DEATHS -> deaths++ }; goto died fi
#define IS_FIRST(me) ((ticket[1] == 0 || ticket[1] >= ticket[me]) && (ticket[2] == 0 || ticket[2] >= ticket[me]))

inline wake_guard()
{
	on_guard[1] = 0; on_guard[2] = 0; on_guard[3] = 0; on_guard[4] = 0
}

/* The kernel: one of the sleepers, any. */
inline wake_one_of_guard()
{
	if
	:: on_guard[1] -> on_guard[1] = 0
	:: on_guard[2] -> on_guard[2] = 0
	:: on_guard[3] -> on_guard[3] = 0
	:: on_guard[4] -> on_guard[4] = 0
	:: else
	fi
}

/* Waits for one permit. */
/* C#: CountAttempt.TryAdvanceAsFirst, CountWords.TryTake, CountWords.PrepareSleep */
proctype waiter(byte me)
{
	bit is_last;
	bit guarded;

	atomic { last++; ticket[me] = last };
look:
endbehind:
	IS_FIRST(me);
	STEP;
	atomic { if :: guard == DIED -> wake_guard() :: else fi };
	STEP;
	is_last = (last == ticket[me]);
#ifdef LOOK_FIRST
	atomic { guarded = (guard != FREE && guard != DIED); if :: guarded -> guard_sleeper = 1 :: else fi };
#endif
	STEP;
	atomic {
		if
		:: count > 0 ->
			count--; taken++;
			if :: is_last -> sleeper = 0 :: else fi;
			goto left
		:: else -> sleeper = 1
		fi
	};
	STEP;
#ifndef LOOK_FIRST
	atomic { guarded = (guard != FREE && guard != DIED); if :: guarded -> guard_sleeper = 1 :: else fi };
#endif
	STEP;
	/* The kernel compares the word. */
	if
	:: guarded -> atomic { if :: guard != FREE && guard != DIED && guard_sleeper -> on_guard[me] = 1 :: else fi }
	:: else -> atomic { if :: count == 0 && sleeper -> on_word = me :: else fi }
	fi;
endasleep:
	(on_word != me && !on_guard[me]);
	goto look;
died:
left:
	atomic { ticket[me] = 0; if :: on_word == me -> on_word = 0 :: else fi; on_guard[me] = 0; waiting-- }
}

/* Adds one permit, twice. */
/* C#: CountWords.Add, CountWords.Evict, CountCore.TryAdd */
proctype adder(byte me)
{
	byte times = 0;
	bit must_guard;
	bit was_dead;

next:
	if :: times == 2 -> goto done :: else fi;
	times++;
	STEP;
	atomic {
		if
		:: !sleeper -> count++; added++; must_guard = 0
		:: else -> must_guard = 1
		fi
	};
	if :: !must_guard -> goto next :: else fi;
#ifdef NO_GUARD
	STEP;
	atomic { count++; added++ };
	STEP;
	on_word = 0;
	goto next;
#endif
want:
	STEP;
	/* The first of those who want the guard; the other is behind it in the line. */
	atomic {
		if
		:: guard == FREE || guard == DIED ->
			was_dead = (guard == DIED);
			guard = me; guard_sleeper = 0
		:: else -> guard_sleeper = 1; goto sleep
		fi
	};
	STEP;
	atomic { if :: was_dead -> wake_guard() :: else fi };
	STEP;
#ifndef NO_EVICTION
	atomic { sleeper = 0; on_word = 0 };
#endif
	STEP;
	atomic { count++; added++ };
	STEP;
	/* Leaving and waking: if it dies between the two, the kernel wakes all. mutex.pml. */
	atomic { guard = FREE; if :: guard_sleeper -> wake_guard() :: else fi; guard_sleeper = 0 };
	goto next;
sleep:
	STEP;
	atomic { if :: guard != FREE && guard != DIED && guard_sleeper -> on_guard[me] = 1 :: else fi };
endasleep:
	!on_guard[me];
	goto want;
died:
	atomic {
		on_guard[me] = 0;
		if :: guard == me -> guard = DIED; wake_one_of_guard() :: else fi
	};
#ifndef NO_WATCH
	/* C#: KeeperWatch.IsGone */
	wake_guard();
#endif
done:
	skip
}

/* When nothing moves any more: nobody sleeps while there is a permit, and none is lost or had twice. */
proctype judge()
{
	timeout;
	assert(count == 0 || waiting == 0);
	assert(count + taken == added)
}

init {
	atomic {
		waiting = WAITERS;
		run waiter(1); run waiter(2); run adder(3); run adder(4); run judge()
	}
}
