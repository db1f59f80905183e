using System.Runtime.InteropServices;
using Fairlead.Native;

namespace Fairlead.Synchronization;

/// <summary>
/// One entry into a <see cref="FileLock"/>. Any thread may dispose it, which releases the lock; a second time is harmless. A scope that is
/// never disposed keeps the lock until its process ends.
/// </summary>
public sealed class FileLockScope : IDisposable, IAsyncDisposable
{
    private readonly Descriptor _file;
    private GCHandle _self;

    internal FileLockScope(Descriptor file)
    {
        _file = file;

        // The collector would close an unreachable file, and release the lock in the middle of its use.
        _self = GCHandle.Alloc(this);
    }

    /// <summary>
    /// The open file that has the lock, without permission to write. A child that gets it
    /// (<see cref="Processes.ChildProcessOptions.Descriptors"/>) keeps the lock after this process has died. This scope owns the file.
    /// </summary>
    public SafeHandle File => _file;

    /// <summary>Releases the lock, in a child that has the open file too. Harmless the second time.</summary>
    public void Dispose()
    {
        lock (_file)
        {
            if (_self.IsAllocated)
            {
                _self.Free();
            }
        }

        _file.Dispose();
    }

    /// <summary>Releases the lock; completes immediately.</summary>
    public ValueTask DisposeAsync()
    {
        Dispose();
        return default;
    }
}
