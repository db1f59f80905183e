/*
 * The mutex between processes: one word with the layout that the kernel's robust lists know (owner, waiters, owner died), and a ring of places in which those who wait stand in the order of their
 * tickets. A place has such a word too: who dies while he waits is seen by the one behind him, whom the kernel wakes. Each process may die before each of its steps; the kernel then goes through the
 * words that it owns, one by one, while the others run on.
 *
 *   CLOSED    (the algorithm)          a leaver who knows of a sleeper leaves the word closed: nobody takes it past the sleeper, and the wake-up that a dying leaver owes is the kernel's
 *   OPEN      must fail                the leaver clears the word
 *   NO_CHAIN  must fail                all sleep on the lock itself
 *   NO_TICKET must fail                a place is claimed without its ticket, which is written afterwards
 */
#ifndef PROCS
#define PROCS 3
#endif
#ifndef DEATHS
#define DEATHS 1
#endif
#ifndef ROUNDS
#define ROUNDS 1
#endif
#ifndef CANCELS
#define CANCELS 1
#endif
#define RING 8

typedef word { byte owner; bit waiters; bit died };

word lock;
word place[RING];
byte ticket[RING];      /* beside the word, changed with it in one step */
byte next = RING;       /* so that no place seems to have been used */

byte sleeps[4]; /* 0: awake, 1: on the lock, 2 + i: on place i */
bit inside[4];
bit broken;             /* the last owner died inside */
byte deaths;
byte cancels;

#define STEP if :: true :: deaths < DEATHS -> deaths++; goto died fi
#define IS_ACTIVE(t) (place[(t) % RING].owner != 0 && ticket[(t) % RING] == (t))

inline wake_one(what)
{
	/* one of them, whichever */
	if
	:: sleeps[1] == what -> sleeps[1] = 0
	:: sleeps[2] == what -> sleeps[2] = 0
	:: sleeps[3] == what -> sleeps[3] = 0
	:: sleeps[1] != what && sleeps[2] != what && sleeps[3] != what -> skip
	fi
}

/* C#: WaitQueue.Leave, RobustKeeper.Release */
inline leave_place()
{
	/* exchange, then wake */
	STEP;
	atomic { i = mine % RING; had = place[i].waiters; place[i].owner = 0; place[i].waiters = 0; place[i].died = 0; pending = 2 + i };
	STEP;
	if
	:: had -> atomic { wake_one(2 + mine % RING) }
	:: else
	fi;
	pending = 0; mine = 0
}

/* Of all places it owns one at most. */
inline mark_place()
{
	atomic {
		i = 0;
		do
		:: i < RING && place[i].owner != me -> i++
		:: else -> break
		od;
		if
		:: i < RING -> place[i].owner = 0; place[i].died = 1; if :: place[i].waiters -> wake_one(2 + i) :: else fi
		:: else
		fi
	}
}

inline mark_lock()
{
	atomic {
		if
		:: lock.owner == me ->
			lock.owner = 0; lock.died = 1;
			if :: lock.waiters -> wake_one(1) :: else fi
		:: else
		fi
	}
}

/* C#: MutexWords.TryTakeIdle, WaitQueue.TryJoin, WaitQueue.TryFindBefore, WaitQueue.PrepareSleep,
 *     WaitQueue.IsLast, MutexWords.MustSleep, MutexCore.TryTake, RobustKeeper.TryTake, MutexWords.Leave */
proctype process(byte me)
{
	byte round, mine, n, i, before, pending;
	bit had, told;

	do
	:: round == ROUNDS -> break
	:: else ->
		round++;
		STEP;
		/* The fast way: one compare-and-swap. */
		atomic {
			if
			:: lock.owner == 0 && !lock.waiters && !lock.died -> lock.owner = me; told = 0; assert(sleeps[1] != 1 && sleeps[2] != 1 && sleeps[3] != 1); goto taken
			:: else
			fi
		};

		/* A place in the queue: claimed with its ticket in one step, then the counter is moved on by whoever comes. */
		do
		:: STEP; n = next;
			STEP;
			atomic {
				if
				:: place[n % RING].owner == 0 && ticket[n % RING] < n -> place[n % RING].owner = me; place[n % RING].waiters = 0; place[n % RING].died = 0; mine = n
#ifndef NO_TICKET
					; ticket[n % RING] = n
#endif
				:: else
				fi
			};
#ifdef NO_TICKET
			STEP;
			if :: mine == n -> ticket[n % RING] = n :: else fi;
#endif
			STEP;
			atomic { if :: next == n -> next++ :: else fi };
			if :: mine != 0 -> break :: else fi
		od;

look:
		if
		:: cancels < CANCELS -> cancels++; leave_place(); goto out
		:: true
		fi;
		/* Who is before me? */
		before = 0; n = mine;
		do
		:: n == mine - RING / 2 -> break
		:: else ->
			n--;
			STEP;
			if :: IS_ACTIVE(n) -> before = n; break :: else fi
		od;

		if
#ifndef NO_CHAIN
		:: before != 0 ->
			STEP;
			atomic { if :: IS_ACTIVE(before) -> place[before % RING].waiters = 1 :: else -> goto look fi };
			STEP;
			/* The kernel compares the word alone: it does not know the ticket. */
			atomic { if :: place[before % RING].owner != 0 && place[before % RING].waiters && !place[before % RING].died -> sleeps[me] = 2 + before % RING :: else fi };
			sleeps[me] == 0;
			goto look
#endif
		:: else ->
			STEP;
			atomic {
				if
				:: lock.owner == 0 -> told = lock.died; lock.owner = me; lock.died = 0;
#ifndef NO_CHAIN
					lock.waiters = 0;
#endif
					skip
				:: else -> lock.waiters = 1
				fi;
				if :: lock.owner == me -> goto first :: else fi
			};
			STEP;
			atomic { if :: lock.owner != 0 && lock.waiters -> sleeps[me] = 1 :: else fi };
			sleeps[me] == 0;
			goto look
		fi;

first:
		/* Mine, and still in the queue. */
		inside[me] = 1;
		assert(inside[1] + inside[2] + inside[3] == 1);
		assert(told == broken); broken = 1;
		leave_place();
		goto leave;
taken:
		inside[me] = 1;
		assert(inside[1] + inside[2] + inside[3] == 1);
		assert(told == broken); broken = 1;
leave:
		STEP;
		atomic {
			inside[me] = 0; broken = 0; had = lock.waiters; lock.owner = 0; pending = 1
#ifdef OPEN
			; lock.waiters = 0
#endif
		};
		STEP;
		if :: had -> atomic { wake_one(1) } :: else fi;
		pending = 0;
out:
		skip
	od;
	goto end;

died:
	/* The kernel goes along the list, on which there are two words at most, in either order; then it looks at the pending one. */
	atomic { inside[me] = 0; n = 0; before = 0; had = 0; told = 0; round = ROUNDS };
	if
	:: mark_place(); mark_lock()
	:: mark_lock(); mark_place()
	fi;
	atomic {
		if
		:: pending == 1 && lock.owner == 0 -> wake_one(1)
		:: pending > 1 && place[pending - 2].owner == 0 -> wake_one(pending)
		:: else
		fi;
		pending = 0; mine = 0; i = 0
	};
end:
	skip
}

init { atomic { run process(1); run process(2);
#if PROCS > 2
	run process(3)
#endif
} }
