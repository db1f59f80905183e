using System.Globalization;
using System.Runtime.InteropServices;
using Fairlead.Native.Memory;
using Fairlead.Native.Processes;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization.Inspection;

/// <content>Semaphores.</content>
internal sealed unsafe partial record LockSnapshot
{
    /// <summary>Reads the words of a semaphore; null if there are too few.</summary>
    public static LockSnapshot? OfSemaphore(ReadOnlySpan<byte> words)
    {
        if (words.Length < SemaphoreLayout.SlotsAt)
        {
            return null;
        }

        uint options = LockHeader.Options(MemoryMarshal.Read<ulong>(words));
        int maximum = SemaphoreLayout.Maximum(options);
        if (words.Length < SemaphoreLayout.Size(maximum))
        {
            return null;
        }

        fixed (byte* start = words)
        {
            SemaphoreWords semaphore = new(start, SemaphoreLayout.Permits(options), maximum);
            List<LockParty> owners = [];
            for (int i = 0; i < maximum; i++)
            {
                if (semaphore.Slots[i] is { HasOwner: true } slot && !SemaphoreWords.IsBeingPosted(slot))
                {
                    owners.Add(new LockParty(
                        new OwnerInfo
                        {
                            Process = NativeProcess.OfThread((int)slot.Word.Owner, RobustKeeper.ThreadName, out _) ?? 0,
                            Thread = SemaphoreWords.Thread(slot),
                            Since = semaphore.Since(i),
                        },
                        (ulong)i));
                }
            }

            return new LockSnapshot("semaphore", owners, WaitingIn(words[SemaphoreLayout.WaitQueueAt..]))
            {
                State = string.Create(CultureInfo.InvariantCulture, $"{semaphore.CountFree()} of {maximum} free"),
            };
        }
    }
}
