using System.Runtime.InteropServices;

namespace Fairlead.Native;

/// <summary>
/// Owns a file descriptor, non-blocking and closed on exec. Any number of threads may use it concurrently, and any of them may close it.
/// </summary>
/// <remarks>
/// Closing while other threads are inside a call is safe: new calls get EBADF immediately, and the kernel gets the number back when the
/// last call has ended. So no thread reads from a new file with the same number. Closing does not end a wait: wake sleepers on this
/// descriptor first (by an event, or <see cref="ShutdownSocket"/>). Remove it from every <c>PollSet</c> and from the <c>Reactor</c>
/// before closing it.
/// </remarks>
internal sealed partial class Descriptor : SafeHandle
{
    // Set at once by Dispose, whereas SafeHandle itself admits new users while an old one is inside.
    private volatile bool _closed;

    /// <summary>Takes ownership of <paramref name="number"/>: from now on only this object closes it.</summary>
    public Descriptor(int number)
        : base(invalidHandleValue: -1, ownsHandle: true) => SetHandle(number);

    public override bool IsInvalid => handle < 0;

    /// <summary>The raw number, valid while <see cref="TryEnter"/> keeps it open, or for the only user.</summary>
    public int Number => (int)handle;

    /// <summary>Whether the open file has the lock of <c>NativeFile.TryFlock</c>; closing releases that first.</summary>
    public bool IsFlocked { get; set; }

    /// <summary>Keeps the descriptor open until <see cref="Exit"/>; false if it has been closed.</summary>
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

    /// <summary>Undoes <see cref="TryEnter"/>. The last user of a closed descriptor closes it in the kernel.</summary>
    public void Exit() => DangerousRelease();

    /// <summary>Gives up ownership: the caller closes the number, which this no longer uses. For the only user.</summary>
    /// <remarks>A lock of <c>NativeFile.TryFlock</c> stays with the open file.</remarks>
    public int Release()
    {
        int number = Number;
        _closed = true;
        SetHandleAsInvalid();
        return number;
    }

    /// <summary>Ends one or both directions of a socket, and wakes waiters on it here and at the peer. No effect on other files.</summary>
    public void ShutdownSocket(ShutdownHow how)
    {
        if (!TryEnter())
        {
            return;
        }

        // No longer connected, or not a socket: there is nothing left to shut down, which is the goal.
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
            // A child that another thread is just starting has the open file too, and with it the lock, until it executes another program.
            _ = Libc.FileLock(Number, Libc.LOCK_UN);
        }

        // Linux has released the number even if close is interrupted or reports an old write error: never close twice.
        return Libc.Close(Number) == 0 || Libc.LastError != Errno.EBADF;
    }
}
