/*
 * The shared cell, with the words of docs/memory-layout.md: one writer that may die at any step, its successor, and a reader that takes no lock.
 *
 *   writer: begun = n · store barrier · value into slot n mod SLOTS · done = n
 *   reader: n = done · copy slot n mod SLOTS · load barrier · look at "begun": good if it is less than SLOTS ahead of n
 *
 * A value is two words, which the writer stores and the reader loads in any order: that is all that the orders of release and acquire leave open. Without a barrier (NO_STORE_BARRIER,
 * NO_LOAD_BARRIER) the word next to it may be passed as well. SLOTS is 2 here, the hardest case; the cell has 4.
 *
 * Checked: what is read is whole, is the value of the version that it is said to have, and does not go back; a reader that has to try again finds a newer version; a dead writer holds nobody up.
 *
 * spin -a cell.pml && cc -O2 -o pan pan.c && ./pan             no assertion fails, no invalid end state
 * spin -a -DNO_LOOK cell.pml …                                 without looking at "begun": must fail, as must the following
 * spin -a -DNO_STORE_BARRIER cell.pml …                        the value may go ahead of "begun"
 * spin -a -DNO_LOAD_BARRIER cell.pml …                         the look may go ahead of the copy
 * spin -a -DDONE_FIRST cell.pml …                              the number is published before the value
 */
#ifndef SLOTS
#define SLOTS 2
#endif
#define WRITES 5
#define READS  2

byte begun = 0;
byte done = 0;
byte low[SLOTS];
byte high[SLOTS];

/* C#: CellWords.Slot */
inline store_value(n)
{
    if
    :: low[n % SLOTS] = n; died(); high[n % SLOTS] = n
    :: high[n % SLOTS] = n; died(); low[n % SLOTS] = n
    fi
}

inline died()
{
    if
    :: deaths == 0 -> deaths = 1; goto dead            /* in the middle of anything, once */
    :: skip
    fi
}

/* C#: CellWords.Settle, CellWords.Write, CellWords.StoreBarrier */
active proctype Writer()
{
    byte n;
    bit deaths = 0;

again:
    do
    :: done == WRITES -> break
    :: done < WRITES ->
        n = done + 1;                                  /* what is whole decides, not what was begun */
        died();
#ifdef NO_STORE_BARRIER
        if
        :: begun = n; store_value(n)
        :: low[n % SLOTS] = n; begun = n; high[n % SLOTS] = n
        :: store_value(n); begun = n
        fi;
#else
        begun = n;                                     /* store barrier */
        died();
#ifdef DONE_FIRST
        done = n;
#endif
        store_value(n);
#endif
        died();
        done = n                                       /* release */
    od;
    goto end;
dead:
    goto again;                                        /* the successor: all that it knows is what lies in the memory */
end:
    skip
}

/* C#: CellWords.TryRead, CellWords.LoadBarrier */
active proctype Reader()
{
    byte n, a, b, seen;
    byte last = 0;
    byte failed = 255;
    byte reads = 0;

    do
    :: reads == READS -> break
    :: reads < READS ->
        n = done;                                      /* acquire */
        assert(failed == 255 || n > failed);           /* else Corrupt would be said of what is in order */
        if
        :: a = low[n % SLOTS]; b = high[n % SLOTS]; seen = begun
        :: b = high[n % SLOTS]; a = low[n % SLOTS]; seen = begun
#ifdef NO_LOAD_BARRIER
        :: a = low[n % SLOTS]; seen = begun; b = high[n % SLOTS]
#endif
        fi;
#ifdef NO_LOOK
        seen = n;
#endif
        if
        :: seen - n >= 0 && seen - n < SLOTS ->
            assert(a == n && b == n);                  /* whole, and of this version */
            assert(n >= last);
            last = n;
            failed = 255;
            reads++
        :: else ->
            failed = n
        fi
    od
}
