using System.Runtime.InteropServices;

namespace Fairlead.Native;

/// <summary>
/// Owns one file descriptor, non-blocking and closed on exec. Any number of threads may use it at once, and any may close it.
/// </summary>
/// <remarks>
/// Closing while others are inside a call is safe: new calls answer EBADF at once, and the number is given back to the kernel when
/// the last one inside has left, so that nobody reads from a stranger who got the same number. Closing does not end a wait:
/// who sleeps on this descriptor is woken first (by an event, or <see cref="ShutdownSocket"/>).
/// What is watched by a <see cref="PollSet"/> or the <see cref="Reactor"/> is taken out of it before it is closed.
/// </remarks>
internal sealed partial class Descriptor : SafeHandle
{
    // Set at once by Dispose, while SafeHandle itself lets new users in as long as an old one is inside.
    private volatile bool _closed;

    /// <summary>Takes over <paramref name="number"/>: from now on nobody else closes it.</summary>
    public Descriptor(int number)
        : base(invalidHandleValue: -1, ownsHandle: true) => SetHandle(number);

    public override bool IsInvalid => handle < 0;

    /// <summary>The raw number, for use while <see cref="TryEnter"/> holds it open or by the only user.</summary>
    public int Number => (int)handle;

    /// <summary>
    /// Whether the open file has the lock of <see cref="NativeFile.TryFlock"/>, which is then given back before it is closed.
    /// </summary>
    public bool IsFlocked { get; set; }

    /// <summary>Keeps the descriptor open until <see cref="Exit"/>; false when it has been closed.</summary>
    public bool TryEnter()
    {
        if (_closed)
        {
            return false;
        }

        try
        {
            var entered = false;
            DangerousAddRef(ref entered);
            return entered;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }

    /// <summary>The release of <see cref="TryEnter"/>; the last one out of a closed descriptor closes it in the kernel.</summary>
    public void Exit() => DangerousRelease();

    /// <summary>Ends one or both directions of a socket and wakes whoever waits on it, here and at the peer; else does nothing.</summary>
    public void ShutdownSocket(ShutdownHow how)
    {
        if (!TryEnter())
        {
            return;
        }

        // Not connected any more, or no socket: there is nothing left to shut down, which is what was wanted.
        _ = Libc.Shutdown(Number, (int)how);
        Exit();
    }

    public override string ToString() => $"descriptor {Number}";

    protected override void Dispose(bool disposing)
    {
        _closed = true;
        base.Dispose(disposing);
    }

    protected override bool ReleaseHandle()
    {
        if (IsFlocked)
        {
            // A child that another thread is just starting has the open file too, and with it the lock, until it has become another
            // program.
            _ = Libc.FileLock(Number, Libc.LOCK_UN);
        }

        // Linux has released the number even when close is interrupted or reports an old write error: never close twice.
        return Libc.Close(Number) == 0 || Libc.LastError != Errno.EBADF;
    }
}
