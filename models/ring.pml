/*
 * The ring of shm:// and its protocol of sleeping and waking, with the words of docs/memory-layout.md: one writer, one reader, each of whom may die at any step.
 *
 *   writer: write record · publish tail · fence · look at "reader", take it, wake
 *   reader: announce in "reader" · fence · look at tail again · sleep        (and the same the other way round for room)
 *
 * Checked: no message is lost, doubled or out of order; nobody sleeps for ever while there is something for him (or his peer has died).
 * Memory is sequentially consistent here: that is what the full fence between the two steps on each side gives, and the argument in docs/design/shared-memory.md rests on nothing else.
 *
 * spin -a ring.pml && cc -O2 -o pan pan.c && ./pan            no assertion fails, no invalid end state
 * spin -a -DNO_LOOK ring.pml …                                the same without looking again: must fail
 */
#define SIZE     2              /* records that the ring holds */
#define MESSAGES 5

#define AWAKE  0
#define ASLEEP 1

byte slot[SIZE];
byte tail = 0;                  /* written by the writer */
byte head = 0;                  /* written by the reader */
byte reader = AWAKE;
byte writer = AWAKE;

bit readerBell = 0;             /* the doorbell's socket: a bell rung is never lost, two are one */
bit writerBell = 0;
bit writerDead = 0;             /* the end of the socket: told by the kernel */
bit readerDead = 0;

active proctype Writer()
{
    byte next = 0;
    byte seen;

    do
    :: next == MESSAGES -> break
    :: next < MESSAGES ->
        if
        :: goto dead                                   /* dies */
        :: skip
        fi;
        do
        :: tail - head < SIZE -> break                 /* acquire of head */
        :: tail - head >= SIZE ->
            writer = ASLEEP;                           /* announce */
#ifndef NO_LOOK
            if                                         /* full fence, look again */
            :: tail - head < SIZE -> writer = AWAKE; break
            :: else
            fi;
#endif
            if
            :: (writerBell || readerDead) ->
                writerBell = 0; writer = AWAKE;
                if
                :: readerDead -> goto gone
                :: else
                fi
            fi
        od;
        slot[tail % SIZE] = next;                      /* write record */
        if
        :: goto dead                                   /* dies between the record and its publication */
        :: skip
        fi;
        tail++;                                        /* release */
        next++;
        if
        :: goto dead                                   /* dies before waking */
        :: skip
        fi;
        if                                             /* full fence, look at the sleeper */
        :: reader == ASLEEP ->
            atomic { seen = reader; reader = AWAKE };  /* exchange */
            if
            :: seen == ASLEEP -> readerBell = 1
            :: else
            fi
        :: else
        fi
    od;
dead:
    writerDead = 1;
gone:
    skip
}

active proctype Reader()
{
    byte expected = 0;
    byte seen;

    do
    :: expected == MESSAGES -> break
    :: expected < MESSAGES ->
        if
        :: goto dead
        :: skip
        fi;
        if
        :: tail != head ->                             /* acquire of tail */
            assert(tail - head <= SIZE);
            assert(slot[head % SIZE] == expected);     /* whole, in order, not twice */
            expected++;
            head++;                                    /* release: given back */
            if
            :: goto dead
            :: skip
            fi;
            if                                         /* full fence, look at the sleeper */
            :: writer == ASLEEP ->
                atomic { seen = writer; writer = AWAKE };
                if
                :: seen == ASLEEP -> writerBell = 1
                :: else
                fi
            :: else
            fi
        :: else ->
            reader = ASLEEP;                           /* announce */
#ifndef NO_LOOK
            if                                         /* full fence, look again */
            :: tail != head -> reader = AWAKE; goto again
            :: else
            fi;
#endif
            if
            :: (readerBell || writerDead) ->
                readerBell = 0; reader = AWAKE;
                if
                :: writerDead && tail == head -> goto gone  /* all that was published has been read */
                :: else
                fi
            fi;
again:
            skip
        fi
    od;
dead:
    readerDead = 1;
gone:
    skip
}
