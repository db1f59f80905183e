using Fairlead.Native.Files;
using Fairlead.Native.Processes;
using Fairlead.NamedHandles.Names;
using Fairlead.Synchronization.Waiting;

namespace Fairlead.NamedHandles.Threading;

/// <summary>
/// A named mutex, semaphore or event as this process has it: one for all handles with the name. It owns the open file, by which the object
/// lives, and the memory of the words.
/// </summary>
/// <param name="key">Its identity.</param>
/// <param name="file">Its file; this object takes ownership.</param>
internal abstract class NamedObject(ObjectKey key, ObjectFile file)
{
    public ObjectKey Key => key;

    /// <summary>How many handles refer to it. Guarded by <see cref="OpenObjects"/>.</summary>
    public int Users { get; set; } = 1;

    /// <summary>Whether another user of the machine has created it.</summary>
    public bool IsOthers { get; } = NativeFile.Fstat(file.File) is not { } status || status.Uid != NativeProcess.UserId;

    /// <summary>The words, and the references to their memory.</summary>
    public abstract LockCore Core { get; }

    /// <summary>Whether a thread of this process owns it, which keeps it open without a handle.</summary>
    public virtual bool IsOwned => false;

    protected ObjectFile File => file;

    /// <summary>Takes it for the calling thread if it can be had without joining the waiters.</summary>
    public abstract Trial TryTake();

    /// <summary>Begins a wait.</summary>
    /// <param name="thread">The kernel's ID of the waiting thread; 0: none.</param>
    public abstract LockAttempt Begin(int thread);

    /// <summary>Makes the calling thread the owner when a wait has succeeded.</summary>
    /// <returns>Whether its last owner ended without releasing it.</returns>
    public virtual bool Finish(LockAttempt attempt) => false;

    /// <summary>Undoes taking it.</summary>
    /// <param name="isAbandoned">What taking it reported; the next owner gets the same report.</param>
    public abstract void Untake(bool isAbandoned);

    /// <summary>Releases the mutex, adds one to the semaphore, or sets the event.</summary>
    /// <exception cref="ApplicationException">The calling thread does not own the mutex.</exception>
    /// <exception cref="InvalidOperationException">The semaphore is full.</exception>
    public abstract void Signal();

    /// <summary>Closes it when no handle refers to it.</summary>
    /// <returns>False if a thread of this process owns it and other processes use it: it stays open until the thread ends.</returns>
    public virtual bool TryClose()
    {
        Core.Close();
        file.Dispose();
        return true;
    }

    /// <summary>Returns the memory of the words in a new or existing file.</summary>
    /// <exception cref="FairleadException">Corrupt: the file is too short.</exception>
    protected static LockPlace Place(ObjectKey key, ObjectFile file, int size) =>
        NativeFile.Fstat(file.File) is { } status && status.Size >= size
            ? LockPlace.OfFile(file.File, size, key.ToString(), key.Name.ToString())
            : throw new FairleadException(
                ErrorCode.Corrupt,
                $"the file of {key}, {file.Path}, is too short",
                "End the processes that have it open, or choose another name.");
}
