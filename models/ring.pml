/*
 * The ring of shm:// and its protocol of sleeping and waking, with the words of docs/memory-layout.md: one writer, one reader, each of whom may die at any step.
 *
 *   writer: write record · publish tail · fence, or none · look at "reader", take it, wake
 *   reader: announce in "reader" · fence, in both processes where the writer has said that it makes none · look at tail again · sleep        (and the same the other way round for room)
 *
 * Checked: no message is lost, doubled or out of order; nobody sleeps for ever while there is something for him (or his peer has died).
 * Of what processors reorder, the model has what the protocol is about: a store that waits in its processor's buffer while later loads go ahead. What is published lies in such a buffer (tailOf, headOf)
 * with what is said behind it (tailSaid, headSaid) until the processor pleases, or a fence empties it, its own or the other side's. All else is sequentially consistent; records before their position, and positions before what is said of them, since those are releases.
 *
 * spin -a ring.pml && cc -O2 -o pan pan.c && ./pan            no assertion fails, no invalid end state
 * spin -a -DNO_LOOK ring.pml …                                the same without looking again: must fail
 * spin -a -DNO_REMOTE_FENCE ring.pml …                        nobody fences for who has said that it does not: must fail
 * spin -a -DNO_LAST_FENCE ring.pml …                          who leaves the fence out from now on leaves it out at once: must fail
 */
#define SIZE     2              /* records that the ring holds */
#define MESSAGES 4

#define AWAKE  0
#define ASLEEP 1

byte slot[SIZE];
byte tail = 0;                  /* written by the writer: what the reader sees of tailOf */
byte head = 0;                  /* written by the reader: what the writer sees of headOf */
byte tailOf = 0;
byte headOf = 0;
bit tailUnfenced = 0;           /* said by the writer: what the reader sees of tailSaid */
bit headUnfenced = 0;           /* said by the reader */
bit tailSaid = 0;
bit headSaid = 0;
byte reader = AWAKE;
byte writer = AWAKE;

bit readerBell = 0;             /* the doorbell's socket: a bell rung is never lost, two are one */
bit writerBell = 0;
bit writerDead = 0;             /* the end of the socket: told by the kernel */
bit readerDead = 0;
bit writerGone = 0;
bit readerGone = 0;

/* The processors empty their buffers when they please, at last when the process has ended. */
active proctype Processors()
{
endnever:
    do
    :: tail != tailOf -> tail = tailOf
    :: tail == tailOf && tailUnfenced != tailSaid -> tailUnfenced = tailSaid
    :: head != headOf -> head = headOf
    :: head == headOf && headUnfenced != headSaid -> headUnfenced = headSaid
    :: writerGone && readerGone && tail == tailOf && head == headOf -> break
    od
}

inline emptyWriters() { atomic { tail = tailOf; tailUnfenced = tailSaid } }
inline emptyReaders() { atomic { head = headOf; headUnfenced = headSaid } }

/* By the writer behind a publication. */
/* C#: FenceElision.Fence */
inline fenceTail()
{
    if
    :: tailSaid                                        /* left out */
    :: !tailSaid -> emptyWriters()
    :: !tailSaid ->
        tailSaid = 1;                                  /* said ... */
#ifndef NO_LAST_FENCE
        emptyWriters()                                 /* ... and one last fence */
#endif
    fi
}

/* C#: FenceElision.Fence */
inline fenceHead()
{
    if
    :: headSaid
    :: !headSaid -> emptyReaders()
    :: !headSaid ->
        headSaid = 1;
        emptyReaders()
    fi
}

/* C#: RingWriter.TryWrite, RingWriter.HasRoom, RingWriter.Room,
 *     RingWriter.PrepareWait, FenceElision.FenceForSleep, RingWriter.Publish, RingWriter.WakeReader */
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
        :: tailOf - head < SIZE -> break               /* acquire of head */
        :: tailOf - head >= SIZE ->
            writer = ASLEEP;                           /* announce */
            emptyWriters();                       /* full fence */
#ifndef NO_REMOTE_FENCE
            if
            :: headUnfenced -> emptyReaders()     /* in the other process, too */
            :: else
            fi;
#endif
#ifndef NO_LOOK
            if                                         /* look again */
            :: tailOf - head < SIZE -> writer = AWAKE; break
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
        slot[tailOf % SIZE] = next;                    /* write record */
        if
        :: goto dead                                   /* dies between the record and its publication */
        :: skip
        fi;
        tailOf++;                                      /* release */
        next++;
        if
        :: goto dead                                   /* dies before waking */
        :: skip
        fi;
        fenceTail();
        if                                             /* look at the sleeper */
        :: reader == ASLEEP ->
            tailSaid = 0;                              /* from here on with a fence */
            atomic { seen = reader; reader = AWAKE; tail = tailOf; tailUnfenced = tailSaid };   /* exchange, a full fence */
            if
            :: seen == ASLEEP -> readerBell = 1
            :: else
            fi
        :: else
        fi
    od;
dead:
    emptyWriters();
    writerDead = 1;
gone:
    writerGone = 1
}

/* C#: RingReader.See, RingReader.TryRead, RingReader.PrepareWait,
 *     RingReader.Announce, FenceElision.FenceForSleep, RingReader.GiveBack, RingReader.MoveHead */
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
        :: tail != headOf ->                           /* acquire of tail */
            assert(tail - headOf <= SIZE);
            assert(slot[headOf % SIZE] == expected);   /* whole, in order, not twice */
            expected++;
            headOf++;                                  /* release: given back */
            if
            :: goto dead
            :: skip
            fi;
            fenceHead();
            if                                         /* look at the sleeper */
            :: writer == ASLEEP ->
                headSaid = 0;
                atomic { seen = writer; writer = AWAKE; head = headOf; headUnfenced = headSaid };
                if
                :: seen == ASLEEP -> writerBell = 1
                :: else
                fi
            :: else
            fi
        :: else ->
            reader = ASLEEP;                           /* announce */
            emptyReaders();                       /* full fence */
#ifndef NO_REMOTE_FENCE
            if
            :: tailUnfenced -> emptyWriters()     /* in the other process, too */
            :: else
            fi;
#endif
#ifndef NO_LOOK
            if                                         /* look again */
            :: tail != headOf -> reader = AWAKE; goto again
            :: else
            fi;
#endif
            if
            :: (readerBell || writerDead) ->
                readerBell = 0; reader = AWAKE;
                if
                :: writerDead && tail == headOf -> goto gone  /* all that was published has been read */
                :: else
                fi
            fi;
again:
            skip
        fi
    od;
dead:
    emptyReaders();
    readerDead = 1;
gone:
    readerGone = 1
}
