/*
 * The end of a link. Two ends send to each other, and each may close at any time: it hands nothing out from then on, and says so in a frame behind
 * its last message, which acknowledges what it has handed out. An end that closes is through when all that it sent is acknowledged, or when the
 * other has said its last word as well. One that does not close is through behind the other's last word when its user has taken everything. Either
 * may die at any step; the other reads what was written, and then the end of the connection.
 *
 *   (the algorithm)
 *   EARLY_WORD   must fail   the last word is said before the end has stopped handing out
 *   WAITS_UNREAD must fail   an end that closes, and to which the other has said its last word, waits until its user has taken everything
 *   NO_ACK       must fail   the last word acknowledges nothing
 *   LEAVES_EARLY must fail   an end that does not close leaves before its user has taken everything
 */
#define MESSAGES 2

mtype = { data, ack, last };

/* What was written towards each, with what it acknowledges. What one that has gone wrote is still read. */
chan wire[2] = [8] of { mtype, byte };

byte sent[2];             /* messages */
byte acked[2];            /* of those: as far as this end has heard */
byte received[2];
byte handed[2];           /* of those: to the user */
byte told[2];             /* of those: the other end was told */
bit closing[2];
bit said[2];
bit heard[2];             /* the other's last word */
bit over[2];
bit dead[2];
byte deaths;

#define me n
#define other (1 - n)

inline write(kind)
{
	wire[other]!kind, handed[me];
	told[me] = handed[me]
}

/* C#: LinkSender.Send, Link.BeginClose, Link.OnClose, Link.IsDrained, Link.EndIfPeerClosed, CloseHandshake.Stop, CloseHandshake.Hear */
proctype side(byte n)
{
	byte told_to_me;

	do
	/* It may die at any step, or none does. What it wrote stays. */
	:: atomic { deaths == 0 && !over[me] -> deaths = 1; dead[me] = 1; over[me] = 1; goto gone }

	:: atomic { !closing[me] && !heard[me] && sent[me] < MESSAGES && nfull(wire[other]) -> write(data); sent[me]++ }

#ifdef EARLY_WORD
	:: atomic { received[me] > handed[me] -> handed[me]++ }
#else
	:: atomic { !closing[me] && received[me] > handed[me] -> handed[me]++ }
#endif
	:: atomic { handed[me] != told[me] && nfull(wire[other]) && !said[me] -> write(ack) }

	:: atomic { !closing[me] -> closing[me] = 1 }

#ifdef NO_ACK
	:: atomic { closing[me] && !said[me] && nfull(wire[other]) -> wire[other]!last, 0; said[me] = 1 }
#else
	:: atomic { closing[me] && !said[me] && nfull(wire[other]) -> write(last); said[me] = 1 }
#endif

	:: atomic { wire[me]?data, told_to_me ->
		acked[me] = (told_to_me > acked[me] -> told_to_me : acked[me]); assert(acked[me] <= sent[me]); assert(!heard[me]); received[me]++ }
	:: atomic { wire[me]?ack, told_to_me -> acked[me] = (told_to_me > acked[me] -> told_to_me : acked[me]); assert(acked[me] <= sent[me]) }
	:: atomic { wire[me]?last, told_to_me -> acked[me] = (told_to_me > acked[me] -> told_to_me : acked[me]); heard[me] = 1 }

	/* All of its own is acknowledged: it ends the connection. */
	:: atomic { said[me] && acked[me] == sent[me] -> over[me] = 1; goto gone }

	/* The other has said its last word. */
#ifdef WAITS_UNREAD
	:: atomic { heard[me] && received[me] == handed[me] && told[me] == handed[me] && (!closing[me] || said[me]) -> over[me] = 1; goto gone }
#else
#ifdef LEAVES_EARLY
	:: atomic { heard[me] && (!closing[me] || said[me]) -> over[me] = 1; goto gone }
#else
	:: atomic { heard[me] && (closing[me] || received[me] == handed[me]) && (closing[me] || told[me] == handed[me]) && (!closing[me] || said[me]) -> over[me] = 1; goto gone }
#endif
#endif

	/* The end of the connection, behind all that was written. */
	:: atomic { over[other] && empty(wire[me]) -> over[me] = 1; goto gone }
	od;

gone:
	/* Who has heard the last word of one that closes knows exactly what that has handed out. */
	(over[other] || dead[other]);
	assert(dead[me] || !heard[me] || acked[me] == handed[other]);
#ifndef EARLY_WORD
	/* One that did not close has given its user all that a peer which closed in order had sent before. */
	assert(dead[me] || closing[me] || dead[other] || !heard[me] || handed[me] == sent[other])
#endif
}

init { atomic { if :: deaths = 1 :: skip fi; run side(0); run side(1) } }
