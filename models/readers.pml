/*
 * The reader-writer lock between processes: a gate, and a seat for each reader. The gate is a mutex, taken for granted (mutex.pml): one step to take, one to leave, and it comes back when its owner dies. A writer is inside it while he writes. A reader
 * takes a seat where he finds the gate idle, and looks at the gate once more; else he takes it inside the gate. A writer in the gate says that he waits, looks at the bell, then at the seats, whose owners he has watched, and sleeps on the bell. Who leaves a
 * seat rings where somebody waits. Each process may die before each of its steps: the kernel marks what it owns, and then tells those who watch it.
 *
 *   (the algorithm)
 *   NO_LOOK     must fail      a reader does not look at the gate again
 *   NO_WATCH    must fail      the owners of seats are not watched
 *   LATE_WATCH  must fail      the owners are watched who are found at another look than the one that said to wait
 *   NO_WANT     must fail      a writer looks at the seats first, and says then that he waits
 *   NO_RETURN   must fail      a reader who gives his seat back does not ring
 *   NO_WRITING  must fail      whoever dies in the gate without having written is taken for a writer
 */
#define DEATHS 1

byte gate;              /* owner */
bit after_death;        /* the gate's last owner has died */
byte seat[3];           /* owner, of readers 1 and 2 each his own */
byte bell;
bit wanted;
bit writing;
bit in_doubt;
bit half;               /* what is guarded is half written */
bit has_died_writing;
byte reads;
byte writes;
bit asleep;             /* who waits in the gate */
byte watched;           /* whose ends wake him: a bit each */
byte ended;             /* whose ends have been told: a bit each */
byte deaths;

#define STEP if :: true :: atomic { deaths < DEATHS -> deaths++ }; goto died fi

/* C#: ReaderWriterWords.Ring */
inline ring()
{
	STEP;
	if
	:: wanted -> STEP; atomic { bell++; asleep = 0 }
	:: else
	fi
}

/* C#: ReaderWriterCore.TakeOver, ReaderWriterWords.NoteDeath */
inline take_gate()
{
	STEP;
	atomic { gate == 0 -> gate = me };
	if
	:: after_death ->
		STEP;
#ifdef NO_WRITING
		in_doubt = 1;
#endif
		if :: writing -> in_doubt = 1; STEP; writing = 0 :: else fi;
		STEP;
		after_death = 0
	:: else
	fi
}

/* C#: ReaderWriterCore.TryReadIdle, ReaderWriterCore.TryTakeSlot, ReaderWriterCore.LeaveSlot */
proctype reader(byte me)
{
	bit has_read;

	STEP;
	if
	:: gate == 0 && !after_death ->
		STEP;
		seat[me] = me;
		STEP;
#ifdef NO_LOOK
		goto read;
#endif
		if
		:: gate == 0 && !after_death -> goto read
		:: else
		fi;
		STEP;
		seat[me] = 0;
#ifndef NO_RETURN
		ring()
#endif
	:: else
	fi;
	take_gate();
	STEP;
	seat[me] = me;
	STEP;
	gate = 0;
read:
	atomic { reads++; has_read = 1; assert(writes == 0); assert(!half || in_doubt); assert(!in_doubt || has_died_writing) };
	STEP;
	atomic { reads--; has_read = 0 };
	STEP;
	seat[me] = 0;
	ring();
	goto end;
died:
	if :: has_read -> reads-- :: else fi;
	atomic { if :: gate == me -> gate = 0; after_death = 1 :: else fi };
	atomic { if :: seat[me] == me -> seat[me] = 0 :: else fi };
	atomic { ended = ended | (1 << me); if :: watched & (1 << me) -> asleep = 0 :: else fi };
end:
	skip
}

/* C#: ReaderWriterAttempt.TryBegin, ReaderWriterWords.Want, ReaderWriterWords.WantNoMore,
 *     ReaderWriterCore.IsWithoutReaders, ReaderWriterAttempt.AreWatched, ReaderWriterCore.Write, ReaderWriterCore.Leave */
proctype writer(byte me)
{
	byte seen, found, was;
	bit has_written, began;

	take_gate();
	watched = 0;
#ifndef NO_WANT
	STEP;
	wanted = 1;
#endif
look:
	STEP;
	atomic { seen = bell; was = ended; found = 0 };
	STEP;
	if :: seat[1] != 0 -> found = found | 2 :: else fi;
	STEP;
	if :: seat[2] != 0 -> found = found | 4 :: else fi;
	if
	:: found == 0 -> goto write
	:: else
	fi;
#ifdef LATE_WATCH
	STEP;
	found = 0;
	if :: seat[1] != 0 -> found = found | 2 :: else fi;
	if :: seat[2] != 0 -> found = found | 4 :: else fi;
#endif
#ifndef NO_WATCH
	watched = found;
#endif
#ifdef NO_WANT
	STEP;
	wanted = 1;
#endif
	STEP;
	atomic { if :: bell == seen && (ended & watched) == (was & watched) -> asleep = 1 :: else fi };
end_asleep:
	asleep == 0;
	goto look;
write:
	STEP;
	wanted = 0;
	STEP;
	atomic { writing = 1; began = 1 };
	STEP;
	atomic { writes++; has_written = 1; assert(reads == 0 && writes == 1); assert(!half || in_doubt); half = 1 };
	STEP;
	atomic { writes--; has_written = 0; half = 0; in_doubt = 0 };
	STEP;
	atomic { writing = 0; began = 0 };
	STEP;
	gate = 0;
	goto end;
died:
	atomic {
		if :: has_written -> writes-- :: else fi;
		if :: began -> has_died_writing = 1 :: else fi;
		if :: gate == me -> gate = 0; asleep = 0; after_death = 1 :: else fi;
		ended = ended | (1 << me)
	};
end:
	skip
}

/* When nobody can go on, nobody waits who should not. */
proctype judge()
{
	timeout -> assert(asleep == 0 && gate == 0)
}

init { atomic { run reader(1); run reader(2); run writer(3); run writer(4); run judge() } }
