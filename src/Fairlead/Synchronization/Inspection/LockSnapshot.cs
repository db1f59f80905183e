using System.Globalization;
using System.Runtime.InteropServices;
using Fairlead.Memory.Backing;
using Fairlead.Native;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization.Inspection;

/// <summary>A lock as it was at one moment, or nearly: a copy of its words. Nothing in it is trusted further than for telling.</summary>
/// <param name="Kind">For people.</param>
/// <param name="Owners">Who has it, or a part of it.</param>
/// <param name="Waiting">Who waits, in the order of the line.</param>
internal sealed partial record LockSnapshot(string Kind, IReadOnlyList<LockParty> Owners, IReadOnlyList<LockParty> Waiting)
{
    /// <summary>What there is to tell besides: in a word or two.</summary>
    public string? State { get; init; }

    /// <summary>Those who must have left before anybody who waits comes in; empty where somebody else can let him in, too.</summary>
    public IReadOnlyList<LockParty> InTheWay { get; init; } = [];

    public IReadOnlyList<LockHolder> Holders => [.. Owners.Select(static party => party.Describe())];

    /// <summary>The first of those who have it.</summary>
    public LockHolder? Holder => Owners is [var first, ..] ? first.Describe() : null;

    /// <summary>The first of those that wait, where its process is stopped: it takes nothing, and all behind it wait for it.</summary>
    public LockHolder? StoppedFirst => Waiting is [var first, ..] && first.Describe() is { IsStopped: true } stopped ? stopped : null;

    public IReadOnlyList<LockHolder> Waiters => [.. Waiting.Select(static party => party.Describe())];

    /// <summary>How many bytes the words of a lock take at most; 0: it is none.</summary>
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

    /// <summary>The error for a caller that has not got the lock in time.</summary>
    /// <param name="what">What happened, as a sentence without its end.</param>
    /// <param name="holder">Who has it, or a part of it; null: nobody.</param>
    public FairleadException NotInTime(string what, LockHolder? holder)
    {
        LockHolder? first = StoppedFirst;
        LockHolder? stopped = first ?? (holder is { IsStopped: true } ? holder : null);
        return new FairleadException(
            ErrorCode.Timeout,
            first is null ? what : $"{what}; {first} is first in the queue, and no other waiter overtakes it",
            stopped is null ? null
                : string.Create(CultureInfo.InvariantCulture, $"Continue it (kill -CONT {stopped.Peer.ProcessId}), or end it."))
        {
            Peer = (holder ?? first)?.Peer,
        };
    }

    /// <summary>Reads the words of one; null: there are not enough.</summary>
    /// <param name="content">Which kind it is.</param>
    /// <param name="words">As many as there are.</param>
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
    /// <param name="words">As many as <see cref="MutexLayout.Size"/> says.</param>
    public static LockSnapshot OfMutex(ReadOnlySpan<byte> words)
    {
        List<LockParty> owners = OwnerIn(words) is { } owner ? [owner] : [];
        return new LockSnapshot("mutex", owners, WaitingIn(words[MutexLayout.LineAt..])) { InTheWay = owners };
    }

    /// <summary>Reads the words of a condition.</summary>
    /// <param name="words">As many as <see cref="ConditionLayout.Size"/> says.</param>
    public static LockSnapshot OfCondition(ReadOnlySpan<byte> words) => new("condition", [], WaitingIn(words[ConditionLayout.LineAt..]));

    private static LockParty? OwnerIn(ReadOnlySpan<byte> words)
    {
        LockWord word = new(MemoryMarshal.Read<uint>(words[MutexLayout.WordAt..]));
        return word.Owner == 0
            ? null
            : Party(
                word,
                MemoryMarshal.Read<Standing>(words[MutexLayout.ParticipantAt..]),
                MemoryMarshal.Read<ulong>(words[MutexLayout.EntriesAt..]));
    }

    // Where another has written it: the owner has just taken it, and has not written it down yet.
    private static LockParty Party(LockWord word, Standing standing, ulong mark) =>
        new(
            standing.Keeper == word.Owner
                ? standing
                : new Standing
                {
                    Process = NativeProcess.OfThread((int)word.Owner, RobustKeeper.ThreadName, out _) ?? 0,
                    Since = Clock.Nanoseconds(),
                },
            mark);

    private static List<LockParty> WaitingIn(ReadOnlySpan<byte> line)
    {
        List<LockParty> waiting = [];
        uint last = MemoryMarshal.Read<uint>(line[LineLayout.TicketsAt..]) + 1;
        for (uint ticket = last - LineLayout.MostWaiting; ticket != last + 1; ticket++)
        {
            ReadOnlySpan<byte> place = line[(LineLayout.PlacesAt + ((int)(ticket % LineLayout.Places) * LineLayout.PlaceSize))..];
            LockWord word = new(MemoryMarshal.Read<uint>(place[LineLayout.WordAt..]));
            uint stands = MemoryMarshal.Read<uint>(place[(sizeof(uint) - LineLayout.WordAt)..]);
            Standing standing = MemoryMarshal.Read<Standing>(place[LineLayout.ParticipantAt..]);
            if (stands == ticket && word.Owner != 0 && standing.Keeper == word.Owner)
            {
                waiting.Add(new LockParty(standing, LockParty.Waits | ticket));
            }
        }

        return waiting;
    }
}
