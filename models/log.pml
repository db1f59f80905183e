/*
 * The mapped log, with the words of docs/memory-layout.md: two appenders, either of which may die at any step, and a follower that sleeps behind the bell.
 *
 *   appender: exchange word (free: reserved) · move tail · ring · write · exchange word (reserved: published) · ring · acknowledged
 *   follower: look · announce · look · sleep while the bell has that value; reserved and its owner dead: look again, void
 *
 * Checked: what is acknowledged is seen; nobody waits for the dead; when nothing moves any more, nothing published is left that the follower has not seen.
 *
 * spin -a log.pml && cc -O2 -o pan pan.c && ./pan             no assertion fails, no invalid end state
 * spin -a -DNO_LOOK log.pml …                                 without the second look: must fail, as must the following
 * spin -a -DNO_HELP log.pml …                                 who finds the place taken waits for its owner to move the tail
 * spin -a -DNO_EARLY_RING log.pml …                           the bell is rung behind publishing only
 * spin -a -DTWO_STEP_WAKE log.pml …                           the bell is changed, and then the sleeper woken
 * spin -a -DNO_RECHECK log.pml …                              void without looking again behind the owner's death
 */
#define RECORDS 2              /* of each appender */
#define SLOTS   4

#define FREE      0
#define RESERVED  1
#define PUBLISHED 2
#define VOIDED    3

byte word[SLOTS];
byte owner[SLOTS];
byte tail = 0;

byte bell = 0;                  /* odd: somebody has announced himself */
bit asleep = 0;                 /* the follower, in the kernel */

bit dead[2];
byte acknowledged[2];
byte seen[2];
byte at = 0;                    /* where the follower is */

#define MAY_DIE if :: skip :: dead[me] = 1; goto end fi

/* C#: LogControl.Ring */
inline Ring() {
    if
    :: (bell & 1) ->
#ifdef TWO_STEP_WAKE
        bell++;
        MAY_DIE;
        asleep = 0
#else
        d_step { bell++; asleep = 0 }
#endif
    :: !(bell & 1)
    fi
}

/* C#: LogAppender.Append, LogAppender.Fill, LogAppender.Skip */
proctype Appender(byte me)
{
    byte done = 0, t;
    bit mine;

    do
    :: done == RECORDS -> break
    :: done < RECORDS ->
        MAY_DIE;
        t = tail;
        d_step {
            mine = (word[t] == FREE);
            if
            :: mine -> word[t] = RESERVED; owner[t] = me
            :: else
            fi
        }
        MAY_DIE;
#ifdef NO_HELP
        if
        :: mine
        :: !mine -> (tail != t)
        fi;
#endif
        d_step {
            if
            :: tail == t -> tail++
            :: else
            fi
        }
        if
        :: !mine
        :: mine ->
            MAY_DIE;
#ifndef NO_EARLY_RING
            Ring();
            MAY_DIE;
#endif
            d_step { assert(word[t] == RESERVED); word[t] = PUBLISHED }
            MAY_DIE;
            Ring();
            done++;
            acknowledged[me]++
        fi
    od;
end:
    skip
}

/* C#: LogCursor.Look, LogControl.IsAlive, LogSegment.Void, LogFollower.TryAnnounce, LogControl.Announce, LogFollower.Sleep */
proctype Follower()
{
    byte w, heard;

    do
    :: at == SLOTS -> break
    :: at < SLOTS ->
        w = word[at];
        if
        :: w == PUBLISHED -> d_step { seen[owner[at]]++; at++ }
        :: w == VOIDED -> at++
        :: w == RESERVED ->
            if
            :: dead[owner[at]] ->
#ifndef NO_RECHECK
                w = word[at];
#endif
                if
                :: w == RESERVED -> word[at] = VOIDED
                :: else
                fi
            :: !dead[owner[at]]         /* sleeps for a short time, and looks again */
            fi
        :: w == FREE ->
            d_step {
                if
                :: bell & 1
                :: else -> bell++
                fi;
                heard = bell
            }
#ifndef NO_LOOK
            w = word[at];
#endif
            if
            :: w != FREE
            :: w == FREE ->
                d_step {
                    if
                    :: bell == heard -> asleep = 1
                    :: else
                    fi
                }
end_asleep:
                (asleep == 0)
            fi
        fi
    od
}

init
{
    atomic { run Appender(0); run Appender(1); run Follower() }

    /* Nothing moves any more. */
    timeout ->
    do
    :: at == SLOTS -> break
    :: at < SLOTS -> assert(word[at] != PUBLISHED); at++
    od;
    assert(acknowledged[0] <= seen[0] && acknowledged[1] <= seen[1])
}
