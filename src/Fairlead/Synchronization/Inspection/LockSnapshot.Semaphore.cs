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
        if (words.Length < SemaphoreLayout.SeatsAt)
        {
            return null;
        }

        uint options = Form.Options(MemoryMarshal.Read<ulong>(words));
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
                if (semaphore.Seats[i] is { HasOwner: true } seat && !SemaphoreWords.IsBeingPosted(seat))
                {
                    owners.Add(new LockParty(
                        new Standing
                        {
                            Process = NativeProcess.OfThread((int)seat.Word.Owner, RobustKeeper.ThreadName, out _) ?? 0,
                            Thread = SemaphoreWords.Thread(seat),
                            Since = semaphore.Since(i),
                        },
                        (ulong)i));
                }
            }

            return new LockSnapshot("semaphore", owners, WaitingIn(words[SemaphoreLayout.LineAt..]))
            {
                State = string.Create(CultureInfo.InvariantCulture, $"{semaphore.CountFree()} of {maximum} free"),
            };
        }
    }
}
