using System.Runtime.CompilerServices;
using Fairlead.Native;

namespace Fairlead.Transports.SharedMemory;

/// <summary>
/// The fence between publishing a position and looking for a sleeper, left out while there is none. Who has not met a sleeper for a while
/// says that it leaves the fence out, and does so from the next time on; who then goes to sleep sees it said, and makes the fence in both
/// processes. Who meets a sleeper makes its own again: where the other side sleeps each time, a fence here costs less than one there.
/// </summary>
/// <param name="said">Where it is said; written by this side alone.</param>
/// <param name="otherFences">Whether the other side can make the fence: written by it, and not taken back.</param>
internal unsafe struct Elision(int* said, int* otherFences)
{
    private const int Patience = 64;

    private int _alone;
    private bool _isLeftOut;

    /// <summary>Behind the release of a position, before looking for a sleeper.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Fence()
    {
        if (!_isLeftOut)
        {
            FenceAndCount();
        }
    }

    /// <summary>A sleeper was met.</summary>
    public void Meet()
    {
        _alone = 0;
        if (_isLeftOut)
        {
            // Taken back at leisure: a sleeper who sees it still fences in vain.
            _isLeftOut = false;
            Volatile.Write(ref *said, 0);
        }
    }

    private void FenceAndCount()
    {
        if (++_alone > Patience && RemoteFence.IsReached && Volatile.Read(ref *otherFences) != 0)
        {
            // Said, then this last fence: who went to sleep without having seen it is seen from here on.
            Volatile.Write(ref *said, 1);
            _isLeftOut = true;
        }

        Interlocked.MemoryBarrier();
    }

    /// <summary>By who is about to sleep, between the announcement and the second look.</summary>
    /// <param name="said">By who writes what is slept for.</param>
    /// <param name="saidBeside">By who writes beside it, where somebody does; or null.</param>
    public static void FenceForSleep(int* said, int* saidBeside = null)
    {
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref *said) != 0 || (saidBeside != null && Volatile.Read(ref *saidBeside) != 0))
        {
            RemoteFence.Send();
        }
    }
}
