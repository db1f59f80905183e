using System.Runtime.InteropServices;

namespace Fairlead.Synchronization.Words;

/// <summary>
/// Who has something or waits for it, in shared memory. For people, and for whoever looks for cycles: nothing is decided by it.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Standing
{
    /// <summary>The participant.</summary>
    public ulong ParticipantId;

    /// <summary>The process, by its own number for itself.</summary>
    public int Process;

    /// <summary>The kernel's number of the thread that waits, or that has entered; 0: none, an asynchronous caller.</summary>
    public int Thread;

    /// <summary>Nanoseconds of 1970.</summary>
    public long Since;

    /// <summary>The number in the word beside it when this was written: one by another is of somebody who is not there any more.</summary>
    public uint Keeper;
}
