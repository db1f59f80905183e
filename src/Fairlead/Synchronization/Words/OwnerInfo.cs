using System.Runtime.InteropServices;

namespace Fairlead.Synchronization.Words;

/// <summary>The owner info of a lock or slot in shared memory. People and the search for cycles read it; no lock decides by it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct OwnerInfo
{
    /// <summary>The participant.</summary>
    public ulong ParticipantId;

    /// <summary>The process, by its own number for itself.</summary>
    public int Process;

    /// <summary>The kernel's ID of the waiting or owning thread; 0 for an asynchronous caller.</summary>
    public int Thread;

    /// <summary>Nanoseconds of 1970.</summary>
    public long Since;

    /// <summary>
    /// The owner thread in the word beside it at the time of writing. If the word has another one, this info is outdated.
    /// </summary>
    public uint Keeper;
}
