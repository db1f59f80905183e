/*
 * The condition between processes. Consumers wait under a mutex for things that a producer makes, one notification for each. Who waits owns a place in the line, whose word the kernel marks when he dies, and sleeps on another
 * word of it until that is notified. Each process may die before each of its steps: the kernel then marks the mutex and the place, in either order, and last of all those behind are told, who watch the process. Consumers may give up. The mutex
 * itself is taken for granted (mutex.pml): one step to take, one to leave, and whoever takes it after a death inside is told, and notifies all.
 *
 *   (the algorithm)                a place is left inside the mutex; those behind a dead one that was notified wake in its stead
 *   NO_WATCH     must fail         nobody looks at those before him
 *   NO_RECHECK   must fail         the notifier does not look again whether the one he has notified lives
 *   LEAVE_FIRST  must fail         who wakes leaves his place before he is inside the mutex
 *   TWO_STEPS    must fail         a place is notified, and its owner woken in a second step
 *   NO_LAST_LOOK must fail         who gives up does not look whether he was notified meanwhile
 */
#define THINGS 1
#define DEATHS 1
#define CANCELS 1

byte lock;              /* owner */
bit told;               /* an owner has died inside, and nobody was told yet */
byte things;
byte given;             /* the last ticket */
byte owner[8];          /* of the place with that ticket */
bit died[8];
bit notified[8];
bit asleep[5];
bit alive[5];
byte ended;             /* how many deaths were told to those who watch */
byte deaths;
byte cancels;

#define STEP if :: true :: deaths < DEATHS -> deaths++; goto died_here fi

inline acquire()
{
	atomic { lock == 0 -> lock = me }
}

inline wake(t)
{
	if :: owner[t] != 0 -> asleep[owner[t]] = 0 :: else fi
}

/* C#: ConditionWords.TryNotify */
inline notify_place(t)
{
#ifdef TWO_STEPS
	notified[t] = 1;
	STEP;
	atomic { wake(t) }
#else
	atomic { notified[t] = 1; wake(t) }
#endif
}

/* Looks at all places, and notifies one or all. */
/* C#: ConditionCore.Notify, ConditionWords.NotifyOne, ConditionWords.NotifyAll, ConditionWords.NotifyWaitQueue */
inline notify(all)
{
	n = 1;
	do
	:: n > given -> break
	:: else ->
		STEP;
		if
		:: owner[n] != 0 && !notified[n] ->
			STEP;
			notify_place(n);
			STEP;
			if
#ifdef NO_RECHECK
			:: !all -> break
#else
			:: !all && owner[n] != 0 -> break
#endif
			:: else
			fi
		:: else
		fi;
		n++
	od
}

inline mend()
{
	if
	:: told -> notify(1); told = 0
	:: else
	fi
}

/* C#: ConditionWords.CountMissing */
inline count_missing(result)
{
	atomic {
		result = 0; n = 1;
		do
		:: n >= mine -> break
		:: else -> result = result + (died[n] && notified[n]); n++
		od;
		n = 0
	}
}

/* C#: ConditionAttempt.Leave */
inline leave_place()
{
	atomic { owner[mine] = 0; mine = 0 }
}

/* C#: ConditionCore.Begin, ConditionWords.TryJoin, ConditionAttempt.TryAdvance,
 *     ConditionAttempt.WatchThoseBefore, ConditionAttempt.IsDue, ConditionAttempt.TakeBack */
proctype consumer(byte me)
{
	byte mine, n, before, now, seen;
	bit gives_up, due;

	STEP;
	acquire();
again:
	mend();
	STEP;
	if
	:: things > 0 -> things--; STEP; lock = 0; goto end
	:: else
	fi;
	atomic { given++; mine = given; owner[mine] = me };
	count_missing(before);
	STEP;
	lock = 0;
look:
	STEP;
	seen = ended;
	STEP;
	count_missing(now);
#ifdef NO_WATCH
	now = before;
#endif
	if
	:: notified[mine] || now != before -> goto back
	:: else
	fi;
	STEP;
	if
	:: cancels < CANCELS -> cancels++; gives_up = 1; goto back
	:: true
	fi;
	/* The kernel compares; who is told of a death does not fall asleep. */
	atomic { if :: !notified[mine] && ended == seen -> asleep[me] = 1 :: else fi };
end_asleep:
	asleep[me] == 0;
	goto look;

back:
#ifdef LEAVE_FIRST
	due = notified[mine] || now != before;
	leave_place();
#endif
	STEP;
	acquire();
	STEP;
#ifndef LEAVE_FIRST
#ifndef NO_LAST_LOOK
	count_missing(now);
	due = notified[mine] || now != before;
#else
	due = !gives_up;
#endif
	STEP;
	leave_place();
#endif
	STEP;
	if
	:: due || !gives_up -> due = 0; gives_up = 0; goto again
	:: else -> mend(); lock = 0; goto end
	fi;

died_here:
	/* Whatever it owns, in either order; then the end of the process is told. */
	atomic { alive[me] = 0; asleep[me] = 0 };
	if
	:: true -> atomic { if :: lock == me -> lock = 0; told = 1 :: else fi }; atomic { if :: mine != 0 && owner[mine] == me -> owner[mine] = 0; died[mine] = 1 :: else fi }
	:: true -> atomic { if :: mine != 0 && owner[mine] == me -> owner[mine] = 0; died[mine] = 1 :: else fi }; atomic { if :: lock == me -> lock = 0; told = 1 :: else fi }
	fi;
	atomic {
		ended++; n = mine;
		do
		:: mine == 0 || n >= given -> break
		:: else -> n++; wake(n)
		od;
		n = 0; mine = 0; goto over
	};
end:
	alive[me] = 0;
over:
	skip
}

proctype producer(byte me)
{
	byte n, made;

	do
	:: made == THINGS -> break
	:: else ->
		made++;
		STEP;
		acquire();
		mend();
		things++;
		STEP;
		notify(0);
		STEP;
		lock = 0
	od;
	goto over;

died_here:
	atomic { if :: lock == me -> lock = 0; told = 1 :: else fi };
over:
	skip
}

/* Whoever comes after a death is told of it; here it is somebody who does nothing else. */
proctype heir(byte me)
{
	byte n;

end_idle:
	told && lock == 0;
	acquire();
	mend();
	lock = 0;
	goto over;
died_here:
	skip;
over:
	skip
}

/* When nobody can go on: no living consumer waits for what is there. */
proctype judge()
{
	timeout -> assert(things == 0 || (!alive[1] && !alive[2]))
}

init { atomic { alive[1] = 1; alive[2] = 1; run consumer(1); run consumer(2); run producer(3); run heir(4); run judge() } }
