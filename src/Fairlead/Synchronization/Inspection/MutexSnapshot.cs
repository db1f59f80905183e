using System.Runtime.InteropServices;
using Fairlead.Native;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization.Inspection;

/// <summary>A mutex as it was at one moment, or nearly: a copy of its words. Nothing in it is trusted further than for telling.</summary>
internal sealed class MutexSnapshot
{
    private MutexSnapshot(LockParty? owner, List<LockParty> waiting)
    {
        Owner = owner;
        Waiting = waiting;
    }

    /// <summary>Who is inside.</summary>
    public LockParty? Owner { get; }

    /// <summary>Who waits, in the order of the line.</summary>
    public IReadOnlyList<LockParty> Waiting { get; }

    public LockHolder? Holder => Owner?.Describe();

    public IReadOnlyList<LockHolder> Waiters => [.. Waiting.Select(static party => party.Describe())];

    /// <summary>Reads the words of one.</summary>
    /// <param name="words">As many as <see cref="MutexLayout.Size"/> says.</param>
    public static MutexSnapshot Of(ReadOnlySpan<byte> words) => new(OwnerIn(words), WaitingIn(words[MutexLayout.LineAt..]));

    private static LockParty? OwnerIn(ReadOnlySpan<byte> words)
    {
        LockWord word = new(MemoryMarshal.Read<uint>(words[MutexLayout.WordAt..]));
        if (word.Owner == 0)
        {
            return null;
        }

        Standing standing = MemoryMarshal.Read<Standing>(words[MutexLayout.ParticipantAt..]);
        ulong entries = MemoryMarshal.Read<ulong>(words[MutexLayout.EntriesAt..]);
        if (standing.Keeper == word.Owner)
        {
            return new LockParty(standing, entries);
        }

        // He has just entered, and has not written it down yet.
        return new LockParty(new Standing { Process = NativeProcess.OfThread((int)word.Owner, RobustKeeper.ThreadName, out _) ?? 0, Since = Clock.Nanoseconds() }, entries);
    }

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
                waiting.Add(new LockParty(standing, ticket));
            }
        }

        return waiting;
    }
}
