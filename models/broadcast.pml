/*
 * The broadcast ring of shm:// and one subscriber, with the words of docs/memory-layout.md: a publisher that writes each message either into the broadcast ring or, where the subscriber does not
 * sit, into its connection, and waits for nobody; a subscriber that may be passed at any step. Either may die at any step.
 *
 *   publisher: room? else Leave (with what was not read once more) · floor · write record · tail
 *   subscriber: tail · copy record · look at floor: passed? throw it away, wait for Leave · read
 *
 * Checked: no message is lost, doubled or out of order; what is taken is whole; the subscriber ends up with all messages, or somebody has died.
 *
 * spin -a broadcast.pml && cc -O2 -o pan pan.c && ./pan       no assertion fails, no invalid end state
 * spin -a -DNO_FLOOR broadcast.pml …                          without looking at the floor behind the copy: must fail, as must the following
 * spin -a -DFLOOR_LATE broadcast.pml …                        the floor is said behind the overwriting
 * spin -a -DNO_LEFT broadcast.pml …                           it is let sit again before it knows that it has left
 * spin -a -DNO_REPEAT broadcast.pml …                         what it has not read is not sent once more
 * spin -a -DNO_SKIP broadcast.pml …                           what was repeated and had been read is taken twice
 */
#define SIZE     2              /* records that the broadcast ring holds */
#define MESSAGES 4
#define OTHERS   1              /* records for others */
#define LEAVES   1              /* times that it is made to leave though nothing is in the way */
#define LINE     9             /* frames that the connection holds: enough, since credit bounds them */

#define SIT      101
#define LEAVE    102

byte slot[SIZE];                /* numbers of messages; 255: being written */
bit  forMe[SIZE];
byte tail = 0;
byte floor = 0;

byte read = 0;                  /* in the subscriber's page */
byte hasLeft = 0;

chan line = [LINE] of { byte, byte, byte };     /* the connection: kind or message, and what Sit and Leave say */
bit publisherDead = 0;
bit subscriberDead = 0;

/* C#: BroadcastRing.Publish, BroadcastRing.TryTakeSlot, BroadcastRing.TryMoveFloor, BroadcastRing.Write */
active proctype Publisher()
{
    byte next = 0;
    byte sat = 0;                /* where it sat down */
    byte at, sent = 0, repeated, leaves = 0, others = 0, freely = 0;
    bit sitting = 0;

    do
    :: next == MESSAGES -> break
    :: next < MESSAGES ->
        if
        :: goto dead
        :: skip
        fi;

        if                                             /* sits down where it has caught up, or not yet */
#ifdef NO_LEFT
        :: !sitting ->
#else
        :: !sitting && hasLeft == leaves ->
#endif
            sitting = 1; sat = tail; sent = 0;
            line ! SIT, tail, 0
        :: skip
        fi;

        if
        :: sitting ->
            if                                         /* in the way, or without credit, which may be at any time */
            :: tail - (read > sat -> read : sat) >= SIZE -> goto leave
            :: tail - (read > sat -> read : sat) < SIZE ->
                if
                :: freely < LEAVES -> freely++; goto leave
                :: skip
                fi
            fi;
#ifndef FLOOR_LATE
            if
            :: tail + 1 - floor > SIZE -> floor = tail + 1 - SIZE      /* store barrier */
            :: else
            fi;
#endif
            slot[tail % SIZE] = 255;                   /* half of it */
            forMe[tail % SIZE] = 1;
            slot[tail % SIZE] = next;
#ifdef FLOOR_LATE
            if
            :: tail + 1 - floor > SIZE -> floor = tail + 1 - SIZE
            :: else
            fi;
#endif
            if
            :: goto dead                               /* between the record and its publication */
            :: skip
            fi;
            tail++;                                    /* release */
            sent++;
            next++
        :: !sitting ->
            if
            :: line ! next, 0, 0; next++
            :: others < OTHERS ->                      /* something for others goes by */
#ifndef FLOOR_LATE
                if
                :: tail + 1 - floor > SIZE -> floor = tail + 1 - SIZE
                :: else
                fi;
#endif
                slot[tail % SIZE] = 255;
                forMe[tail % SIZE] = 0;
#ifdef FLOOR_LATE
                if
                :: tail + 1 - floor > SIZE -> floor = tail + 1 - SIZE
                :: else
                fi;
#endif
                tail++;
                others++
            fi
        fi;
        goto again;
leave:
        sitting = 0; leaves++;
        at = (read > sat -> read : sat);
        repeated = tail - at;
#ifdef NO_REPEAT
        repeated = 0;
#endif
        line ! LEAVE, sent, repeated;
        do
        :: repeated == 0 -> break
        :: repeated > 0 ->
            if
            :: goto dead                               /* in the middle of it */
            :: skip
            fi;
            line ! slot[(tail - repeated) % SIZE], 0, 0;
            repeated--
        od;
again:
        skip
    od;
dead:
    publisherDead = 1
}

/* C#: BroadcastReader.TryRead, BroadcastReader.IsStillThere, BroadcastReader.PublishRead,
 *     BroadcastReader.Sit, BroadcastReader.Leave, BroadcastReader.IsRepeated */
active proctype Subscriber()
{
    byte expected = 0;
    byte at = 0, taken = 0, skips = 0, copy, kind, a, b;
    bit sitting = 0, passed = 0, mine;

    do
    :: expected == MESSAGES -> break
    :: expected < MESSAGES ->
        if
        :: goto dead
        :: skip
        fi;
        if
        :: sitting && !passed && tail != at ->         /* acquire of tail */
            mine = forMe[at % SIZE];
            copy = slot[at % SIZE];                    /* load barrier */
#ifndef NO_FLOOR
            if
            :: floor > at -> passed = 1; goto again
            :: else
            fi;
#endif
            if
            :: mine ->
                assert(copy == expected);              /* whole, in order, not twice */
                expected++;
                taken++
            :: else
            fi;
            at++;
            read = at                                  /* release */
        :: nempty(line) ->
            line ? kind, a, b;
            if
            :: kind == SIT ->
                assert(!sitting && skips == 0);
                sitting = 1; passed = 0; at = a; taken = 0
            :: kind == LEAVE ->
                assert(sitting && taken <= a && taken + b >= a);       /* else Corrupt would be said of what is in order */
                sitting = 0;
                skips = taken + b - a;
                hasLeft++
            :: kind < SIT ->
                assert(!sitting);
                if
#ifndef NO_SKIP
                :: skips > 0 -> skips--
                :: skips == 0 ->
#else
                :: true ->
#endif
                    assert(kind == expected);
                    expected++
                fi
            fi
        :: empty(line) && publisherDead && empty(line) && (!sitting || passed || tail == at) -> goto gone
        fi;
again:
        skip
    od;
dead:
    subscriberDead = 1;
gone:
    skip
}
