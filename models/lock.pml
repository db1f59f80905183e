/*
 * The lock that may be one thread's own for a while (BiasedLock), with the words of the code. Each thread enters it some times, now and then again while it is inside; who leaves it the ordinary way may
 * become its owner; each may be interrupted between any two steps, for as long as it takes others to take the lock back, to own it, and to have it taken back again.
 *
 *   owner: find it one's own · "inside" · look whether it still is one's own, no fence between · ... · give it back if wanted · not "inside"
 *   taker: the ordinary lock · "wanted" · wait a while · nobody's · barrier in all threads · wait until the owner is not "inside"
 *
 * Checked: never are two threads inside, and nobody waits for ever; nor does who enters again while the lock is being taken from him.
 * Every store waits in the buffer of its thread, in order, until the processor pleases or a fence empties it; a thread sees its own stores at once, others see them when they are out of the buffer.
 *
 * spin -a lock.pml && cc -O2 -o pan pan.c && ./pan            no assertion fails, no invalid end state
 * spin -a -DNO_BARRIER lock.pml …                             the taker fences for itself alone: must fail
 * spin -a -DSHARED lock.pml …                                 one word "inside" for all owners, instead of one for each ownership: must fail
 * spin -a -DNO_SECOND_LOOK lock.pml …                         the owner does not look again once he has said that he is inside: must fail
 * spin -a -DNO_RETURN lock.pml …                              who is inside and has the lock taken from him enters again the ordinary way: must fail
 */
#define THREADS    3
#define ENTRIES    (2 - me / 2) /* of a thread: the third comes once */
#define OWNERSHIPS 2            /* that there are at all */
#define BUFFER     3            /* stores that a processor holds back */

#define NONE 0                  /* no ownership: they are numbered from 1 */

#define OWNER      0
#define TAKEN_BACK 1
#define WANTED     2
#define LOCK       3            /* the ordinary lock: 1 + the thread that has it */
#ifdef SHARED
#define INSIDE(ownership) 4
#else
#define INSIDE(ownership) (3 + ownership)
#endif
#define WORDS (4 + OWNERSHIPS)

byte memory[WORDS];

byte where[THREADS * BUFFER];   /* the stores that wait in the buffers, the oldest first */
byte what[THREADS * BUFFER];
byte stores[THREADS];           /* how many */

byte threadOf[OWNERSHIPS + 1];  /* an ownership is its thread's: it never changes */
byte depthOf[OWNERSHIPS + 1];   /* written and used by that thread alone: in the code one word with "inside", of which the others ask only whether it is zero */
byte made = 0;

byte inside = 0;                /* not in the code: 1 + the thread that is inside */

/* The oldest store of a thread reaches the memory. */
inline reach(thread, i)
{
    memory[where[thread * BUFFER]] = what[thread * BUFFER];
    stores[thread] = stores[thread] - 1;
    i = 0;
    do
    :: i < stores[thread] ->
        where[thread * BUFFER + i] = where[thread * BUFFER + i + 1];
        what[thread * BUFFER + i] = what[thread * BUFFER + i + 1];
        i++
    :: else -> break
    od;
    where[thread * BUFFER + i] = 0;
    what[thread * BUFFER + i] = 0;
    i = 0
}

active proctype Processors()
{
    byte i;
end:
    do
    :: d_step { stores[0] > 0 -> reach(0, i) }
    :: d_step { stores[1] > 0 -> reach(1, i) }
    :: d_step { stores[2] > 0 -> reach(2, i) }
    od
}

inline store(place, value)
{
    d_step
    {
        stores[me] < BUFFER ->
        where[me * BUFFER + stores[me]] = place;
        what[me * BUFFER + stores[me]] = value;
        stores[me] = stores[me] + 1
    }
}

inline load(into, place)
{
    d_step
    {
        into = memory[place];
        i = 0;
        do
        :: i < stores[me] ->
            if
            :: where[me * BUFFER + i] == place -> into = what[me * BUFFER + i]
            :: else
            fi;
            i++
        :: else -> break
        od;
        i = 0
    }
}

inline fence(thread)
{
    do
    :: stores[thread] > 0 -> reach(thread, i)
    :: else -> break
    od
}

/* In the code: Hold, TryEnterOwn, EnterOther. What it returns: the ownership by which it was entered, or NONE. */
/* C#: BiasedLock.Hold, BiasedLock.TryEnterOwn */
inline hold(own)
{
    load(own, OWNER);
    if
    :: own != NONE && threadOf[own] == me && depthOf[own] > 0 -> depthOf[own]++
    :: own != NONE && threadOf[own] == me && depthOf[own] == 0 ->
        store(INSIDE(own), 1);
#ifndef NO_SECOND_LOOK
        load(seen, OWNER);
        if
        :: seen == own -> depthOf[own] = 1
        :: else ->
            store(INSIDE(own), 0);
            enterOther(own)
        fi;
        seen = 0
#else
        depthOf[own] = 1
#endif
    :: else -> enterOther(own)
    fi
}

/* C#: BiasedLock.EnterOther */
inline enterOther(own)
{
    load(own, TAKEN_BACK);
    if
#ifndef NO_RETURN
    :: own != NONE && depthOf[own] > 0 && threadOf[own] == me -> depthOf[own]++
#endif
    :: else ->
        if
        :: locks == 0 -> atomic { stores[me] == 0 && memory[LOCK] == 0 -> memory[LOCK] = me + 1 }
        :: else
        fi;
        locks++;
        load(own, OWNER);
        if
        :: own != NONE && threadOf[own] != me -> takeBack(own)
        :: else
        fi;
        own = NONE
    fi
}

/* C#: BiasedLock.TakeBack */
inline takeBack(own)
{
    store(TAKEN_BACK, own);
    store(WANTED, 1);
    if
    :: memory[OWNER] == NONE                           /* the owner is quick */
    :: skip                                            /* or not */
    fi;
    load(seen, OWNER);
    if
    :: seen != NONE ->
        store(OWNER, NONE);
#ifndef NO_BARRIER
        d_step { fence(0); fence(1); fence(2); i = 0 }
#else
        d_step { fence(me); i = 0 }
#endif
    :: else
    fi;
    seen = 0;
    memory[INSIDE(own)] == 0;                          /* acquire of the owner's leaving */
    store(TAKEN_BACK, NONE);
    store(WANTED, 0)
}

/* In the code: Leave, LeaveOther. */
/* C#: BiasedLock.Leave, BiasedLock.LeaveOther */
inline leave(own)
{
    if
    :: own != NONE ->
        depthOf[own] = depthOf[own] - 1;
        if
        :: depthOf[own] == 0 ->
            load(seen, WANTED);
            if
            :: seen == 1 -> store(OWNER, NONE)
            :: else
            fi;
            seen = 0;
            store(INSIDE(own), 0)                      /* release */
        :: else
        fi
    :: else ->
        if
        :: d_step { made < OWNERSHIPS -> made++; threadOf[made] = me; own = made };  /* has had it often enough in a row */
            store(OWNER, own);
            own = NONE
        :: skip
        fi;
        locks--;
        if
        :: locks == 0 -> store(LOCK, 0)                /* release */
        :: else
        fi
    fi;
    own = NONE
}

proctype Thread(byte me)
{
    byte entries = 0;
    byte locks = 0;             /* how many times it has the ordinary lock */
    byte outer = NONE;
    byte inner = NONE;
    byte seen = 0;
    byte i = 0;

    do
    :: entries == ENTRIES -> break
    :: entries < ENTRIES ->
        entries++;
        hold(outer);
        d_step { assert(inside == 0); inside = me + 1 };
        if
        :: hold(inner);                                /* again, while it is inside */
            assert(inside == me + 1);
            leave(inner)
        :: skip
        fi;
        d_step { assert(inside == me + 1); inside = 0 };
        leave(outer)
    od
}

init { atomic { run Thread(0); run Thread(1); run Thread(2) } }
