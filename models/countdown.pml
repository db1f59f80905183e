/*
 * The countdown between processes: one word, with the count, "somebody sleeps", and "ending". Counting is a compare-and-swap, but to zero while somebody sleeps: that is a step of the kernel which changes the word and wakes, and does not ask
 * what the word was. So who is about to do it takes the guard, says in the word that he is ending it, and does it then; nobody else changes a word that says so, but who has taken the guard after him. The guard is a mutex that the kernel
 * gives to the next one when its owner dies (mutex.pml). Each process may die before each of its steps.
 *
 *   (the algorithm)
 *   TWO_STEPS  must fail   the word is changed in one step, and the wake-up is another
 *   NO_ENDING  must fail   who ends it does not say so first
 *   NO_HELP    must fail   who finds that a dead one was ending it leaves that as it is
 *   NO_ROUND   must fail   who wakes looks only at the count: it may have begun anew
 */
#ifndef DEATHS
#define DEATHS 2
#endif
#define COUNT 2

byte count = COUNT;
bit ending;
bit sleeper;
byte rounds;
byte guard;             /* its owner */
bit asleep;
byte came;              /* how often it had come to zero when he began to wait */
byte zeroes;
byte signals;           /* all that have been counted */
byte adds;
byte deaths;

#define STEP if :: true :: atomic { deaths < DEATHS -> deaths++ }; goto died fi

#ifdef NO_ROUND
#define CHANGED false
#else
#define CHANGED (rounds != mine)
#endif

inline end_it()
{
	/* The kernel's step. */
	count = 0; ending = 0; sleeper = 0; zeroes++; asleep = 0
}

/* By how much: 1 up, or 1 down. */
/* C#: CountdownCore.TryChange, CountdownWords.Change, Guard.Enter, Guard.Leave */
inline change(up)
{
	needs = 0; done = 0;
	do
	:: done -> break
	:: !done ->
		STEP;
		atomic {
			if
			:: ending && guard != me -> needs = 1
#ifndef NO_HELP
			:: ending && guard == me -> ending = 0
#endif
			:: !ending && count == 0 -> done = 1
			:: !ending && count != 0 && (up || count > 1) -> count = (up -> count + 1 : count - 1); done = 1; if :: up -> adds++ :: else -> signals++ fi
			:: !ending && count == 1 && !up && !sleeper -> count = 0; zeroes++; signals++; done = 1
			:: !ending && count == 1 && !up && sleeper && guard != me -> needs = 1
			:: !ending && count == 1 && !up && sleeper && guard == me ->
#ifndef NO_ENDING
				ending = 1;
#endif
				ends = 1
			fi
		};
		if
		:: needs ->
			STEP;
			atomic { guard == 0 -> guard = me };
			needs = 0
		:: ends ->
			STEP;
#ifdef TWO_STEPS
			atomic { count = 0; ending = 0; sleeper = 0; zeroes++ };
			STEP;
			asleep = 0;
#else
			atomic { assert(count == 1); end_it() };
#endif
			signals++; ends = 0; done = 1
		:: else
		fi
	od;
	STEP;
	atomic { if :: guard == me -> guard = 0 :: else fi }
}

proctype signaller(byte me)
{
	bit needs, done, ends;

	change(0);
died:
	atomic { if :: guard == me -> guard = 0 :: else fi }
}

proctype adder(byte me)
{
	bit needs, done, ends;

	change(1);
	change(0);
died:
	atomic { if :: guard == me -> guard = 0 :: else fi }
}

/* C#: CountdownCore.Reset, CountdownWords.Reset */
proctype resetter(byte me)
{
	STEP;
	atomic { guard == 0 -> guard = me };
	STEP;
	if :: count == 0 -> rounds++ :: else fi;
	STEP;
	/* A compare-and-swap: where the count has changed meanwhile, it is looked at again, as here. */
	atomic { if :: count == 0 -> if :: zeroes == rounds -> count = COUNT; ending = 0 :: else fi :: else fi };
died:
	atomic { if :: guard == me -> guard = 0 :: else fi }
}

/* C#: CountdownWords.IsReleased, CountdownWords.PrepareSleep */
proctype waiter()
{
	byte mine;

	atomic { mine = rounds; came = zeroes; if :: count == 0 -> goto released :: else fi };
look:
	atomic { if :: count == 0 || CHANGED -> goto released :: else -> sleeper = 1 fi };
	atomic { if :: count != 0 && sleeper && !CHANGED -> asleep = 1 :: else fi };
endasleep:
	!asleep;
	goto look;
released:
	skip
}

/* When nothing moves any more: nobody sleeps who has been released. */
proctype judge()
{
	timeout;
	assert(!(asleep && (count == 0 || came != zeroes)))
}

init { atomic { run signaller(1); run signaller(2); run adder(3); run resetter(4); run waiter(); run judge() } }
