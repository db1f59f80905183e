/*
 * The barrier between processes: a seat for each party, which the kernel marks when its owner dies, and one word that says which phase it is, how many have arrived, whether a party has died, and how often it was reset: all that is decided is one exchange
 * of that. Who takes a seat rings, and is a party only then: so who sleeps has seen his seat, and has him watched. Who waits reads the bell, has the owners of all seats watched, looks for dead ones, looks at the word, and sleeps on the bell. Who finds a dead
 * party breaks the barrier; it is reset under a guard, which is taken for granted (mutex.pml). Each process may die before each of its steps; and a thread of it may run on for some steps after the kernel has marked its words ("doomed"), until it enters the kernel.
 *
 *   (the algorithm)
 *   NO_WATCH      must fail    the owners of seats are not watched
 *   LOOK_FIRST    must fail    dead parties are looked for before the owners are watched
 *   NO_RING       must fail    a party has not rung before it is one
 *   NO_MARK       must fail    who has taken a seat is a party at once: he may die before he rings
 *   NO_JOIN       must fail    who has been marked before he was a party arrives all the same
 *   NO_EXACT      must fail    who has found a dead party breaks the barrier though it was reset since
 *   NO_RESETS     must fail    who waits does not look whether it was reset since he arrived
 *   NO_GRACE      must fail    it is reset while a dead one still runs
 *   NO_LOOK       must fail    who gives up takes his arrival back though the phase is completed
 */
#ifndef DEATHS
#define DEATHS 1
#endif
#ifndef CANCELS
#define CANCELS 1
#endif
#define PARTIES 2

typedef word { byte owner; bit died; bit party };

word seat[PARTIES];
byte phase;
byte arrived;
bit broken;
byte resets;
bit rung[4];            /* the bell, as each has read it: whether it has been rung since */
bit asleep[4];
byte watches[4];        /* whose ends wake him: a bit each */
bit doomed[4];
bit gone[4];
byte deaths;
byte cancels;

/* What is true, whatever the words say: 0 has not arrived, 1 has, 2 the phase was completed since, 3 broken since. */
byte truth[4];

#define IS_DEAD(i) (seat[i].owner == 0 && seat[i].died && seat[i].party)
#define IS_MISSED(i) (IS_DEAD(i) || (seat[i].owner != 0 && gone[seat[i].owner] && seat[i].party))
#define MISSED(i) (gone[i] && ((watches[me] >> i) & 1))
#define TELL(i, what) if :: truth[i] == 1 -> truth[i] = what :: else fi

/* Dies here; or is seen dying, and goes on for a while. */
#define STEP if :: !doomed[me] :: atomic { !doomed[me] && deaths < DEATHS -> deaths++ }; goto died :: atomic { !doomed[me] && deaths < DEATHS -> deaths++; doomed[me] = 1; walk() } :: doomed[me] :: doomed[me] -> goto died fi
#define KERNEL if :: doomed[me] -> goto died :: else fi

inline mark(i) { if :: seat[i].owner == me -> seat[i].owner = 0; seat[i].died = 1 :: else fi }

/* The kernel goes along the list. */
inline walk() { atomic { mark(0); mark(1) } }

/* The kernel has one step for it. */
/* C#: BarrierWords.Ring */
inline ring()
{
	KERNEL;
	STEP;
	atomic { rung[1] = 1; rung[2] = 1; asleep[1] = 0; asleep[2] = 0 }
}

/* C#: BarrierWords.TryFindDead */
inline find_dead()
{
	STEP;
	atomic { if :: IS_DEAD(0) -> dead = 0 :: !IS_DEAD(0) && IS_DEAD(1) -> dead = 1 :: else -> dead = PARTIES fi }
}

/* As long as there is a dead party it is broken first: then is_broken, else ph, rs and ar are those of before the look. */
/* C#: BarrierCore.LookWhole, BarrierWords.Break */
inline look_whole()
{
	atomic { is_broken = 0; dead = 0 };
	do
	:: dead == PARTIES || is_broken -> break
	:: else ->
		STEP;
		atomic { ph = phase; rs = resets; ar = arrived; is_broken = broken };
		if
		:: !is_broken ->
			find_dead();
			if
			:: dead != PARTIES ->
				STEP;
				atomic {
					if
#ifdef NO_EXACT
					:: !broken ->
#else
					:: !broken && phase == ph && resets == rs && arrived == ar ->
#endif
						assert(IS_DEAD(dead));
						broken = 1; arrived = 0; has_broken = 1; TELL(1, 3); TELL(2, 3)
					:: else
					fi
				};
				if :: has_broken -> has_broken = 0; ring() :: else fi
			:: else
			fi
		:: else
		fi
	od
}

/* Who owns it: watched, or marked if he is gone. */
/* C#: SlotWatch.MarkGone */
inline watch(i)
{
	if
	:: seat[i].owner != 0 && gone[seat[i].owner] -> seat[i].owner = 0; seat[i].died = 1
	:: seat[i].owner != 0 && !gone[seat[i].owner] -> watches[me] = watches[me] | (1 << seat[i].owner)
	:: else
	fi
}

/* C#: BarrierCore.WatchAll */
inline watch_all()
{
#ifndef NO_WATCH
	KERNEL;
	STEP;
	atomic { watches[me] = 0; watch(0); watch(1) };
#endif
	skip
}

/* C#: BarrierCore.TryTakeSlot, BarrierWords.TryTake */
inline take(i)
{
	if
	:: mine == PARTIES && seat[i].owner == 0 && !IS_DEAD(i) ->
		seat[i].owner = me; seat[i].died = 0; mine = i;
#ifdef NO_MARK
		seat[i].party = 1
#else
		seat[i].party = 0
#endif
	:: else
	fi
}

/* C#: BarrierCore.Arrive, BarrierWords.TryJoin, BarrierWords.TryArrive,
 *     BarrierAttempt.TryAdvanceAsFirst, BarrierWords.TakeBack, BarrierCore.LeaveSlot */
proctype process(byte me; byte most)
{
	byte mine = PARTIES, dead, ph, rs, ar, was_phase, was_resets, calls;
	bit is_broken, has_broken;

call:
	calls++;
again:
	look_whole();
	if :: is_broken -> goto over :: else fi;
	if
	:: mine == PARTIES ->
		STEP;
		atomic { take(0); take(1) };
		/* There is one for each: where a dead one has it, it is broken. */
		if :: mine == PARTIES -> goto again :: else fi;
#ifndef NO_RING
		ring();
#endif
		STEP;
		atomic {
			if
			:: seat[mine].owner == me -> seat[mine].party = 1
			:: else ->
#ifdef NO_JOIN
				skip
#else
				goto died
#endif
			fi
		};
		goto again
	:: else
	fi;
	STEP;
	atomic {
		if
		:: !broken && phase == ph && resets == rs && arrived == ar ->
			truth[me] = 1;
			if
			:: arrived == PARTIES - 1 ->
				/* All are here, and are parties, be they dead. */
				assert(truth[1] == 1 && truth[2] == 1 && seat[0].party && seat[1].party && (seat[0].owner != 0 || seat[0].died) && (seat[1].owner != 0 || seat[1].died));
				phase++; arrived = 0; truth[1] = 2; truth[2] = 2
			:: else -> arrived++
			fi
		:: else -> goto again
		fi;
		was_phase = ph; was_resets = rs
	};
	if
	:: truth[me] == 2 && ar == PARTIES - 1 -> atomic { ph = 0; rs = 0; ar = 0; dead = 0 }; ring(); goto over
	:: else -> atomic { ph = 0; rs = 0; ar = 0; dead = 0 }
	fi;
look:
	STEP;
	rung[me] = 0;
#ifdef LOOK_FIRST
	look_whole();
	watch_all();
#else
	watch_all();
	look_whole();
#endif
	atomic {
		if
		:: ph != was_phase -> assert(truth[me] == 2); goto over
#ifdef NO_RESETS
		:: ph == was_phase && is_broken -> assert(truth[me] == 3); goto over
		:: ph == was_phase && !is_broken
#else
		:: ph == was_phase && (is_broken || rs != was_resets) -> assert(truth[me] == 3); goto over
		:: ph == was_phase && !is_broken && rs == was_resets
#endif
		fi
	};
	if
	:: cancels < CANCELS && !doomed[me] -> cancels++; goto give_up
	:: true
	fi;
	KERNEL;
	STEP;
	/* The bell is compared by the kernel; the ends of those who are watched, too, since one who has ended meanwhile has been counted. */
	atomic { if :: !rung[me] && !MISSED(1) && !MISSED(2) -> asleep[me] = 1 :: else fi; ph = 0; rs = 0; ar = 0; dead = 0 };
	KERNEL;
endasleep:
	!asleep[me];
	goto look;

give_up:
	STEP;
	atomic {
		if
#ifdef NO_LOOK
		:: arrived > 0 -> assert(truth[me] == 1); arrived--; truth[me] = 0
#else
		:: phase == was_phase && !broken && resets == was_resets -> assert(truth[me] == 1); arrived--; truth[me] = 0
#endif
		:: else
		fi
	};
	goto over;

over:
	atomic {
		/* Once more, or no party any more. */
		truth[me] = 0; ph = 0; rs = 0; ar = 0; dead = 0; is_broken = 0; was_phase = 0; was_resets = 0; watches[me] = 0;
		if
		:: calls < most -> goto call
		:: true
		fi
	};
	STEP;
	atomic { if :: mine != PARTIES && seat[mine].owner == me -> seat[mine].owner = 0 :: else fi; truth[me] = 0 };
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

/* One that takes no part, and resets it once. He does not die: who follows him would do the rest. */
/* C#: BarrierCore.Reset, BarrierCore.FreeDead, BarrierWords.Free, BarrierWords.Reset */
proctype resetter()
{
	endwhole: broken;
	if
	:: IS_DEAD(0) || IS_DEAD(1) ->
#ifndef NO_GRACE
		(!doomed[1] || gone[1]) && (!doomed[2] || gone[2]);
#endif
		atomic { if :: IS_DEAD(0) -> seat[0].died = 0; seat[0].party = 0 :: else fi; if :: IS_DEAD(1) -> seat[1].died = 0; seat[1].party = 0 :: else fi }
	:: else
	fi;
	atomic { broken = 0; arrived = 0; resets++ };
	atomic { rung[1] = 1; rung[2] = 1; asleep[1] = 0; asleep[2] = 0 };
}

/* When nothing moves any more: nobody sleeps whose phase has ended, or who waits for a dead party. */
proctype judge()
{
	timeout;
	assert(!((asleep[1] && !gone[1] && (truth[1] != 1 || IS_MISSED(0) || IS_MISSED(1))) || (asleep[2] && !gone[2] && (truth[2] != 1 || IS_MISSED(0) || IS_MISSED(1)))))
}

init { atomic { run process(1, 2); run process(2, 2); run resetter(); run judge() } }
