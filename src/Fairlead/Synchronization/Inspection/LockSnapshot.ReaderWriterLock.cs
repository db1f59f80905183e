using System.Runtime.InteropServices;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization.Inspection;

/// <content>Reader-writer locks.</content>
internal sealed partial record LockSnapshot
{
    /// <summary>Reads the words of a reader-writer lock.</summary>
    /// <param name="words"><see cref="ReaderWriterLayout.Size"/> bytes.</param>
    public static LockSnapshot OfReaderWriterLock(ReadOnlySpan<byte> words)
    {
        LockSnapshot gate = OfMutex(words[ReaderWriterLayout.GateAt..]);
        bool isWriting = MemoryMarshal.Read<uint>(words[ReaderWriterLayout.IsWritingAt..]) != 0;
        List<LockParty> readers = ReadersIn(words[ReaderWriterLayout.SlotsAt..]);

        // A caller that is inside the gate and does not write waits for readers, before all other waiters.
        return new LockSnapshot(
            "reader-writer lock",
            [.. isWriting ? gate.Owners : [], .. readers],
            [.. isWriting ? [] : gate.Owners, .. gate.Waiting])
        {
            State = isWriting ? "being written" : readers.Count > 0 ? "being read" : null,
            InTheWay = [.. gate.Owners, .. readers],
        };
    }

    private static List<LockParty> ReadersIn(ReadOnlySpan<byte> slots)
    {
        List<LockParty> readers = [];
        for (int i = 0; i < ReaderWriterLayout.MostReaders; i++)
        {
            ReadOnlySpan<byte> slot = slots[(i * ReaderWriterLayout.SlotSize)..];
            LockWord word = new(MemoryMarshal.Read<uint>(slot[WaitQueueLayout.WordAt..]));
            if (word.Owner != 0)
            {
                OwnerInfo standing = MemoryMarshal.Read<OwnerInfo>(slot[sizeof(ulong)..]);
                readers.Add(Party(word, standing, (ulong)standing.Since));
            }
        }

        return readers;
    }
}
