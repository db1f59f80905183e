using System.Globalization;
using System.Runtime.InteropServices;
using Fairlead.Memory.Backing;
using Fairlead.Native;
using Fairlead.Native.Memory;
using Fairlead.Native.Processes;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization.Inspection;

/// <summary>A snapshot of a lock at about one moment: a copy of its words. It serves for display only.</summary>
/// <param name="Kind">The kind of lock, for people.</param>
/// <param name="Owners">The owners of the lock, or of a part of it.</param>
/// <param name="Waiting">The waiters, in queue order.</param>
internal sealed partial record LockSnapshot(string Kind, IReadOnlyList<LockParty> Owners, IReadOnlyList<LockParty> Waiting)
{
    /// <summary>The rest of the state, in a word or two.</summary>
    public string? State { get; init; }

    /// <summary>The owners that must leave before any waiter can enter; empty if another process can release a waiter, too.</summary>
    public IReadOnlyList<LockParty> InTheWay { get; init; } = [];

    public IReadOnlyList<LockHolder> Holders => [.. Owners.Select(static party => party.Describe())];

    /// <summary>The first of the owners.</summary>
    public LockHolder? Holder => Owners is [var first, ..] ? first.Describe() : null;

    /// <summary>The first waiter, if its process is stopped: it takes nothing, and all waiters behind it wait for it.</summary>
    public LockHolder? StoppedFirst => Waiting is [var first, ..] && first.Describe() is { IsStopped: true } stopped ? stopped : null;

    public IReadOnlyList<LockHolder> Waiters => [.. Waiting.Select(static party => party.Describe())];

    /// <summary>The maximum size of the words of a lock in bytes; 0 if the content is not a lock.</summary>
    public static int SizeOf(RegionContent content) => content switch
    {
        RegionContent.Mutex => MutexLayout.Size,
        RegionContent.Semaphore => SemaphoreLayout.Size(SemaphoreLayout.MostPermits),
        RegionContent.Event => EventLayout.Size,
        RegionContent.Countdown => CountdownLayout.Size,
        RegionContent.Condition => ConditionLayout.Size,
        RegionContent.ReaderWriterLock => ReaderWriterLayout.Size,
        RegionContent.Barrier => BarrierLayout.Size(BarrierLayout.MostParties),
        _ => 0,
    };

    /// <summary>Creates the error for a caller that did not get the lock in time.</summary>
    /// <param name="what">The event, as a sentence without its full stop.</param>
    /// <param name="holder">The owner of the lock or of a part of it; null: none.</param>
    public FairleadException NotInTime(string what, LockHolder? holder)
    {
        LockHolder? first = StoppedFirst;
        LockHolder? stopped = first ?? (holder is { IsStopped: true } ? holder : null);
        return new FairleadException(
            ErrorCode.Timeout,
            first is null ? what : $"{what}; {first}, is first in the queue, and no other waiter overtakes it",
            stopped is null ? null
                : string.Create(CultureInfo.InvariantCulture, $"Continue it (kill -CONT {stopped.Peer.ProcessId}), or end it."))
        {
            Peer = (holder ?? first)?.Peer,
        };
    }

    /// <summary>Reads the words of a lock; null if there are too few.</summary>
    /// <param name="content">The kind of lock.</param>
    /// <param name="words">The bytes that are available.</param>
    public static LockSnapshot? Of(RegionContent content, ReadOnlySpan<byte> words) => content switch
    {
        RegionContent.Semaphore => OfSemaphore(words),
        RegionContent.Barrier => OfBarrier(words),
        _ when words.Length < SizeOf(content) => null,
        RegionContent.Mutex => OfMutex(words),
        RegionContent.Event => OfEvent(words),
        RegionContent.Countdown => OfCountdown(words),
        RegionContent.Condition => OfCondition(words),
        RegionContent.ReaderWriterLock => OfReaderWriterLock(words),
        _ => throw new ArgumentOutOfRangeException(nameof(content)),
    };

    /// <summary>Reads the words of a mutex.</summary>
    /// <param name="words"><see cref="MutexLayout.Size"/> bytes.</param>
    public static LockSnapshot OfMutex(ReadOnlySpan<byte> words)
    {
        List<LockParty> owners = OwnerIn(words) is { } owner ? [owner] : [];
        return new LockSnapshot("mutex", owners, WaitingIn(words[MutexLayout.WaitQueueAt..])) { InTheWay = owners };
    }

    /// <summary>Reads the words of a condition.</summary>
    /// <param name="words"><see cref="ConditionLayout.Size"/> bytes.</param>
    public static LockSnapshot OfCondition(ReadOnlySpan<byte> words) =>
        new("condition", [], WaitingIn(words[ConditionLayout.WaitQueueAt..]));

    private static LockParty? OwnerIn(ReadOnlySpan<byte> words)
    {
        LockWord word = new(MemoryMarshal.Read<uint>(words[MutexLayout.WordAt..]));
        return word.Owner == 0
            ? null
            : Party(
                word,
                MemoryMarshal.Read<OwnerInfo>(words[MutexLayout.ParticipantAt..]),
                MemoryMarshal.Read<ulong>(words[MutexLayout.EntriesAt..]));
    }

    // If another owner thread wrote the info, the owner has just taken the word and not written its own yet.
    private static LockParty Party(LockWord word, OwnerInfo standing, ulong mark) =>
        new(
            standing.Keeper == word.Owner
                ? standing
                : new OwnerInfo
                {
                    Process = NativeProcess.OfThread((int)word.Owner, RobustKeeper.ThreadName, out _) ?? 0,
                    Since = Clock.Nanoseconds(),
                },
            mark);

    private static List<LockParty> WaitingIn(ReadOnlySpan<byte> line)
    {
        List<LockParty> waiting = [];
        uint last = MemoryMarshal.Read<uint>(line[WaitQueueLayout.TicketsAt..]) + 1;
        for (uint ticket = last - WaitQueueLayout.MostWaiting; ticket != last + 1; ticket++)
        {
            int index = (int)(ticket % WaitQueueLayout.Places);
            ReadOnlySpan<byte> place = line[(WaitQueueLayout.PlacesAt + (index * WaitQueueLayout.PlaceSize))..];
            LockWord word = new(MemoryMarshal.Read<uint>(place[WaitQueueLayout.WordAt..]));
            uint stands = MemoryMarshal.Read<uint>(place[(sizeof(uint) - WaitQueueLayout.WordAt)..]);
            OwnerInfo standing = MemoryMarshal.Read<OwnerInfo>(place[WaitQueueLayout.ParticipantAt..]);
            if (stands == ticket && word.Owner != 0 && standing.Keeper == word.Owner)
            {
                waiting.Add(new LockParty(standing, LockParty.Waits | ticket));
            }
        }

        return waiting;
    }
}
