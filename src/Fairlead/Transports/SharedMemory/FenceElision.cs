using System.Runtime.CompilerServices;
using Fairlead.Native.Memory;

namespace Fairlead.Transports.SharedMemory;

/// <summary>The fence between publishing a position and checking for a sleeper, elided while the other side is awake.</summary>
/// <remarks>
/// After a while without sleepers, a side sets a flag, and elides the fence from the next time on. A sleeper that sees the flag makes the
/// fence in both processes. After meeting a sleeper, the side makes its own fences again: if the other side sleeps each time, a fence here
/// costs less than one there.
/// </remarks>
/// <param name="said">The flag, written by this side only.</param>
/// <param name="otherFences">Whether the other side can make the fence. That side writes it once.</param>
internal unsafe struct FenceElision(int* said, int* otherFences)
{
    private const int Patience = 64;

    private int _alone;
    private bool _isLeftOut;

    /// <summary>Makes the fence unless it is elided. Called after the release of a position, before checking for a sleeper.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Fence()
    {
        if (!_isLeftOut)
        {
            FenceAndCount();
        }
    }

    /// <summary>Stops eliding, because a sleeper was met.</summary>
    public void Meet()
    {
        _alone = 0;
        if (_isLeftOut)
        {
            // No fence needed: a sleeper that still sees the old value only makes a fence in vain.
            _isLeftOut = false;
            Volatile.Write(ref *said, 0);
        }
    }

    private void FenceAndCount()
    {
        if (++_alone > Patience && RemoteFence.IsReached && Volatile.Read(ref *otherFences) != 0)
        {
            // Set the flag, then make this last fence: every later sleeper sees the flag, and every earlier one is seen from here on.
            Volatile.Write(ref *said, 1);
            _isLeftOut = true;
        }

        Interlocked.MemoryBarrier();
    }

    /// <summary>Makes the fence of a sleeper, between its announcement and its second check.</summary>
    /// <param name="said">The flag of the process that writes the awaited data.</param>
    /// <param name="saidBeside">The flag of a second such process, or null.</param>
    public static void FenceForSleep(int* said, int* saidBeside = null)
    {
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref *said) != 0 || (saidBeside != null && Volatile.Read(ref *saidBeside) != 0))
        {
            RemoteFence.Send();
        }
    }
}
