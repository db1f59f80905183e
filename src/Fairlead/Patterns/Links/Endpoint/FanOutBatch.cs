using System.Diagnostics;
using Fairlead.Patterns.Links.Output;
using Fairlead.Patterns.Links.Shared;

namespace Fairlead.Patterns.Links.Endpoint;

/// <summary>Writes the output of messages for many peers, in batches while the messages are a stream.</summary>
/// <remarks>
/// <para>
/// Each peer gets one message in the time in which all are given theirs, and waking a peer costs as much as a hundred messages. The more
/// peers share the processors, the longer a batch accumulates, up to <see cref="LinkOutput.BatchBytes"/>. The publishing thread writes the
/// batches, so no other thread takes the send locks meanwhile. When it pauses, the <see cref="Flusher"/> writes the rest at its second
/// visit.
/// </para>
/// <para>
/// Owns whether the flusher visits, and when the batches are due. <see cref="LinkTable.NoteDeferred"/> is a full fence between a link's
/// deferral and the check of <c>_isVisited</c>. Its counterpart is in <see cref="OnRound"/>. So the flusher sees the deferral, or the
/// publishing thread sees that the flusher no longer visits.
/// </para>
/// </remarks>
internal sealed class FanOutBatch(EndpointContext endpoint, LinkTable table) : IDeferredOutput
{
    private static readonly long ShortestSpan = Stopwatch.Frequency / 3_333;
    private static readonly long LongestSpan = Stopwatch.Frequency / 200;

    /// <summary>The time for each peer. Waking one costs about a twentieth of it on a processor, all processes together.</summary>
    private static readonly long SpanOfPeer = Stopwatch.Frequency / 1_666 / Environment.ProcessorCount;

    private FanOut _stream;
    private long _end;
    private long _due;
    private int _isVisited;

    // Used by the flusher's thread only.
    private long _seenEnd;

    private long Span => Math.Clamp(table.Count * SpanOfPeer, ShortestSpan, LongestSpan);

    /// <summary>Notes that a message is about to be given to all links, and returns whether it belongs to a stream.</summary>
    public bool Begin() => _stream.Begin();

    /// <summary>Notes that all links have been given the message. Called after an exception, too.</summary>
    public void End()
    {
        long now = _stream.End();
        if (!table.HasDeferred || endpoint.Settings.WriteMode != WriteMode.Balanced)
        {
            return;
        }

        Volatile.Write(ref _end, now);
        if (Interlocked.CompareExchange(ref _isVisited, 1, 0) == 0)
        {
            Volatile.Write(ref _due, now + Span);
            if (!Flusher.TryAdd(this))
            {
                StopVisits();
            }
        }
        else if (now >= Volatile.Read(ref _due))
        {
            Volatile.Write(ref _due, now + Span);
            table.FlushDeferred();
        }
    }

    /// <summary>Writes what a publishing thread left when it paused.</summary>
    public void OnRound()
    {
        long end = Volatile.Read(ref _end);
        if (end != _seenEnd)
        {
            _seenEnd = end;
            if (Flusher.TryAdd(this))
            {
                return;
            }
        }

        StopVisits();
    }

    private void StopVisits()
    {
        Interlocked.Exchange(ref _isVisited, 0);
        table.FlushDeferred();
    }
}
